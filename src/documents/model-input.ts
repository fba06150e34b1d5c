/** Documents as inputs of a model: pictures resized and preprocessed, everything checked against the input. */
import { describeValue, WhylensError } from '../errors.js';
import type { NdArray, Picture, PictureMode } from '../explanation.js';
import { imageToArray } from '../images/array.js';
import { convertPicture } from '../images/picture.js';
import { preprocessInput, preprocessRange } from '../images/preprocess.js';
import { firstNotFinite, reordered, sizeOf } from '../maths/ndarray.js';
import type { ResamplingFilter } from '../images/resample.js';
import { fitPicture, partSeen } from '../images/steps.js';
import type { InputInfo } from '../model/interface.js';
import type { ArrayDocument, Document, Preprocess } from './document.js';

/** Mode of a picture with that many channels. */
export const MODES: Readonly<Record<number, PictureMode>> = { 1: 'L', 3: 'RGB', 4: 'RGBA' };

export interface DocumentOptions {
  /** Undefined: numbers 0 to 255, as they are in the picture. */
  readonly preprocess: Preprocess | undefined;
  readonly filter: ResamplingFilter;
}

/** One input of one document, as an array `[1, …]` or, for a batch, `[N, …]`. */
export function modelInput(
  document: Document,
  input: InputInfo,
  options: DocumentOptions,
): NdArray {
  const found = arrayOf(document, input, options);
  const array = document.kind === 'image' ? found : channelsLast(found, input);
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

/** An array in the model's own order (channels first), brought to the order that explainers see. */
function channelsLast(array: NdArray, input: InputInfo): NdArray {
  // an array with channels last needs no change
  if (!isInOwnOrder(array.shape, input)) return array;
  const { order = [] } = input;
  return reordered(
    array,
    order.map((_, i) => order.indexOf(i)),
  );
}

/** Whether a batch of this shape lies in the order of the model's file rather than in that of explainers. */
function isInOwnOrder(given: readonly number[], { order, shape }: InputInfo): boolean {
  if (order === undefined || given.length !== shape.length + 1) return false;
  return order.every((axis, i) => {
    const size = shape[axis];
    return size === null || size === given[i + 1];
  });
}

/** The sizes that a model wants, with its batch axis, in the order of its own file. */
function wantedShape({ order, shape }: InputInfo): string {
  const own = order === undefined ? shape : order.map((axis) => shape[axis]);
  return ['N', ...own.map((size) => size ?? 'any')].join(', ');
}

/** The warning for a picture that is fed to a model whose preprocessing is not known. */
export function rangeProblem(
  documents: readonly Document[],
  preprocess: Preprocess | undefined,
): string | undefined {
  if (preprocess !== undefined || documents.every(({ kind }) => kind !== 'image')) {
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

function arrayOf(document: Document, input: InputInfo, options: DocumentOptions): NdArray {
  switch (document.kind) {
    case 'image':
      return pictureInput(document.picture, input, options);
    case 'array':
      return { shape: [...document.shape], data: floatsOf(document, input) };
    case 'text':
      throw wrongDocument(describeValue(document.text));
    case 'features':
      throw wrongDocument(
        Array.isArray(document.values)
          ? `a list with ${describeValue(document.values.find((item) => typeof item !== 'number'))}`
          : describeValue(document.values),
      );
  }
}

/** The numbers of an array: the caller's own if they are put into another order anyway, else a copy. */
function floatsOf({ data, shape }: ArrayDocument, input: InputInfo): Float32Array {
  return data instanceof Float32Array && isInOwnOrder(shape, input) ? data : new Float32Array(data);
}

/** The error for documents that are not numbers, if numbers are wanted. */
function wrongDocument(got: string): WhylensError {
  return new WhylensError(
    'INVALID_DOCUMENT',
    `a document must be a picture { width, height, mode, data }, an array { shape, data }, nested arrays or a tensor, got ${got}. Read a file with loadImage first`,
  );
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
  const size = sizeOfInput(picture, [height, width], options.preprocess);
  const converted = convertPicture(picture, mode);
  const { preprocess = 'none' } = options;
  const steps = typeof preprocess === 'object' ? preprocess : {};
  const fitted = fitPicture(converted, steps, size, options.filter);
  const sample =
    typeof preprocess === 'function'
      ? checkedNumbers(preprocess(fitted))
      : preprocessInput(imageToArray(fitted), preprocess);
  const shape = sample.shape.length === 3 ? [1, ...sample.shape] : [...sample.shape];
  return { shape, data: new Float32Array(sample.data) };
}

/** Sizes that the model leaves open follow from the steps, or else from the picture. */
function sizeOfInput(
  picture: Picture,
  [height, width]: readonly (number | null)[],
  preprocess: Preprocess | undefined,
): { width: number; height: number } {
  const { crop, resize: to } = typeof preprocess === 'object' ? preprocess : {};
  const made = crop ?? (to !== undefined && 'width' in to ? to : picture);
  return { width: width ?? made.width, height: height ?? made.height };
}

/** The part of a picture that steps leave of it, to lay maps over; other documents as they are. */
export function documentSeen(document: Document, preprocess: Preprocess | undefined): Document {
  if (document.kind !== 'image' || typeof preprocess !== 'object') return document;
  return { kind: 'image', picture: partSeen(document.picture, preprocess) };
}

/** What the caller's preprocessing function gives for a picture: a shape, and as many numbers as it says. */
function checkedNumbers(given: unknown): NdArray {
  const { shape, data } = (given ?? {}) as { shape?: unknown; data?: unknown };
  const isList = Array.isArray(data) || (ArrayBuffer.isView(data) && !(data instanceof DataView));
  const length = isList ? (data as ArrayLike<number>).length : -1;
  const sizes = Array.isArray(shape) ? (shape as number[]) : [];
  const fits = sizes.length > 0 && sizes.every((size) => Number.isInteger(size) && size > 0);
  if (fits && length === sizeOf(sizes)) return given as NdArray;
  throw new WhylensError(
    'INVALID_OPTION',
    `option 'preprocess' must give { shape, data } with as many numbers as the shape says, got ${given instanceof Promise ? 'a promise' : `shape [${sizes.join(', ')}] and ${length < 0 ? 'no' : length} numbers`}`,
    { facts: { option: 'preprocess' } },
  );
}

function requireShape({ shape }: NdArray, input: InputInfo): void {
  const wanted = wantedShape(input);
  if (shape.length !== input.shape.length + 1) {
    const hint =
      shape.length === input.shape.length
        ? '; add a batch axis of 1 in front'
        : shape.length === 1
          ? '; give flat numbers with their shape, { shape, data }, data being say a Float32Array'
          : '';
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

function indexAt(flat: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return index;
}
