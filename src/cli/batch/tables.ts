/** The results of a batch in one table, in the order of the documents: JSON lines and Parquet. */
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { temporaryName } from '../../node/temporary.js';
import { fileError } from '../../node/write-file.js';
import type { DocumentReference } from './documents.js';
import { JOURNAL, readEntry, readJournal, type JournalEntry } from './journal.js';
import type { ResultRow } from './results.js';
import { jsonText } from '../../../formatters/shared/json-text.js';

export const TABLES = ['jsonl', 'parquet'] as const;
export type TableKind = (typeof TABLES)[number];

/** One line of the table. Times are left to the journal, so that two runs give the same table. */
export type TableLine = {
  readonly index: number;
  readonly document: string;
  readonly state: 'done' | 'failed';
  readonly outputs: readonly string[];
  readonly error: string | null;
  readonly message: string | null;
  readonly warnings: readonly string[];
} & Partial<ResultRow>;

/** Entries of the journal that are read together. */
const TOGETHER = 256;
/** Lines at a time: memory stays flat however long the batch is. */
const GROUP = 10_000;

type Type = 'INT32' | 'DOUBLE' | 'STRING';
const COLUMNS: readonly (readonly [string, Type])[] = [
  ['index', 'INT32'],
  ['document', 'STRING'],
  ['state', 'STRING'],
  ['error', 'STRING'],
  ['message', 'STRING'],
  ['outputs', 'STRING'],
  ['warnings', 'STRING'],
  ['method', 'STRING'],
  ['target', 'STRING'],
  ['label', 'STRING'],
  ['score', 'DOUBLE'],
  ['probability', 'DOUBLE'],
  ['centerX', 'DOUBLE'],
  ['centerY', 'DOUBLE'],
  ['boxLeft', 'DOUBLE'],
  ['boxTop', 'DOUBLE'],
  ['boxRight', 'DOUBLE'],
  ['boxBottom', 'DOUBLE'],
  ['topFeature', 'STRING'],
  ['topWeight', 'DOUBLE'],
];

/** Every line, one for each target, of the documents that have an entry of this job. */
export async function* tableLines(
  folder: string,
  documents: readonly DocumentReference[],
  job: string,
): AsyncGenerator<TableLine> {
  const path = join(folder, JOURNAL);
  const { known } = await readJournal(path);
  if (known.size === 0) return;
  const file = await open(path, 'r');
  try {
    for (let at = 0; at < documents.length; at += TOGETHER) {
      const found = await Promise.all(
        documents.slice(at, at + TOGETHER).map(async (document) => {
          const place = known.get(document.index);
          if (place?.job !== job) return [];
          const entry = await readEntry(file, place);
          return entry === undefined ? [] : [...linesOf(document, entry)];
        }),
      );
      yield* found.flat();
    }
  } finally {
    await file.close();
  }
}

function* linesOf({ index, name }: DocumentReference, entry: JournalEntry): Generator<TableLine> {
  const { state, error, rows, outputs, warnings = [] } = entry;
  const start = {
    index,
    document: name,
    state,
    outputs: outputs.map((output) => output.name),
    error: error?.code ?? null,
    message: error?.message ?? null,
    warnings,
  };
  if (rows.length === 0) yield start;
  for (const row of rows) yield { ...start, ...row };
}

/** Writes the tables whole or not at all; gives their paths. */
export async function writeTables(
  folder: string,
  lines: () => AsyncIterable<TableLine>,
  kinds: readonly TableKind[],
  metrics: readonly string[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const kind of kinds) {
    const path = join(folder, `results.${kind}`);
    const temporary = join(folder, temporaryName(basename(path)));
    try {
      if (kind === 'jsonl') await writeLines(temporary, lines());
      else await writeParquet(temporary, lines(), metrics);
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw fileError(path, cause);
    }
    paths.push(path);
  }
  return paths;
}

async function writeLines(path: string, lines: AsyncIterable<TableLine>): Promise<void> {
  const stream = createWriteStream(path, { flags: 'wx', flush: true });
  const ended = finished(stream);
  // the await below reports it, even if nobody waits for it yet
  ended.catch(() => undefined);
  for await (const { metrics = {}, ...line } of lines) {
    const text = `${jsonText({ ...line, ...metrics })}\n`;
    if (!stream.write(text)) {
      await Promise.race([
        new Promise<void>((drained) => stream.once('drain', () => drained())),
        ended,
      ]);
    }
  }
  stream.end();
  await ended;
}

async function writeParquet(
  path: string,
  lines: AsyncIterable<TableLine>,
  metrics: readonly string[],
): Promise<void> {
  const { ParquetWriter, fileWriter, schemaFromColumnData } = await import('hyparquet-writer');
  const columns: [string, Type][] = [
    ...COLUMNS.map(([name, type]): [string, Type] => [name, type]),
    ...metrics.map((name): [string, Type] => [name, 'DOUBLE']),
  ];
  const dataOf = (group: readonly TableLine[]) =>
    columns.map(([name, type]) => ({
      name,
      type,
      data: group.map((line) => cellOf(line, name)),
      nullable: true,
    }));
  const schema = schemaFromColumnData({ columnData: dataOf([]) });
  const writer = new ParquetWriter({ writer: fileWriter(path), schema, createdBy: 'whylens' });
  let group: TableLine[] = [];
  const flush = async (): Promise<void> => {
    if (group.length > 0) await writer.write({ columnData: dataOf(group), rowGroupSize: GROUP });
    group = [];
  };
  for await (const line of lines) {
    group.push(line);
    if (group.length === GROUP) await flush();
  }
  await flush();
  await writer.finish();
}

function cellOf(line: TableLine, name: string): string | number | null {
  if (name === 'outputs' || name === 'warnings') return line[name].join('\n');
  const { metrics = {}, outputs: _, warnings: __, ...rest } = line;
  const cells: Readonly<Record<string, string | number | null | undefined>> = rest;
  const value = cells[name] ?? metrics[name];
  return value ?? null;
}
