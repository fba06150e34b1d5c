/** Reading what a function returned: any usual way of writing `[N, …]` scores. Pure. */
import { WhylensError } from '../errors.js';
import type { NdArray } from '../explanation.js';
import { sizeOf } from '../maths/ndarray.js';
import type { OutputValues } from './interface.js';

/** Smallest probability that still has a logit; float32 has no normal number below it. */
const SMALLEST = 1.1754943508222875e-38;
/** Largest float32 below 1. */
const LARGEST = 1 - 2 ** -24;
/** How far probabilities may be from their range or their sum. */
const TOLERANCE = 1e-3;

type Numbers = ArrayLike<number>;

/** A tensor of any library that can be read. */
interface TensorLike {
  readonly shape: readonly number[];
  data?(): Numbers | Promise<Numbers>;
  dataSync?(): Numbers;
  dispose?(): void;
}

/** What a function may return for a batch of N: `[N, classes]` (or any `[N, …]`). */
export type Scores =
  | { readonly shape: readonly number[]; readonly data: Numbers }
  | TensorLike
  | Float32Array
  | Float64Array
  | NestedNumbers;

/** Numbers in nested arrays, outermost axis first. */
export type NestedNumbers = readonly (number | NestedNumbers)[] | readonly Float32Array[];

export interface PreciseScores {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/**
 * The scores of `count` samples as an array `[count, …]`. A flat array is read
 * as `[count, length / count]`; a tensor is read and disposed.
 *
 * @throws `MODEL_OUTPUT` for another number of samples, ragged arrays and
 * numbers that are not finite.
 */
export async function readScores(returned: unknown, count: number, name: string): Promise<NdArray> {
  const { shape, data } = await readPreciseScores(returned, count, name);
  const rounded = Float32Array.from(data);
  requireFinite(rounded, count, name);
  return { shape, data: rounded };
}

/** The same with all digits. */
export async function readPreciseScores(
  returned: unknown,
  count: number,
  name: string,
): Promise<PreciseScores> {
  const { shape, data } = await readAny(returned, count, name);
  if (shape[0] !== count || data.length !== sizeOf(shape) || data.length === 0) {
    throw new WhylensError(
      'MODEL_OUTPUT',
      `${name} must return scores for ${countOf(count, 'sample')}, [${count}, classes], got shape [${shape.join(', ')}] with ${countOf(data.length, 'number')}`,
      { facts: { samples: count, shape, length: data.length } },
    );
  }
  requireFinite(data, count, name);
  return { shape: shape.length === 1 ? [count, 1] : shape, data };
}

function requireFinite(data: Float32Array | Float64Array, count: number, name: string): void {
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong !== -1) {
    const size = data.length / count;
    throw new WhylensError(
      'MODEL_OUTPUT',
      `${name} must return finite scores, got ${data[wrong]} for sample ${Math.floor(wrong / size)} of the chunk at position ${wrong % size}; look for a division by zero or a picture that was not preprocessed`,
      { facts: { sample: Math.floor(wrong / size), position: wrong % size } },
    );
  }
}

/**
 * Scores with their logits. A function hides the values before its final activation, so logits are
 * computed back from probabilities: log p for softmax
 * (true up to one constant a sample), log p − log(1 − p) for sigmoid, with p
 * held inside float32's range; linear scores are their own logits.
 */
export function withLogits(
  scores: NdArray,
  activation: OutputValues['activation'],
  name: string,
): OutputValues {
  if (activation !== 'linear') requireProbabilities(scores, activation, name);
  return { name: 'scores', values: scores, logits: logitsOf(scores, activation), activation };
}

function logitsOf(scores: NdArray, activation: OutputValues['activation']): NdArray {
  if (activation === 'linear') return scores;
  const inverse =
    activation === 'softmax'
      ? (p: number) => Math.log(Math.max(p, SMALLEST))
      : (p: number) => {
          const held = Math.min(Math.max(p, SMALLEST), LARGEST);
          return Math.log(held) - Math.log1p(-held);
        };
  return { shape: scores.shape, data: scores.data.map(inverse) };
}

export function requireProbabilities(
  { shape, data }: NdArray | PreciseScores,
  activation: 'softmax' | 'sigmoid',
  name: string,
): void {
  const outside = data.find((p) => p < -TOLERANCE || p > 1 + TOLERANCE);
  if (outside !== undefined) {
    throw new WhylensError(
      'MODEL_OUTPUT',
      `${name} is said to end in ${activation}, so its scores must lie in [0, 1], got ${outside}; leave outputActivation out if they are not probabilities`,
    );
  }
  if (activation === 'sigmoid') return;
  const classes = shape[shape.length - 1];
  for (let at = 0; at < data.length; at += classes) {
    let sum = 0;
    for (let k = at; k < at + classes; k++) sum += data[k];
    if (Math.abs(sum - 1) > TOLERANCE) {
      throw new WhylensError(
        'MODEL_OUTPUT',
        `${name} is said to end in softmax, so its scores must sum to 1 over the classes, got ${sum}; say outputActivation: 'sigmoid' if each class stands alone`,
      );
    }
  }
}

async function readAny(returned: unknown, count: number, name: string): Promise<PreciseScores> {
  if (ArrayBuffer.isView(returned) && !(returned instanceof DataView)) {
    return flat(returned as unknown as Numbers, count);
  }
  if (Array.isArray(returned)) {
    const shape = nestedShape(returned);
    const data = shape === undefined ? undefined : Float64Array.from(flatten(returned));
    if (shape === undefined || data!.length !== sizeOf(shape)) {
      throw wrongKind('an array of rows of unequal length, or with something else than numbers in');
    }
    return shape.length === 1 ? flat(data!, count) : { shape, data: data! };
  }
  if (typeof returned !== 'object' || returned === null) {
    throw wrongKind(returned === null ? 'null' : typeof returned);
  }
  const { shape } = returned as { shape?: unknown };
  if (!Array.isArray(shape)) throw wrongKind('an object without a shape');
  const data = await dataOf(returned as TensorLike);
  if (data === undefined) throw wrongKind('an object with a shape but without data');
  return { shape: [...(shape as number[])], data: Float64Array.from(data) };

  function wrongKind(got: string): WhylensError {
    return new WhylensError(
      'MODEL_OUTPUT',
      `${name} must return { shape, data }, nested arrays [N][classes], a Float32Array or a tensor, got ${got}`,
    );
  }
}

async function dataOf(returned: TensorLike): Promise<Numbers | undefined> {
  const own: unknown = returned.data;
  if (typeof own !== 'function' && typeof returned.dataSync !== 'function') {
    return isNumbers(own) ? own : undefined;
  }
  try {
    // through `returned`: tensors read `this`
    return typeof own === 'function' ? await returned.data!() : returned.dataSync!();
  } finally {
    // it was made for this call and is used nowhere else
    returned.dispose?.();
  }
}

function flat(numbers: Numbers, count: number): PreciseScores {
  return {
    shape: numbers.length % count === 0 ? [count, numbers.length / count] : [numbers.length],
    data: Float64Array.from(numbers),
  };
}

/** Shape by the first elements, undefined if one is not a number. */
function nestedShape(value: unknown): number[] | undefined {
  if (typeof value === 'number') return [];
  if (!isList(value) || value.length === 0) return undefined;
  const inner = nestedShape(value[0]);
  if (inner === undefined) return undefined;
  for (let i = 1; i < value.length; i++) {
    if (nestedShape(value[i])?.join() !== inner.join()) return undefined;
  }
  return [value.length, ...inner];
}

function flatten(value: unknown): number[] {
  return isList(value) ? Array.from(value).flatMap(flatten) : [value as number];
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function isNumbers(value: unknown): value is Numbers {
  return isList(value) && Array.from(value).every((item) => typeof item === 'number');
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
