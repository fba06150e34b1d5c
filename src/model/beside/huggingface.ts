/**
 * The files of a Hugging Face folder: class names of `config.json`, and what
 * `preprocessor_config.json` does to a picture, by the meaning that the image
 * processors of transformers give to its fields. Pure.
 */
import { WhylensError } from '../../errors.js';
import type { ResamplingFilter } from '../../images/resample.js';
import { isSteps, type PixelSize, type PreprocessSteps } from '../../images/steps.js';

/** Fields as a file has them. */
export type Fields = Readonly<Record<string, unknown>>;

/** Pillow's numbers. */
const RESAMPLE: readonly ResamplingFilter[] = [
  'nearest',
  'lanczos',
  'bilinear',
  'bicubic',
  'box',
  'hamming',
];

/** Processors for which one number is the shorter side. */
const SHORTEST = /^(CLIP|ConvNext|Levit|PoolFormer|MobileNet|MobileViT|Bit|Perceiver|Siglip)/i;
/** From this size on ConvNeXt's pictures are not cropped. */
const CONVNEXT_UNCROPPED = 384;
const LEVIT_MARGIN = 256 / 224;

/** What the processor does, as steps. Throws `MODEL_LOAD` if a field is not understood. */
export function stepsOfProcessor(config: Fields, name: string): PreprocessSteps {
  const type = String(config.image_processor_type ?? config.feature_extractor_type ?? '');
  const sizes = geometry(config, type, name);
  const scale = config.do_rescale === false ? 1 : divisor(config.rescale_factor);
  const shift = config.rescale_offset === true ? 1 : 0;
  const normal = config.do_normalize !== false;
  const mean = normal ? numbers(config.image_mean ?? [0.5], 'image_mean', name) : [0];
  const deviation = normal ? numbers(config.image_std ?? [0.5], 'image_std', name) : [1];
  // EfficientNet's processor divides by the deviation once more
  const twice = /^EfficientNet/i.test(type) && config.include_top !== false;
  const filter = config.do_resize === false ? undefined : filterOf(config.resample, name);
  const steps: PreprocessSteps = {
    ...sizes,
    ...(filter === undefined ? {} : { filter }),
    ...(scale === 1 ? {} : { scale }),
    ...(normal || shift !== 0 ? { mean: mean.map((value) => value + shift) } : {}),
    ...(normal ? { deviation: twice ? deviation.map((value) => value * value) : deviation } : {}),
    ...(config.do_flip_channel_order === true ? { bgr: true } : {}),
  };
  if (isSteps(steps)) return steps;
  throw notUnderstood(name, 'numbers', steps);
}

/** What a `config.json` of timm says about pictures, as steps; undefined if the file is not one. */
export function stepsOfTimm(config: Fields, name: string): PreprocessSteps | undefined {
  const settings = config.pretrained_cfg as Fields | undefined;
  if (typeof settings !== 'object' || !Array.isArray(settings?.input_size)) return undefined;
  const [, height, width] = numbers(settings.input_size, 'input_size', name);
  const part = typeof settings.crop_pct === 'number' ? settings.crop_pct : 1;
  const filter = String(settings.interpolation ?? 'bilinear') as ResamplingFilter;
  const crop = { width, height };
  const squash = settings.crop_mode === 'squash';
  const scaled = (side: number): number => Math.floor(side / part);
  const steps: PreprocessSteps = {
    resize: squash
      ? { width: scaled(width), height: scaled(height) }
      : { shortest: scaled(Math.min(width, height)) },
    crop,
    filter,
    scale: 255,
    mean: numbers(settings.mean ?? [0.485, 0.456, 0.406], 'mean', name),
    deviation: numbers(settings.std ?? [0.229, 0.224, 0.225], 'std', name),
  };
  if (isSteps(steps)) return steps;
  throw notUnderstood(name, 'pretrained_cfg', settings);
}

function geometry(
  config: Fields,
  type: string,
  name: string,
): Pick<PreprocessSteps, 'resize' | 'crop'> {
  const resizes = config.do_resize !== false && config.size !== undefined;
  const crops = config.do_center_crop === true || (config.do_crop === true && !resizes);
  const cropSize = crops
    ? squareOf(config.crop_size ?? config.size ?? 224, 'crop_size', name)
    : undefined;
  if (!resizes) return cropSize === undefined ? {} : { crop: cropSize };
  const { shortest_edge: shortest, ...rest } = (
    typeof config.size === 'object' ? config.size : {}
  ) as Fields;
  const isShorter =
    shortest !== undefined ||
    (typeof config.size === 'number' && (crops ? !/^DeiT/i.test(type) : SHORTEST.test(type)));
  if (!isShorter) {
    const to = squareOf(typeof config.size === 'object' ? rest : config.size, 'size', name);
    return { resize: to, ...(cropSize === undefined ? {} : { crop: cropSize }) };
  }
  const side = whole(shortest ?? config.size, 'size', name);
  if (/^Levit/i.test(type)) {
    return {
      resize: { shortest: Math.floor(LEVIT_MARGIN * side) },
      crop: cropSize ?? square(side),
    };
  }
  const part = Number(config.crop_pct ?? NaN);
  if (/^ConvNext/i.test(type)) {
    if (side >= CONVNEXT_UNCROPPED) return { resize: square(side) };
    const before = Math.floor(side / (Number.isFinite(part) ? part : 224 / 256));
    return { resize: { shortest: before }, crop: square(side) };
  }
  const to = Number.isFinite(part) ? Math.floor(side / part) : side;
  const crop = cropSize ?? (Number.isFinite(part) ? square(side) : undefined);
  return { resize: { shortest: to }, ...(crop === undefined ? {} : { crop }) };
}

const square = (side: number): PixelSize => ({ width: side, height: side });

/** `224`, `{ height, width }`, `[224, 224]` or `{ shortest_edge }`, if it is a size. */
function squareOf(size: unknown, field: string, name: string): PixelSize {
  if (typeof size === 'number') return square(whole(size, field, name));
  if (Array.isArray(size)) {
    const [height, width] = size as unknown[];
    return {
      width: whole(width ?? height, field, name),
      height: whole(height, field, name),
    };
  }
  const { width, height, shortest_edge: side } = (size ?? {}) as Fields;
  if (side !== undefined) return square(whole(side, field, name));
  return { width: whole(width, field, name), height: whole(height, field, name) };
}

function whole(value: unknown, field: string, name: string): number {
  if (Number.isSafeInteger(value) && Number(value) > 0) return Number(value);
  throw notUnderstood(name, field, value);
}

function numbers(value: unknown, field: string, name: string): number[] {
  const list = typeof value === 'number' ? [value] : value;
  const isList = Array.isArray(list) && list.length > 0;
  if (isList && list.every((item) => Number.isFinite(item))) return list as number[];
  throw notUnderstood(name, field, value);
}

/** Factors are written as 1/255 in so many digits as fit. */
function divisor(factor: unknown): number {
  return typeof factor === 'number' && factor !== 0 ? Math.fround(1 / factor) : 255;
}

function filterOf(number: unknown, name: string): ResamplingFilter | undefined {
  if (number === undefined || number === null) return 'bilinear';
  const found = RESAMPLE[number as number] as ResamplingFilter | undefined;
  if (found !== undefined) return found;
  throw notUnderstood(name, 'resample', number);
}

function notUnderstood(name: string, field: string, value: unknown): WhylensError {
  return new WhylensError(
    'MODEL_LOAD',
    `${name} is not understood: its field ${field} is ${JSON.stringify(value)?.slice(0, 80) ?? 'missing'}`,
    { facts: { file: name, field } },
  );
}
