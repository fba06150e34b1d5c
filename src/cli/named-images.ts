/** `--image left=a.png --image right=b.png`: one document of several inputs. */
import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { findImages, loadPicture, type ImageSource } from './images.js';
import type { Io } from './io.js';

/** A picture, or one for each of several inputs. */
export interface DocumentSource extends ImageSource {
  /** Which picture is for which input; undefined if there is only one input. */
  readonly inputs?: Readonly<Record<string, ImageSource>>;
}

/**
 * The documents that a command line names. A file whose name holds a `=` is that file.
 *
 * @throws WhylensError `USAGE` if one input is named twice, or pictures with and without a name are mixed
 */
export async function findDocuments(named: readonly string[]): Promise<DocumentSource[]> {
  const pairs = named.map(pairOf);
  const inputs = pairs.filter((pair) => pair !== undefined);
  if (inputs.length === 0) return findImages(named);
  if (inputs.length < named.length) {
    throw new WhylensError(
      'USAGE',
      `pictures for inputs, such as ${inputs[0].input}=${inputs[0].path}, make one document and stand alone; '${named[pairs.indexOf(undefined)]}' names no input`,
    );
  }
  const twice = inputs.find(({ input }, i) => inputs.findIndex((one) => one.input === input) < i);
  if (twice !== undefined) {
    throw new WhylensError('USAGE', `input '${twice.input}' is given two pictures`);
  }
  const sources = inputs.map(
    ({ input, path }) => [input, { path, name: basename(path, extname(path)) }] as const,
  );
  return [
    {
      path: named.join(' '),
      name: sources.map(([, { name }]) => name).join('-'),
      inputs: Object.fromEntries(sources),
    },
  ];
}

/** What the model is given: a picture, or an object of them by input. */
export async function loadDocument(source: DocumentSource, io: Io): Promise<unknown> {
  if (source.inputs === undefined) return loadPicture(source, io);
  const loaded = Object.entries(source.inputs).map(
    async ([input, one]) => [input, await loadPicture(one, io)] as const,
  );
  return Object.fromEntries(await Promise.all(loaded));
}

/** `60×40 RGB`, of each picture of a document. */
export function sizeInWords(document: unknown): string {
  const pictures =
    typeof document === 'object' && document !== null && 'mode' in document
      ? [document as Picture]
      : Object.values(document as Record<string, Picture>);
  return pictures.map(({ width, height, mode }) => `${width}×${height} ${mode}`).join(', ');
}

/** The files behind a document. */
export function filesOf({ path, inputs }: DocumentSource): string[] {
  return inputs === undefined ? [path] : Object.values(inputs).map((one) => one.path);
}

function pairOf(text: string): { input: string; path: string } | undefined {
  const found = /^([^=/\\?*]+)=(.+)$/.exec(text);
  if (found === null || /^(https?|data):/.test(text) || existsSync(text)) return undefined;
  return { input: found[1], path: found[2] };
}
