/** What was done to pictures in training, as data: they are fitted to the input, then brought to a range. */
import { WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { CHANNELS } from './picture.js';
import { RESAMPLING_FILTERS, resize, type ResamplingFilter } from './resample.js';

/** A size in pixels. */
export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The steps from a picture to numbers, if no known mode describes them: resized, the centre cut
 * out, then `(x / scale − mean) / deviation` for each channel. Steps that are left out are not
 * done; without `resize` and `crop` the
 * picture is stretched to the model's input.
 */
export interface PreprocessSteps {
  /** To this size, or until the shorter side has this many pixels. */
  readonly resize?: PixelSize | { readonly shortest: number };
  /** The centre of this size, with black around it if the picture is smaller. */
  readonly crop?: PixelSize;
  /** Which filter resizes. Default: option `resize` of the call. */
  readonly filter?: ResamplingFilter;
  /** Pixel values are divided by it. Default 1. */
  readonly scale?: number;
  /** One number for each channel, or one for all. Default 0. */
  readonly mean?: readonly number[];
  /** One number for each channel, or one for all. Default 1. */
  readonly deviation?: readonly number[];
  /** The model wants blue first. */
  readonly bgr?: boolean;
}

const NUMBERS = ['mean', 'deviation'] as const;
const NAMES = ['resize', 'crop', 'filter', 'scale', ...NUMBERS, 'bgr'];

/** True for steps that can be taken; they may come from a file. */
export function isSteps(given: unknown): given is PreprocessSteps {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false;
  const { resize: to, crop, filter, scale, bgr, ...rest } = given as Record<string, unknown>;
  const whole = (n: unknown): boolean => Number.isSafeInteger(n) && Number(n) > 0;
  const isSize = (size: unknown): boolean => {
    const { width, height } = fieldsOf(size);
    return whole(width) && whole(height);
  };
  return (
    Object.keys(given).every((name) => NAMES.includes(name)) &&
    (to === undefined || isSize(to) || whole(fieldsOf(to).shortest)) &&
    (crop === undefined || isSize(crop)) &&
    (filter === undefined || (RESAMPLING_FILTERS as readonly unknown[]).includes(filter)) &&
    (scale === undefined || (Number.isFinite(scale) && scale !== 0)) &&
    (bgr === undefined || typeof bgr === 'boolean') &&
    NUMBERS.every((name) => {
      const list = rest[name];
      if (list === undefined) return true;
      const fits = (n: unknown): boolean =>
        Number.isFinite(n) && (name === 'mean' || Number(n) !== 0);
      return Array.isArray(list) && list.length > 0 && list.every(fits);
    })
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The picture at the size of the model's input, as the steps say. */
export function fitPicture(
  picture: Picture,
  steps: PreprocessSteps,
  { width, height }: PixelSize,
  filter: ResamplingFilter,
): Picture {
  const to = sizeFor(picture, steps, { width, height });
  const resized =
    to.width === picture.width && to.height === picture.height
      ? picture
      : resize(picture, { ...to, filter });
  const cropped = steps.crop === undefined ? resized : cropCentre(resized, steps.crop);
  if (cropped.width === width && cropped.height === height) return cropped;
  throw new WhylensError(
    'INVALID_OPTION',
    `preprocess makes pictures of ${cropped.width}×${cropped.height}, but the model's input is ${width}×${height}; give a crop or a size of ${width}×${height}`,
    { facts: { option: 'preprocess' } },
  );
}

/** The part of the picture that the model sees, at the picture's own resolution; maps are laid over it. */
export function partSeen(picture: Picture, steps: PreprocessSteps): Picture {
  if (steps.crop === undefined) return picture;
  const to = sizeFor(picture, steps, steps.crop);
  const width = Math.round((steps.crop.width * picture.width) / to.width);
  const height = Math.round((steps.crop.height * picture.height) / to.height);
  if (width === picture.width && height === picture.height) return picture;
  return cropCentre(picture, { width: Math.max(1, width), height: Math.max(1, height) });
}

/** The steps in words. */
export function describeSteps(steps: PreprocessSteps): string {
  const { resize: to, crop, filter, scale = 1, mean, deviation, bgr } = steps;
  const by = filter === undefined ? '' : ` (${filter})`;
  return [
    ...(to === undefined
      ? []
      : [
          'shortest' in to
            ? `shorter side ${to.shortest}${by}`
            : `resized to ${to.width}×${to.height}${by}`,
        ]),
    ...(crop === undefined ? [] : [`centre ${crop.width}×${crop.height}`]),
    ...(scale === 1 ? [] : [`/ ${Number(scale.toPrecision(6))}`]),
    ...(mean === undefined ? [] : [`- ${mean.map(short).join(', ')}`]),
    ...(deviation === undefined ? [] : [`/ ${deviation.map(short).join(', ')}`]),
    ...(bgr === true ? ['blue first'] : []),
  ].join('; ');
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

function sizeFor(picture: PixelSize, { resize: to }: PreprocessSteps, input: PixelSize): PixelSize {
  if (to === undefined) return input;
  if (!('shortest' in to)) return to;
  const shorter = Math.min(picture.width, picture.height);
  // whole numbers as Python's int gives them
  const scaled = (side: number): number =>
    side === shorter ? to.shortest : Math.floor((to.shortest * side) / shorter);
  return { width: scaled(picture.width), height: scaled(picture.height) };
}

/** As torchvision's and Hugging Face's centre crop: rounded down, black around. */
function cropCentre(picture: Picture, { width, height }: PixelSize): Picture {
  const channels = CHANNELS[picture.mode];
  const data = new Uint8ClampedArray(width * height * channels);
  const left = Math.floor((picture.width - width) / 2);
  const top = Math.floor((picture.height - height) / 2);
  const from = Math.max(0, left);
  const to = Math.min(picture.width, left + width);
  for (let y = 0; y < height; y++) {
    const row = top + y;
    if (row < 0 || row >= picture.height) continue;
    const start = (row * picture.width + from) * channels;
    const line = picture.data.subarray(start, start + (to - from) * channels);
    data.set(line, (y * width + from - left) * channels);
  }
  return { width, height, mode: picture.mode, data };
}
