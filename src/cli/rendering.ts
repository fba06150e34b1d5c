/** Choosing a formatter, and turning what it returns into a file. */
import { extname } from 'node:path';
import type { Formatter } from '../container/plugin.js';
import type { Registry } from '../container/registry.js';
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import type { ExplanationKind, Picture } from '../explanation.js';
import { encodePng } from '../images/png.js';
import { writeFileWhole } from '../node/write-file.js';
import { cleanJson } from './clean.js';
import type { Io } from './io.js';
import { isDevice, STDOUT, type Output } from './outputs.js';

const DEFAULT_FORMATTER = 'image';

/** Formatters for `--as`, or for the ending of `--out`, best first; throws if there is none. */
export function formattersFor(
  registry: Registry,
  as: string | undefined,
  out: string | undefined,
): Formatter[] {
  const all = [...registry.formatters.values()];
  if (as !== undefined) {
    // `--as png` is as good as `--as image`
    const writers = registry.formatters.has(as) ? [] : all.filter((f) => f.extensions.includes(as));
    return writers.length > 0 ? writers : [registry.formatter(as)];
  }
  const ending = out === undefined ? '' : extname(out).slice(1).toLowerCase();
  if (ending !== '') {
    const fitting = all.filter(({ extensions }) => extensions.includes(ending));
    if (fitting.length > 0) return fitting;
    throw new WhylensError(
      'UNKNOWN_FORMATTER',
      `no formatter writes '.${ending}' files${didYouMean(
        ending,
        all.flatMap(({ extensions }) => extensions),
        (near) => `.${near}`,
      )} Known endings: ${all.flatMap(({ id, extensions }) => extensions.map((e) => `.${e} (${id})`)).join(', ')}. --as names a formatter`,
      { facts: { ending } },
    );
  }
  const preferred = all.filter(({ id }) => id === DEFAULT_FORMATTER);
  return [...preferred, ...all.filter(({ id }) => id !== DEFAULT_FORMATTER)];
}

/** The first of the formatters that renders this kind of record. */
export function formatterOf(candidates: readonly Formatter[], kind: ExplanationKind): Formatter {
  const found = candidates.find(({ kinds }) => kinds.includes(kind));
  if (found !== undefined) return found;
  throw new WhylensError(
    'UNKNOWN_FORMATTER',
    `${candidates.map(({ id }) => `'${id}'`).join(', ')} cannot render an explanation of kind '${kind}'; choose another one with --as`,
  );
}

/** Formatters whose results can follow each other in one stream, each on its own lines. */
const STREAMED = ['json', 'text'];

/**
 * Refuses, before any work, what standard output cannot take: pictures on a
 * terminal, and several results of a kind that cannot follow each other.
 */
export function checkStream(
  { stdout }: Io,
  formatter: Formatter,
  options: Readonly<Record<string, unknown>>,
  several: boolean,
): void {
  const isPicture = formatter.extensions.includes('png') && options.format !== 'svg';
  if (isPicture && stdout.isTTY === true) throw terminalRefused();
  if (several && !STREAMED.includes(formatter.id)) {
    throw new WhylensError(
      'USAGE',
      `several results on standard output must be JSON lines (--as json) or text, got '${formatter.id}'; or name a folder with --out`,
    );
  }
}

function terminalRefused(): WhylensError {
  return new WhylensError(
    'USAGE',
    "'--out -' writes the bytes of a picture to standard output, which is a terminal; name a file, pipe it on, or see it with --show",
  );
}

/** Writes text, bytes, a picture or plain data to a file, or to stdout for `-`. */
export async function writeOutput(
  io: Io,
  { path, overwrite }: Output,
  content: unknown,
): Promise<void> {
  const options = { overwrite, createFolder: true };
  if (path === STDOUT) {
    const bytes = isPicture(content) ? encodePng(content) : asBytes(content);
    if (typeof bytes !== 'string' && io.stdout.isTTY === true) throw terminalRefused();
    io.stdout.write(bytes);
  } else if (!isPicture(content)) await writeFileWhole(path, asBytes(content), options);
  else {
    const { saveImage } = await import('../node/save-image.js');
    if (extname(path) === '' && isDevice(path)) {
      await writeFileWhole(path, encodePng(content), options);
    } else await saveImage(content, path, options);
  }
}

/** Text as it is, plain data as JSON, both with a line end; bytes as they are. */
export function asBytes(content: unknown): string | Uint8Array {
  if (content instanceof Uint8Array) return content;
  const text = typeof content === 'string' ? content : cleanJson(content);
  return text.endsWith('\n') ? text : `${text}\n`;
}

export function isPicture(content: unknown): content is Picture {
  const { width, height, data } = (content ?? {}) as Partial<Picture>;
  return typeof width === 'number' && typeof height === 'number' && ArrayBuffer.isView(data);
}
