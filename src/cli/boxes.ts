/** The true boxes of objects, from a JSON file. */
import { basename } from 'node:path';
import { WhylensError } from '../errors.js';
import type { Box } from '../maths/metrics/boxes.js';
import { readFileBounded } from '../node/read-file.js';
import type { Fail } from '../reading/fetch.js';
import { limitsOf } from '../reading/limits.js';

/** A box, and which class it belongs to if the file says so. */
export interface KnownBox {
  readonly box: Box;
  readonly index?: number;
  readonly name?: string;
}

/** Boxes by the name of the picture's file. */
export type BoxFile = ReadonlyMap<string, readonly KnownBox[]>;

export const BOXES_HELP =
  '{ "cat.png": [{ "left": 3, "top": 4, "right": 9, "bottom": 12 }] }; an entry may also be { "name": "cat", "box": … } or { "index": 281, "box": … }, and the whole a list of { "file", "objects" }';

/** Throws `FILE` if the file cannot be read, `USAGE` if it holds something else. */
export async function readBoxes(path: string, signal?: AbortSignal): Promise<BoxFile> {
  const fail: Fail = (why, details) =>
    new WhylensError('FILE', `cannot read the boxes from '${path}': ${why}`, {
      ...details,
      facts: { path },
    });
  const limits = limitsOf('--boxes', { signal });
  const bytes = await readFileBounded(path, { limits, fail, named: true });
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw fail((cause as Error).message, { cause });
  }
  const entries: [unknown, unknown][] = Array.isArray(content)
    ? content.map((entry: { file?: unknown; objects?: unknown } | null) => [
        entry?.file,
        entry?.objects,
      ])
    : Object.entries(content ?? {});
  return new Map(
    entries.map(([file, objects]) => {
      if (typeof file !== 'string' || !Array.isArray(objects)) throw wrong(path, file, objects);
      return [file, objects.map((object: unknown) => knownBox(object, path, file))];
    }),
  );
}

/**
 * The boxes for a picture and the explained class; those that name another
 * class are left out. Throws if none is left.
 */
export function boxesFor(
  boxes: BoxFile,
  path: string,
  { target, label }: { readonly target: number | string; readonly label?: string },
): Box[] {
  const known = boxes.get(path) ?? boxes.get(basename(path)) ?? [];
  const fitting = known.filter(
    ({ index, name }) =>
      (index === undefined && name === undefined) ||
      index === target ||
      (name !== undefined && name === label),
  );
  if (fitting.length > 0) return fitting.map(({ box }) => box);
  const what =
    known.length === 0
      ? `there is no entry '${basename(path)}'; there are ${[...boxes.keys()].slice(0, 5).join(', ') || 'none'}`
      : `its entry has boxes of ${known.map(({ name, index }) => name ?? index).join(', ')}, and '${label ?? target}' was explained; name one of them with --target`;
  throw new WhylensError('INVALID_DOCUMENT', `no box for ${path}: ${what}`);
}

function knownBox(object: unknown, path: string, file: string): KnownBox {
  const { box = object, index, name } = (object ?? {}) as Partial<KnownBox>;
  const sides = ['left', 'top', 'right', 'bottom'] as const;
  const given = (box ?? {}) as Partial<Box>;
  if (!sides.every((side) => Number.isFinite(given[side]))) throw wrong(path, file, object);
  const [left, top, right, bottom] = sides.map((side) => given[side]!);
  return {
    box: { left, top, right, bottom },
    ...(typeof index === 'number' ? { index } : {}),
    ...(typeof name === 'string' ? { name } : {}),
  };
}

function wrong(path: string, file: unknown, got: unknown): WhylensError {
  return new WhylensError(
    'USAGE',
    `the boxes in '${path}' must look like ${BOXES_HELP}; got ${JSON.stringify(got)} for ${JSON.stringify(file)}`,
  );
}
