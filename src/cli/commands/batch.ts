import { basename, join } from 'node:path';
import { Option, type Command } from 'commander';
import { registryOf } from '../../container/container.js';
import { isWhylensError, WhylensError } from '../../errors.js';
import type { DocumentReference } from '../batch/documents.js';
import { lockFolder, readAbout } from '../batch/folder.js';
import { settingsOf, tableKinds, type BatchFlags } from '../batch/from-flags.js';
import type { JournalEntry } from '../batch/journal.js';
import { beginBatch, resumeBatch, type PreparedBatch } from '../batch/prepare.js';
import { runBatch, type BatchEnd, type BatchRun } from '../batch/run.js';
import type { BatchSettings } from '../batch/settings.js';
import { parseStore } from '../batch/store.js';
import { batchStatus, statusText } from '../batch/status.js';
import { TABLES, tableLines, writeTables, type TableKind } from '../batch/tables.js';
import { cleanJson } from '../clean.js';
import type { CommandContext } from '../commands.js';
import { list } from '../flags/compare.js';
import { addMethodOptions, addModelFlags } from '../flags/explain.js';
import { addFormatOptions } from '../flags/format.js';
import { queueOption } from '../flags/queue.js';
import {
  addPluginOption,
  addTalkOptions,
  MORE,
  more,
  positiveNumber,
  withVariable,
  wholeNumber,
} from '../flags/shared.js';
import { EXIT, Messages } from '../io.js';
import { BatchProgress } from '../batch/progress.js';
import { formattersFor } from '../rendering.js';
import { readStdin } from '../stdin.js';

/** `whylens batch`: explains a whole folder, archive or table, and can go on after a crash. */
export async function define(command: Command, context: CommandContext): Promise<void> {
  const registry = registryOf(await context.container());
  command
    .argument(
      '[documents...]',
      'Pictures, folders with all below them, patterns, addresses, zip and tar archives, tables (CSV, JSON lines, Arrow), or - for a list on standard input.',
    )
    .option('-i, --image <path...>', 'Documents, as an option.')
    .addOption(new Option('--input <path...>', 'The same as --image.').hideHelp())
    .addOption(
      withVariable(
        new Option('-m, --model <path>', 'The model, as explain takes it. Default: WHYLENS_MODEL.'),
        'WHYLENS_MODEL',
      ),
    )
    .option('-o, --out <folder>', 'The folder for results, journal and tables.')
    .option(
      '--as <formats>',
      'What is made of each document: formatters or endings, separated by commas.',
      'png',
    )
    .option('--resume <folder>', 'Go on with the batch in this folder, with its settings.')
    .option('--status <folder>', 'Say how far the batch in this folder is, and do nothing.')
    .addOption(
      new Option(
        '-w, --workers <n>',
        'Threads, each with a model of its own. Default: one for each processor.',
      ).argParser(positiveNumber),
    )
    .option('--retry-failed', 'Do again what failed.')
    .addOption(
      more('--max-failures <n>', 'Stop if more documents than this fail.').argParser(wholeNumber),
    )
    .addOption(
      more(
        '--force',
        'Begin anew in a folder that holds something else, or with a changed model or option.',
      ),
    )
    .addOption(
      more(
        '--table <kinds>',
        `Tables of all results: ${TABLES.join(', ')}, with commas, or none.`,
      ).default('jsonl'),
    )
    .addOption(
      more(
        '--metrics <names>',
        'Metrics of each explanation for the table, separated by commas; see evaluate.',
      ),
    )
    .addOption(
      more(
        '--document-column <name>',
        'Column of a table that holds the picture or the text. Default: image, picture, path, file or text.',
      ),
    )
    .addOption(
      more(
        '--target-column <name>',
        "Column of a table that holds each document's target. Default: target, for pictures and texts.",
      ),
    )
    .addOption(
      more(
        '--background <file>',
        'A table of rows that stand for unknown values, for methods that need one.',
      ),
    )
    .addOption(queueOption().helpGroup(MORE))
    .addOption(
      more('--name <name>', "The batch's name in the queue. Default: that of the output folder."),
    )
    .addOption(more('--chunk <n>', 'Documents in each job of the queue.').argParser(positiveNumber))
    .addOption(
      more('--store <address>', 'An S3-compatible store for the outputs: s3://bucket/prefix.'),
    )
    .addOption(more('--json', 'Print a JSON line for each document, and one for the end.'));
  addModelFlags(command);
  addMethodOptions(command, registry);
  addPluginOption(command);
  addTalkOptions(command);
  const own = new Set(command.options.map((option) => option.attributeName()));
  addFormatOptions(command, registry);
  context.addLongHelp(command, EXAMPLES);
  command.action(async (documents: string[], flags: BatchFlags) => {
    const { io } = context;
    const messages = new Messages(io, flags, flags.json === true);
    if (flags.status !== undefined) {
      const status = await batchStatus(flags.status);
      messages.print(flags.json === true ? cleanJson(status, 0) : statusText(status));
      return;
    }
    const as = list(flags.as);
    for (const one of as) formattersFor(registry, one, undefined);
    const tables = tableKinds(flags.table);
    if (flags.store !== undefined) parseStore(flags.store);
    const settings = settingsOf(command, flags, own, as);
    const inputs = [...documents, ...(flags.image ?? []), ...(flags.input ?? [])];
    const folder = flags.resume ?? flags.out;
    if (folder === undefined) {
      throw new WhylensError(
        'USAGE',
        'a batch needs a folder for its results: --out FOLDER, or --resume FOLDER',
      );
    }
    const release = await lockFolder(folder);
    try {
      const batch =
        flags.resume === undefined
          ? await begin(flags, folder, settings, inputs, context)
          : await resume(command, flags, folder, settings, inputs);
      for (const note of batch.notes) messages.complain(note);
      context.exitWith(await work(batch, tables, flags, messages, context));
    } catch (error) {
      throw await withWayOn(error, folder);
    } finally {
      await release();
    }
  });
}

const EXAMPLES = `
Examples:
  $ whylens batch -m model.onnx photos/ -o out/ --as png,json --workers 2
  $ whylens batch --resume out/
  $ whylens batch --status out/
  $ whylens batch -m model.onnx list.csv -o out/          # columns image and target
  $ whylens batch -m churn.onnx customers.csv -o out/ --as json --table jsonl,parquet
  $ find photos -name '*.jpg' | whylens batch -m model.onnx - -o out/
  $ whylens gallery out/`;

async function begin(
  flags: BatchFlags,
  folder: string,
  settings: BatchSettings,
  inputs: readonly string[],
  { io }: CommandContext,
): Promise<PreparedBatch> {
  if (flags.model === undefined) {
    throw new WhylensError('USAGE', 'a batch needs a model: -m MODEL, or WHYLENS_MODEL');
  }
  const { documentColumn, targetColumn, force } = flags;
  const stdin = async () => new TextDecoder().decode(await readStdin(io, 'a list of documents'));
  return beginBatch({
    folder,
    settings,
    inputs,
    documents: { documentColumn, targetColumn, stdin },
    force,
  });
}

/** Only settings that are given beside `--resume` are compared with the stored ones. */
async function resume(
  command: Command,
  flags: BatchFlags,
  folder: string,
  settings: BatchSettings,
  inputs: readonly string[],
): Promise<PreparedBatch> {
  if (inputs.length > 0 || command.getOptionValueSource('out') === 'cli') {
    throw new WhylensError(
      'USAGE',
      '--resume goes on with the documents of the folder; leave out documents and --out',
    );
  }
  const named = new Set(
    command.options
      .map((option) => option.attributeName())
      .filter((name) => command.getOptionValueSource(name) === 'cli'),
  );
  const flagOf: Partial<Record<keyof BatchSettings, string>> = {
    targets: 'target',
    plugins: 'plugin',
  };
  const given = Object.fromEntries(
    Object.entries(settings).filter(([name]) =>
      name === 'format'
        ? Object.keys(settings.format).length > 0
        : named.has(flagOf[name as keyof BatchSettings] ?? name),
    ),
  );
  return resumeBatch(folder, given, flags.force);
}

/** What stops a batch from outside (a model or a folder that is gone, a full disk) says how to go on. */
async function withWayOn(error: unknown, folder: string): Promise<unknown> {
  if (!isWhylensError(error) || !['MODEL_LOAD', 'FILE', 'BACKEND'].includes(error.code)) {
    return error;
  }
  if ((await readAbout(folder).catch(() => undefined)) === undefined) return error;
  const { code, message, facts } = error;
  return new WhylensError(code, `${message}; what is done is safe; ${goOn(folder)}`, {
    cause: error,
    facts,
  });
}

function goOn(folder: string): string {
  return `go on with: whylens batch --resume '${folder}'`;
}

async function work(
  batch: PreparedBatch,
  tables: readonly TableKind[],
  flags: BatchFlags,
  messages: Messages,
  { io }: CommandContext,
): Promise<number> {
  const { folder, settings, job, documents } = batch;
  const { workers, retryFailed, maxFailures } = flags;
  const progress = new BatchProgress(messages, flags, documents.length);
  const run: BatchRun = {
    folder,
    settings,
    job,
    documents,
    workers,
    retryFailed,
    maxFailures,
    signal: io.signal,
    onStart: (pending, count) => progress.start(pending, count),
    onInferred: (lines) => progress.say(lines),
    onEntry: (entry, document) => {
      progress.entry(entry, document);
      if (flags.json === true) messages.print(cleanJson(lineOf(entry, document), 0));
    },
  };
  // after the first Ctrl-C documents that were begun are finished, the second ends at once
  io.finishing?.(
    flags.queue === undefined
      ? 'finishing the documents that were begun; press Ctrl-C again to stop at once'
      : 'no longer following; workers go on with what is in the queue',
  );
  const end = await (
    flags.queue === undefined ? runBatch(run) : runQueued(run, flags.queue, flags, messages)
  ).finally(() => progress.stop());
  const written = await writeTables(
    folder,
    () => tableLines(folder, documents, job),
    tables,
    settings.metrics,
  ).catch((error: unknown) => {
    // the disk that stopped the batch has no room for tables either
    if (end.stopped === undefined) throw error;
    messages.complain((error as Error).message);
    return [];
  });
  return report(end, batch, written, flags, messages);
}

/** The same work by other processes, on this machine or others. */
async function runQueued(
  run: BatchRun,
  address: string,
  { name, chunk, force }: BatchFlags,
  messages: Messages,
): Promise<BatchEnd> {
  const onLonely = () =>
    messages.complain('no worker is there yet; start one with: whylens worker --queue ADDRESS');
  const { connect, checkName } = await import('../batch/queue/connect.js');
  const { followBatch } = await import('../batch/queue/follow.js');
  const queueName = checkName(name ?? basename(run.folder).replace(/[^\p{L}\p{N}._-]+/gu, '-'));
  const connected = await connect(address);
  try {
    return await followBatch({ ...run, name: queueName, chunk, force, onLonely }, connected);
  } finally {
    await connected.close();
  }
}

function report(
  end: BatchEnd,
  { folder, documents }: PreparedBatch,
  written: readonly string[],
  flags: BatchFlags,
  messages: Messages,
): number {
  const { allDone, allFailed, pending, stopped, interrupted } = end;
  if (flags.json === true) {
    messages.print(cleanJson({ end: { ...end, documents: documents.length } }, 0));
  } else {
    messages.note(
      `${allDone} of ${documents.length} documents done, ${allFailed} failed, ${pending} to do: ${join(folder, 'journal.jsonl')}`,
    );
    for (const path of written) messages.note(path);
  }
  if (stopped !== undefined) {
    messages.complain(`${stopped.message}; stopped, what is done is safe; ${goOn(folder)}`);
  } else if (interrupted && pending > 0) {
    messages.complain(`interrupted; what is done is safe; ${goOn(folder)}`);
    return EXIT.interrupted;
  }
  if (allFailed > 0) {
    messages.complain(
      `${allFailed} of ${documents.length} documents failed; try them again with: whylens batch --resume '${folder}' --retry-failed`,
    );
  }
  return stopped !== undefined || allFailed > 0 ? EXIT.some : EXIT.ok;
}

function lineOf(
  { index, state, outputs, error, ms, rows }: JournalEntry,
  { name }: DocumentReference,
): object {
  return { index, document: name, state, outputs: outputs.map((o) => o.name), error, ms, rows };
}
