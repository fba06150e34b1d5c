/** Documents as the inputs of a model: by name where there are several, put together into batches. */
import { inputArray, type Preprocess } from '../documents/document.js';
import { WhylensError } from '../errors.js';
import type { ExplainOptions } from './explain-options.js';
import type { NdArray } from '../explanation.js';
import type { ModelDescription } from '../model/interface.js';
import { DEFAULT_FILTER } from './shared-options.js';

/** Every model input as `[N, …]`, N documents together. */
export async function inputsOf(
  description: ModelDescription,
  docs: readonly unknown[],
  preprocess: Preprocess | undefined,
  options: Pick<ExplainOptions, 'resize'>,
): Promise<NdArray[]> {
  const filter = options.resize ?? DEFAULT_FILTER;
  const names = description.inputs.map(({ name }) => name);
  return Promise.all(
    description.inputs.map(async (input) => {
      const arrays = await Promise.all(
        docs.map(async (doc) => {
          const part =
            names.length === 1 && !isNamed(doc, names) ? doc : pick(doc, input.name, names);
          return inputArray(part, input, { preprocess, filter });
        }),
      );
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
    }),
  );
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

/** A document by input name. */
function isNamed(doc: unknown, names: readonly string[]): boolean {
  return (
    typeof doc === 'object' &&
    doc !== null &&
    !Array.isArray(doc) &&
    Object.keys(doc).length === names.length &&
    names.every((name) => Object.hasOwn(doc, name))
  );
}

function pick(doc: unknown, name: string, names: readonly string[]): unknown {
  if (!isNamed(doc, names)) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the model has ${names.length} inputs, so a document must be an object with exactly the keys ${names.join(', ')}; got ${describeValue(doc)}`,
    );
  }
  return (doc as Record<string, unknown>)[name];
}

/** Which input an option names; the first where it is left out. */
export function inputIndex({ inputs }: ModelDescription, name: string | undefined): number {
  if (name === undefined) return 0;
  const index = inputs.findIndex((input) => input.name === name);
  if (index === -1) {
    throw new WhylensError(
      'INVALID_OPTION',
      `the model has no input '${name}'; its inputs are ${inputs.map((input) => input.name).join(', ')}`,
    );
  }
  return index;
}

/** What somebody handed in, for messages. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return `an object of class ${value.constructor?.name ?? 'Object'} with keys ${Object.keys(value).slice(0, 6).join(', ')}`;
}
