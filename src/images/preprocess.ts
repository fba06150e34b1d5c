import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import type { NdArray } from '../explanation.js';
import type { PreprocessSteps } from './steps.js';

/** The modes of `keras.applications`, and `unit` for models that want 0…1. */
export const PREPROCESS_MODES = ['tf', 'caffe', 'torch', 'unit', 'none'] as const;
/** A known way from a picture to numbers: one of `PREPROCESS_MODES`. */
export type PreprocessMode = (typeof PREPROCESS_MODES)[number];

interface Mode {
  /** Divided by, in this order: `(x / scale − mean) / deviation`. */
  readonly scale: number;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** The model wants blue first. */
  readonly bgr: boolean;
  /** Needs red, green and blue. */
  readonly colour: boolean;
}

const MODES: Readonly<Record<PreprocessMode, Mode>> = {
  tf: { scale: 127.5, mean: [1], deviation: [1], bgr: false, colour: false },
  caffe: { scale: 1, mean: [103.939, 116.779, 123.68], deviation: [1], bgr: true, colour: true },
  torch: {
    scale: 255,
    mean: [0.485, 0.456, 0.406],
    deviation: [0.229, 0.224, 0.225],
    bgr: false,
    colour: true,
  },
  unit: { scale: 255, mean: [0], deviation: [1], bgr: false, colour: false },
  none: { scale: 1, mean: [0], deviation: [1], bgr: false, colour: false },
};

/**
 * Pixel values as a model wants them, each step rounded to float32 as Keras
 * does: `tf` x/127.5 − 1; `caffe` blue first, minus 103.939, 116.779, 123.68;
 * `torch` x/255, minus the mean and over the deviation of ImageNet; `unit`
 * x/255; `none` as they are.
 *
 * @param array `[…, channels]`, 0 to 255, red first; not written to
 * @throws WhylensError `INVALID_OPTION`, `INVALID_PICTURE` if `caffe` or `torch` get other than 3 channels
 * @example preprocessInput(imageToArray(picture), 'tf')
 */
export function preprocessInput(array: NdArray, mode: PreprocessMode | PreprocessSteps): NdArray {
  const { scale, mean, deviation, bgr } = modeOf(mode, array);
  return perChannel(array, bgr, (value, _, c) => {
    const centred = Math.fround(value / scale) - Math.fround(mean[c % mean.length]);
    return Math.fround(centred) / Math.fround(deviation[c % deviation.length]);
  });
}

/** The inverse of `preprocessInput`: `[…, channels]`, red first, 0 to 255; whole numbers come back exactly once rounded. */
export function undoPreprocess(array: NdArray, mode: PreprocessMode | PreprocessSteps): NdArray {
  const { scale, mean, deviation, bgr } = modeOf(mode, array);
  return perChannel(
    array,
    bgr,
    (value, c) => (value * deviation[c % deviation.length] + mean[c % mean.length]) * scale,
  );
}

/** The bytes of a picture that a preprocessed array came from: `undoPreprocess`, rounded and clipped, in one pass. */
export function undoToBytes(
  array: NdArray,
  mode: PreprocessMode | PreprocessSteps,
): Uint8ClampedArray {
  const { scale, mean, deviation, bgr } = modeOf(mode, array);
  const { shape, data } = array;
  const channels = shape[shape.length - 1];
  const factors = Float64Array.from(
    { length: channels },
    (_, c) => deviation[c % deviation.length] * scale,
  );
  const offsets = Float64Array.from({ length: channels }, (_, c) => mean[c % mean.length] * scale);
  const result = new Uint8ClampedArray(data.length);
  if (channels === 3) {
    // written out: every explanation of an array does this, and it takes half the time
    const [f0, f1, f2] = factors;
    const [o0, o1, o2] = offsets;
    const [first, last] = bgr ? [2, 0] : [0, 2];
    for (let at = 0; at < data.length; at += 3) {
      result[at + first] = data[at] * f0 + o0;
      result[at + 1] = data[at + 1] * f1 + o1;
      result[at + last] = data[at + 2] * f2 + o2;
    }
    return result;
  }
  for (let at = 0; at < data.length; at += channels) {
    for (let c = 0; c < channels; c++) {
      result[at + (bgr ? channels - 1 - c : c)] = data[at + c] * factors[c] + offsets[c];
    }
  }
  return result;
}

/**
 * Smallest and largest value that a mode can give, over all channels; with
 * `channels` they are listed in the order the model sees them.
 */
export function preprocessRange(mode: PreprocessMode | PreprocessSteps): {
  readonly range: readonly [number, number];
  readonly channels: readonly (readonly [number, number])[];
} {
  const { scale, mean, deviation } = modeOf(mode);
  const count = Math.max(mean.length, deviation.length);
  const channels = Array.from({ length: count }, (_, c) => {
    const by = deviation[c % deviation.length];
    const centre = mean[c % mean.length];
    return [(0 - centre) / by, (255 / scale - centre) / by] as const;
  });
  return {
    range: [
      Math.min(...channels.map(([low]) => low)),
      Math.max(...channels.map(([, high]) => high)),
    ],
    channels,
  };
}

/** Applies `change(value, channel read, channel written)`. */
function perChannel(
  { shape, data }: NdArray,
  swap: boolean,
  change: (value: number, from: number, to: number) => number,
): NdArray {
  const channels = shape[shape.length - 1];
  const result = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += channels) {
    for (let c = 0; c < channels; c++) {
      const to = swap ? channels - 1 - c : c;
      result[at + to] = change(data[at + c], c, to);
    }
  }
  return { shape: [...shape], data: result };
}

function modeOf(mode: string | PreprocessSteps, array?: NdArray): Mode {
  if (typeof mode !== 'string') return ofSteps(mode, array);
  if (!Object.hasOwn(MODES, mode)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `unknown preprocessing ${JSON.stringify(mode)}${didYouMean(String(mode), PREPROCESS_MODES)} Allowed: ${PREPROCESS_MODES.join(', ')}`,
      { facts: { mode, allowed: PREPROCESS_MODES } },
    );
  }
  const found = MODES[mode as PreprocessMode];
  const channels = array?.shape[array.shape.length - 1];
  if (found.colour && channels !== undefined && channels !== 3) {
    throw new WhylensError(
      'INVALID_PICTURE',
      `preprocessing '${mode}' is defined for 3 channels (red, green, blue), got an array of shape [${array!.shape.join(', ')}]; convert it to RGB, or use tf, unit or none`,
    );
  }
  return found;
}

/** Applies the steps that change numbers; the picture was resized and cropped before. */
function ofSteps(steps: PreprocessSteps, array?: NdArray): Mode {
  const { scale = 1, mean = [0], deviation = [1], bgr = false } = steps;
  const channels = array?.shape[array.shape.length - 1];
  for (const list of [mean, deviation]) {
    if (channels === undefined || list.length === 1 || list.length === channels) continue;
    throw new WhylensError(
      'INVALID_PICTURE',
      `preprocess names ${list.length} channels, got an array of shape [${array!.shape.join(', ')}]; give one number, or one for each channel`,
    );
  }
  return { scale, mean, deviation, bgr, colour: false };
}
