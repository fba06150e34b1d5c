/** Turning what a caller hands in (a picture, an array, a tensor) into model inputs. */
import { WhylensError } from '../errors.js';
import type { NdArray, Picture, PictureMode } from '../explanation.js';
import { arrayToImage, imageToArray } from '../images/array.js';
import { checkPicture, convertPicture } from '../images/picture.js';
import {
  preprocessInput,
  preprocessRange,
  undoToBytes,
  type PreprocessMode,
} from '../images/preprocess.js';
import { resize, type ResamplingFilter } from '../images/resample.js';
import { sizeOf } from '../maths/ndarray.js';
import type { InputInfo } from '../model/interface.js';

const MODES: Readonly<Record<number, PictureMode>> = { 1: 'L', 3: 'RGB', 4: 'RGBA' };

/** A tensor of any library. */
export interface TensorLike {
  readonly shape: readonly number[];
  readonly dtype?: string;
  data?(): PromiseLike<ArrayLike<number>>;
  dataSync?(): ArrayLike<number>;
}

export type NestedNumbers = readonly (number | NestedNumbers)[];

/** `{ shape, data }` with numbers of any array type. */
export interface ArrayDocument {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** What can be explained of a model over numbers: a picture, or `[1, …]` of what the model eats. */
export type ModelDocument = Picture | ArrayDocument | TensorLike | NestedNumbers;

/** A function that does what the model was trained with, or one of the known ways. */
export type Preprocess = PreprocessMode | ((picture: Picture) => NdArray | ArrayDocument);

export interface DocumentOptions {
  /** Undefined: numbers 0 to 255, as they are in the picture. */
  readonly preprocess: Preprocess | undefined;
  readonly filter: ResamplingFilter;
}

/** A browser's `ImageData` is a picture without a mode. */
export function asPicture(doc: unknown): Picture | undefined {
  const candidate = doc as Partial<Picture> | null;
  if (typeof candidate !== 'object' || candidate === null) return undefined;
  if (typeof candidate.width !== 'number' || typeof candidate.height !== 'number') return undefined;
  const picture = {
    mode: 'RGBA',
    width: candidate.width,
    height: candidate.height,
    data: candidate.data,
  };
  return checkPicture(candidate.mode === undefined ? picture : candidate);
}

/** One input of one document, as an array `[1, …]` or, for a batch, `[N, …]`. */
export async function inputArray(
  doc: unknown,
  input: InputInfo,
  options: DocumentOptions,
): Promise<NdArray> {
  const picture = asPicture(doc);
  const array =
    picture === undefined ? await numbersOf(doc, input) : pictureInput(picture, input, options);
  requireShape(array, input);
  const bad = firstNotFinite(array.data);
  if (bad !== -1) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `every value of input '${input.name}' must be a finite number, got ${array.data[bad]} at index [${indexAt(bad, array.shape).join(', ')}]`,
      { facts: { input: input.name, index: indexAt(bad, array.shape) } },
    );
  }
  return array;
}

/** The picture behind an array: a known preprocessing undone, or values stretched to 0–255 as ELI5 does. */
export function pictureOf(sample: NdArray, preprocess: Preprocess | undefined): Picture {
  const channels = sample.shape[sample.shape.length - 1];
  if (sample.shape.length === 3 && ![1, 3, 4].includes(channels)) {
    // no colours to show: the mean over channels in grey
    const data = new Float32Array(sample.data.length / channels);
    sample.data.forEach((value, i) => (data[Math.floor(i / channels)] += value / channels));
    return arrayToImage({ shape: sample.shape.slice(0, 2), data });
  }
  if (preprocess === undefined || typeof preprocess === 'function') return arrayToImage(sample);
  const [height, width] = sample.shape;
  const mode = MODES[sample.shape.length === 3 ? channels : 1];
  return { width, height, mode, data: undoToBytes(sample, preprocess) };
}

/** The warning for a picture that is fed to a model of which nobody knows what it was trained on. */
export function rangeProblem(
  pictures: readonly (Picture | undefined)[],
  preprocess: Preprocess | undefined,
): string | undefined {
  if (preprocess !== undefined || pictures.every((picture) => picture === undefined)) {
    return undefined;
  }
  return `it is not known how this model wants its pixels, so the picture was fed as numbers from 0 to 255 (preprocess 'none'). If the model was trained on another range, its predictions and this explanation are wrong: say preprocess 'tf' for -1 to 1, 'unit' for 0 to 1, 'torch' or 'caffe' for the means of ImageNet, and 'none' if 0 to 255 is right (${HOW_TO_SAY})`;
}

const HOW_TO_SAY = 'an option of loadModel and explainPrediction, --preprocess on the command line';

/** Smallest and largest value that an input can hold. */
export function inputRange(
  preprocess: Preprocess | undefined,
): readonly [number, number] | undefined {
  if (preprocess === undefined || typeof preprocess === 'function') return undefined;
  return preprocessRange(preprocess).range;
}

function pictureInput(picture: Picture, input: InputInfo, options: DocumentOptions): NdArray {
  if (input.shape.length !== 3) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `a picture needs an input [height, width, channels], input '${input.name}' has shape [${input.shape.map((size) => size ?? 'any').join(', ')}]; pass an array instead`,
    );
  }
  const [height, width, channels] = input.shape;
  const mode = MODES[channels ?? 3] as PictureMode | undefined;
  if (mode === undefined) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `a picture has 1, 3 or 4 channels, input '${input.name}' wants ${channels}; pass an array [1, height, width, ${channels}] instead`,
    );
  }
  const size = { width: width ?? picture.width, height: height ?? picture.height };
  const converted = convertPicture(picture, mode);
  const fitted =
    converted.width === size.width && converted.height === size.height
      ? converted
      : resize(converted, { ...size, filter: options.filter });
  const { preprocess = 'none' } = options;
  const sample =
    typeof preprocess === 'function'
      ? preprocess(fitted)
      : preprocessInput(imageToArray(fitted), preprocess);
  const shape = sample.shape.length === 3 ? [1, ...sample.shape] : [...sample.shape];
  return { shape, data: new Float32Array(sample.data) };
}

async function numbersOf(doc: unknown, input: InputInfo): Promise<NdArray> {
  if (Array.isArray(doc)) return nestedArray(doc, input);
  const candidate = doc as (Partial<TensorLike> & { data?: unknown }) | null;
  if (typeof candidate === 'object' && candidate !== null && Array.isArray(candidate.shape)) {
    const { dtype } = candidate;
    if (
      dtype !== undefined &&
      !['float32', 'int32', 'bool', 'float64', 'float16', 'uint8'].includes(dtype)
    ) {
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `input '${input.name}' must hold numbers, got a tensor of dtype ${dtype}`,
      );
    }
    const raw = await valuesOf(candidate, input);
    if (
      (ArrayBuffer.isView(raw) && !(raw instanceof DataView) && !isBigInts(raw)) ||
      (Array.isArray(raw) && raw.every(isNumeric))
    ) {
      const data = new Float32Array(raw as ArrayLike<number>);
      const shape = [...candidate.shape] as number[];
      if (data.length !== sizeOf(shape)) {
        throw new WhylensError(
          'INVALID_DOCUMENT',
          `an array of shape [${shape.join(', ')}] must hold ${sizeOf(shape)} values, got ${data.length}`,
        );
      }
      return { shape, data };
    }
  }
  if (shaped(doc)) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the data of input '${input.name}' must be an array of numbers, got ${Array.isArray(doc.data) ? `one with ${kindOf(doc.data.find((item) => !isNumeric(item)))}` : kindOf(doc.data)}`,
    );
  }
  throw new WhylensError(
    'INVALID_DOCUMENT',
    `a document must be a picture { width, height, mode, data }, an array { shape, data }, nested arrays or a tensor, got ${kindOf(doc)}. Read a file with loadImage first`,
  );
}

/** A tensor's values are fetched; one that is disposed of has none. */
async function valuesOf(
  candidate: Partial<TensorLike> & { data?: unknown },
  input: InputInfo,
): Promise<unknown> {
  try {
    if (typeof candidate.dataSync === 'function') return candidate.dataSync();
    return typeof candidate.data === 'function' ? await candidate.data() : candidate.data;
  } catch (cause) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the values of the tensor for input '${input.name}' cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function isBigInts(data: unknown): boolean {
  return data instanceof BigInt64Array || data instanceof BigUint64Array;
}

function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function shaped(doc: unknown): doc is { shape: unknown[]; data: unknown } {
  return (
    typeof doc === 'object' &&
    doc !== null &&
    'data' in doc &&
    'shape' in doc &&
    Array.isArray(doc.shape)
  );
}

function nestedArray(doc: readonly unknown[], input: InputInfo): NdArray {
  const shape: number[] = [];
  for (
    let at: unknown = doc;
    Array.isArray(at) || ArrayBuffer.isView(at);
    at = (at as unknown[])[0]
  ) {
    shape.push((at as unknown as ArrayLike<unknown>).length);
  }
  const data = new Float32Array(sizeOf(shape));
  let next = 0;
  const walk = (part: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (!isNumeric(part)) {
        throw new WhylensError(
          'INVALID_DOCUMENT',
          `input '${input.name}' must hold numbers, got ${kindOf(part)}`,
        );
      }
      data[next++] = Number(part);
      return;
    }
    const list = part as ArrayLike<unknown> | undefined;
    if (typeof list !== 'object' || list?.length !== shape[axis]) {
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `nested arrays must be rectangular: axis ${axis} has ${shape[axis]} entries first and ${list?.length ?? 'none'} elsewhere`,
      );
    }
    for (let i = 0; i < list.length; i++) walk(list[i], axis + 1);
  };
  walk(doc, 0);
  return { shape, data };
}

function requireShape({ shape }: NdArray, input: InputInfo): void {
  const wanted = ['N', ...input.shape.map((size) => size ?? 'any')].join(', ');
  if (shape.length !== input.shape.length + 1) {
    const hint = shape.length === input.shape.length ? '; add a batch axis of 1 in front' : '';
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `input '${input.name}' must have rank ${input.shape.length + 1}, shape [${wanted}], got rank ${shape.length}, shape [${shape.join(', ')}]${hint}`,
      { facts: { expected: input.shape, got: shape } },
    );
  }
  const wrong = input.shape.findIndex((size, axis) => size !== null && size !== shape[axis + 1]);
  if (wrong !== -1 || shape[0] < 1) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `input '${input.name}' must have shape [${wanted}], got [${shape.join(', ')}]; pass a picture to have it resized`,
      { facts: { expected: input.shape, got: shape } },
    );
  }
}

function firstNotFinite(data: Float32Array): number {
  // x − x is 0 for finite numbers and NaN for the others; a sum is one fast pass
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] - data[i];
  return sum === 0 ? -1 : data.findIndex((value) => !Number.isFinite(value));
}

function indexAt(flat: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return index;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object')
    return typeof value === 'string' ? `the string '${value.slice(0, 40)}'` : `a ${typeof value}`;
  return `an object of class ${value.constructor?.name ?? 'Object'}`;
}
