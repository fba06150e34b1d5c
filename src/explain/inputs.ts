/** Documents as the inputs of a model: by name if there are several, put together into batches. */
import type { Document, Preprocess } from '../documents/document.js';
import { modelInput } from '../documents/model-input.js';
import { readDocument } from '../documents/read.js';
import { didYouMean } from '../did-you-mean.js';
import { describeValue, WhylensError } from '../errors.js';
import type { ExplainOptions } from './explain-options.js';
import type { NdArray } from '../explanation.js';
import type { ModelDescription } from '../model/interface.js';
import type { ResamplingFilter } from '../images/resample.js';
import { DEFAULT_FILTER } from './shared-options.js';

/** Each document as one document for every input of the model: `parts[document][input]`. */
export function partsOf(
  { inputs }: ModelDescription,
  documents: readonly Document[],
): Promise<Document[][]> {
  const names = inputs.map(({ name }) => name);
  return Promise.all(
    documents.map(async (document) => {
      const named = namedParts(document, names);
      if (named !== undefined) {
        return Promise.all(
          names.map((name, i) => readDocument(named[i], `the document for input '${name}'`)),
        );
      }
      if (names.length === 1) return [document];
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `the model has ${names.length} inputs, so a document must be an object with exactly the keys ${names.join(', ')}; got ${document.kind === 'features' ? describeValue(document.values) : `a document of kind ${document.kind}`}`,
      );
    }),
  );
}

/** Every model input as `[N, …]`, N documents together. */
export function inputsOf(
  { inputs }: ModelDescription,
  parts: readonly (readonly Document[])[],
  preprocess: Preprocess | undefined,
  options: Pick<ExplainOptions, 'resize'>,
): NdArray[] {
  const filter = filterOf(preprocess, options);
  return inputs.map((input, i) => {
    const arrays = parts.map((part) => modelInput(part[i], input, { preprocess, filter }));
    if (arrays.length === 1) return arrays[0];
    const shape = arrays[0].shape.slice(1).join();
    const odd = arrays.find((array) => array.shape.slice(1).join() !== shape);
    if (odd !== undefined) {
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `documents explained together must have one shape; input '${input.name}' got [${arrays[0].shape.slice(1).join(', ')}] and [${odd.shape.slice(1).join(', ')}]. Pass together: 1 to explain them one by one`,
      );
    }
    return mergeBatches(arrays);
  });
}

/** Which filter resizes pictures: the caller's, else that of the model. */
export function filterOf(
  preprocess: Preprocess | undefined,
  { resize }: Pick<ExplainOptions, 'resize'>,
): ResamplingFilter {
  const own = typeof preprocess === 'object' ? preprocess.filter : undefined;
  return resize ?? own ?? DEFAULT_FILTER;
}

/** One document for each sample: a picture is one, an array `[N, …]` is N of them. */
export function samplesOf(documents: readonly Document[]): Document[] {
  return documents.flatMap((document): Document[] => {
    if (document.kind !== 'array' || document.shape[0] === 1) return [document];
    const [count, ...shape] = document.shape;
    const { data } = document;
    const size = data.length / count;
    return Array.from({ length: count }, (_, n) => ({
      kind: 'array',
      shape: [1, ...shape],
      data: Array.prototype.slice.call(data, n * size, (n + 1) * size) as number[],
    }));
  });
}

function mergeBatches(arrays: readonly NdArray[]): NdArray {
  const total = arrays.reduce((sum, { shape }) => sum + shape[0], 0);
  const data = new Float32Array(arrays.reduce((sum, array) => sum + array.data.length, 0));
  let at = 0;
  for (const array of arrays) {
    data.set(array.data, at);
    at += array.data.length;
  }
  return { shape: [total, ...arrays[0].shape.slice(1)], data };
}

/** The values of a document by input name, in the order of the names. */
function namedParts(document: Document, names: readonly string[]): unknown[] | undefined {
  if (document.kind !== 'features' || Array.isArray(document.values)) return undefined;
  const values = document.values as Readonly<Record<string, unknown>>;
  const exact =
    Object.keys(values).length === names.length &&
    names.every((name) => Object.hasOwn(values, name));
  return exact ? names.map((name) => values[name]) : undefined;
}

/** Which input an option names; the first if it is left out. */
export function inputIndex({ inputs }: ModelDescription, name: string | undefined): number {
  if (name === undefined) return 0;
  const index = inputs.findIndex((input) => input.name === name);
  if (index === -1) {
    const names = inputs.map((input) => input.name);
    throw new WhylensError(
      'INVALID_OPTION',
      `the model has no input '${name}'${didYouMean(name, names)} Its inputs are ${names.join(', ')}`,
    );
  }
  return index;
}
