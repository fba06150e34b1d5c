import { extname } from 'node:path';
import type { Command } from 'commander';
import type { Container } from 'inversify';
import { registryOf } from '../../container/container.js';
import type { Formatter } from '../../container/plugin.js';
import type { Registry } from '../../container/registry.js';
import { isWhylensError, WhylensError } from '../../errors.js';
import { explainPrediction } from '../../explain/explain.js';
import { type ExplainOptions } from '../../explain/explain-options.js';
import type { Explanation } from '../../explanation.js';
import type { CommandContext } from '../commands.js';
import { eachOf } from '../each.js';
import {
  addImageOptions,
  addMethodOptions,
  addModelOptions,
  addOutputOptions,
  addTargetOptions,
  layerReference,
  type ExplainFlags,
} from '../flags/explain.js';
import { addFormatOptions, flagsBeside, formatOptions, methodOptions } from '../flags/format.js';
import { addRowOptions, wantsRows } from '../rows.js';
import { explainRows } from './explain-rows.js';
import { namedPictures } from '../images.js';
import {
  filesOf,
  findDocuments,
  loadDocument,
  sizeInWords,
  type DocumentSource,
} from '../named-images.js';
import { Messages } from '../io.js';
import { openModel, type OpenModel } from '../model.js';
import { Outputs, STDOUT } from '../outputs.js';
import { Progress } from '../progress.js';
import { pluginsOf } from '../protect.js';
import { checkStream, formatterOf, formattersFor, writeOutput } from '../rendering.js';
import { addPluginOption, addTalkOptions, more } from '../flags/shared.js';
import { details, inferredLines, parametersText, resultLine } from '../summary.js';
import { partNames, type PartNames } from '../target-parts.js';
import { targetsFor } from '../targets.js';

export async function define(command: Command, context: CommandContext): Promise<void> {
  const container = await context.container();
  const registry = registryOf(container);
  addModelOptions(command);
  addImageOptions(command);
  addRowOptions(command, { verb: 'Explain', all: false });
  addMethodOptions(command, registry);
  addTargetOptions(command);
  addOutputOptions(command)
    .option(
      '--as <formatter>',
      `The form of the result. One of ${[...registry.formatters.keys()].join(', ')}, or a file ending. Default: by the ending of --out, else image.`,
    )
    .addOption(
      more(
        '--skip-existing',
        'Leave out pictures that have a result already: a run that was stopped goes on where it was.',
      ),
    )
    .option('--show', 'Print the explanation to the terminal; without --out, no file is written.');
  addPluginOption(command);
  addTalkOptions(command);
  const own = new Set(command.options.map((option) => option.attributeName()));
  addFormatOptions(command, registry);
  context.addLongHelp(command, EXAMPLES);
  command.action(async (pictures: string[], flags: ExplainFlags) => {
    if (wantsRows(flags, [...pictures, ...(flags.image ?? []), ...(flags.input ?? [])])) {
      return explainRows(command, flags, own, registry, context);
    }
    const job = await prepare(command, pictures, flags, own, container, registry, context);
    try {
      context.exitWith(await explainAll(job));
    } finally {
      job.opened.model.dispose();
    }
  });
}

const EXAMPLES = `
Examples:
  $ whylens explain -m mobilenet/model.json cat_dog.jpg --labels labels.json --preprocess tf
  $ whylens explain -m model.json pictures/ -o maps/ --method layer-cam --target "tiger cat"
  $ whylens explain -m model.json cat.jpg --target 'tiger cat - bull mastiff' --show
  $ curl -s https://example.org/cat.jpg | whylens explain -m model.json - -o cat.png
  $ whylens explain -m model.json photos/*.jpg --as json -o - > maps.jsonl`;

const ONE_FILE: PartNames = { names: [[]], known: true };

interface Job {
  readonly flags: ExplainFlags;
  readonly context: CommandContext;
  readonly messages: Messages;
  readonly registry: Registry;
  readonly opened: OpenModel;
  readonly images: readonly DocumentSource[];
  readonly outputs: Outputs;
  /** What tells the files of one picture apart. */
  readonly parts: PartNames;
  readonly options: ExplainOptions;
  readonly progress: Progress;
  /** Formatter for a record, with its options. */
  readonly format: (explanation: Explanation) => [Formatter, Record<string, unknown>];
}

/** Checks everything that can be checked before the model is loaded, then loads it. */
async function prepare(
  command: Command,
  pictures: readonly string[],
  flags: ExplainFlags,
  own: ReadonlySet<string>,
  container: Container,
  registry: Registry,
  context: CommandContext,
): Promise<Job> {
  const out = flags.out;
  const messages = new Messages(context.io, flags, out === STDOUT);
  const special = methodOptions(registry, flags.method, flags.opt ?? [], flagsBeside(command));
  const formatters = formattersFor(registry, flags.as, out);
  const ending = out === undefined ? '' : extname(out).slice(1).toLowerCase();
  // a wrong option of the output is reported before anything is computed
  const asked = formatOptions(formatters[0], registry, flags, own, ending);
  const named = namedPictures(pictures, flags);
  const images = await findDocuments(named);
  const several =
    images.length > 1 || (images[0].inputs === undefined && images[0].path !== named[0]);
  // a formatter that shows one target at a time writes one file for each target
  const perTarget = Object.hasOwn(formatters[0].options, 'target') && asked.target === undefined;
  const givenTargets = flags.target ?? [];
  const manyFiles = perTarget && (givenTargets.length > 1 || givenTargets[0] === 'all');
  if (out === STDOUT) checkStream(context.io, formatters[0], asked, several || manyFiles);
  const outputs = new Outputs({
    out,
    extension:
      formatters[0].extensions[0] ?? (typeof asked.format === 'string' ? asked.format : 'txt'),
    several,
    force: flags.force,
    // the ending says which kind of picture file it is
    endingNeeded: formatters[0].extensions.includes('png'),
    inputs: {
      files: [...images.flatMap(filesOf), flags.labels, flags.mask, ...pluginsOf(flags)],
      models: [flags.model],
    },
  });
  // a single result is not computed if it cannot be written; of several, each is checked in its turn
  const looks = images.length === 1 && flags.skipExisting !== true && writes(flags);
  if (looks && !manyFiles) {
    outputs.look(images[0].name, flags.method);
  }
  const opened = await messages
    .timed(`${flags.model}: loaded`, () => openModel(flags.model, flags, context.io))
    .catch((error: unknown) => {
      throw isWhylensError(error, 'ABORTED') ? interrupted(error, 0, images.length) : error;
    });
  for (const line of details(opened)) messages.detail(line);
  const progress = new Progress(messages, flags, flags.method);
  const { labels } = opened.model;
  const targets = await targetsFor(flags, opened, registry, context.io).catch((error: unknown) => {
    opened.model.dispose();
    throw error;
  });
  const parts = perTarget ? partNames(targets, labels) : ONE_FILE;
  if (looks && manyFiles) outputs.look(images[0].name, flags.method, parts.names);
  const options: ExplainOptions = {
    ...special,
    ...opened.options,
    container,
    method: flags.method,
    score: flags.score,
    targets,
    input: flags.forInput,
    layer: layerReference(flags.layer),
    seed: flags.seed,
    batchSize: flags.batchSize,
    maxMemory: flags.maxMemory,
    engine: flags.engine,
    threads: flags.threads,
    backend: flags.backend,
    signal: context.io.signal,
    onProgress: progress.update,
  };
  const format = (explanation: Explanation): [Formatter, Record<string, unknown>] => {
    const formatter = formatterOf(formatters, explanation.kind);
    const chosen = formatOptions(formatter, registry, flags, own, ending);
    // several records on one stream: one line for each
    const lines = out === STDOUT && several && formatter.id === 'json';
    return [formatter, lines ? { ...chosen, indent: 0 } : chosen];
  };
  return {
    ...{ flags, context, messages, registry, opened, images, outputs, parts, options, progress },
    format,
  };
}

async function explainAll(job: Job): Promise<number> {
  const { images, messages, progress, flags, outputs, parts } = job;
  const { length } = images;
  const position = (index: number): string => (length > 1 ? `[${index + 1}/${length}] ` : '');
  let kept = 0;
  let told = false;
  const ended = await eachOf(
    images,
    {
      what: 'pictures',
      name: ({ path }) => path,
      messages,
      verbose: flags.verbose,
      settle: () => progress.stop(),
      failed: ({ path }, index) => messages.note(`${position(index)}${path}: failed`),
      interrupted: (error) => interrupted(error, kept, length),
    },
    async (image, index) => {
      const there =
        flags.skipExisting === true && parts.known
          ? outputs.skip(image.name, flags.method, parts.names)
          : undefined;
      if (there !== undefined) {
        messages.note(
          `${position(index)}${image.path}: left out, ${there.join(', ')} exist${there.length === 1 ? 's' : ''}`,
        );
        return;
      }
      if (length > 1 && flags.skipExisting !== true && writes(flags)) {
        outputs.look(image.name, flags.method, parts.names);
      }
      const { path } = image;
      const picture = await messages.timed(`${path}: read`, () =>
        loadDocument(image, job.context.io),
      );
      messages.detail(`${path}: ${sizeInWords(picture)}`);
      const explanation = await messages.timed(`${path}: explained`, () =>
        explainPrediction(job.opened.model, picture, job.options).finally(() => progress.stop()),
      );
      messages.detail(`${path}: ${parametersText(explanation)}`);
      const paths = writes(flags)
        ? await messages.timed(`${path}: written`, () => write(job, image, explanation))
        : [];
      kept += paths.length;
      if (!told) {
        for (const line of inferredLines(job.opened, explanation, flags)) messages.note(line);
      }
      told = true;
      messages.note(`${position(index)}${resultLine(image.path, explanation)}`);
      for (const path of paths) messages.note(path);
      for (const warning of explanation.warnings) messages.complain(`${image.path}: ${warning}`);
      if (flags.show === true) await show(job, explanation);
    },
  );
  return ended.report();
}

/** With --show the terminal is the output, unless a file or a formatter is asked for. */
function writes({ show: shown, out, as }: ExplainFlags): boolean {
  return shown !== true || (out ?? as) !== undefined;
}

/** The message that says what an interrupted run of many pictures leaves behind. */
function interrupted(cause: WhylensError, kept: number, total: number): WhylensError {
  if (total === 1 && cause.facts.done !== undefined) return cause;
  const message =
    total === 1
      ? `aborted after 0 of 1 pictures: ${cause.message}; nothing was kept`
      : `interrupted: ${kept} file${kept === 1 ? ' is' : 's are'} written and kept; the same command with --skip-existing goes on from there`;
  return new WhylensError('ABORTED', message, { cause, facts: { ...cause.facts, kept } });
}

/** A formatter that shows one target at a time writes one file for each target. */
async function write(job: Job, image: DocumentSource, explanation: Explanation): Promise<string[]> {
  const [formatter, options] = job.format(explanation);
  const { targets = [] } = explanation as {
    targets?: readonly { target: string | number; label?: string }[];
  };
  const single = Object.hasOwn(formatter.options, 'target') && explanation.kind !== 'concepts';
  const parts =
    single && targets.length > 1 && options.target === undefined
      ? targets.map(({ target, label }) => ({
          name: [label ?? String(target)],
          options: { ...options, target },
        }))
      : [{ name: [], options }];
  const paths: string[] = [];
  for (const part of parts) {
    const output = job.outputs.next(image.name, explanation.method, part.name);
    await writeOutput(job.context.io, output, formatter.format(explanation, part.options));
    if (output.path !== STDOUT) paths.push(output.path);
  }
  return paths;
}

async function show({ messages, context }: Job, explanation: Explanation): Promise<void> {
  const { textForTerminal } = await import('../show-text.js');
  messages.printDrawn(await textForTerminal(explanation, context.io.stdout));
}
