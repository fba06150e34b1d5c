/**
 * What "nothing there" means for a picture: the values that replace what is
 * taken away, or from which a path starts.
 */
import { WhylensError } from '../errors.js';
import type { NdArray } from '../explanation.js';
import { blur } from './blur.js';
import { splitShape } from './channels.js';

/** Share of the longest side that is one standard deviation of the `blur` baseline. */
const BLUR = 0.05;

/** Baselines with a name. */
export const BASELINES = ['black', 'white', 'mean', 'blur'] as const;

/** A value for every sample, a name, one value per channel, or all values. */
export type Baseline = number | (typeof BASELINES)[number] | ArrayLike<number> | NdArray;

/** For messages and help. */
export const BASELINE_EXPECTS = `a number, one of ${BASELINES.join(', ')}, one number per channel, or an array like one sample of the input`;

/** True for a {@link Baseline}; whether an array fits the input is checked later. */
export function isBaseline(value: unknown): value is Baseline {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return (BASELINES as readonly string[]).includes(value);
  const values = valuesOf(value);
  return values !== undefined && values.length > 0 && values.every(Number.isFinite);
}

/** A command-line string as a baseline: a number, numbers separated by commas, or a name. */
export function parseBaseline(text: string): unknown {
  const parts = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!parts.every(Number.isFinite)) return text;
  return parts.length === 1 ? parts[0] : parts;
}

/**
 * The baseline of one sample, as an array like it.
 *
 * `black` and `white` are the ends of the input's range, `mean` the sample's
 * mean per channel, `blur` the sample blurred with σ = 5 % of its longest side.
 *
 * @param sample `[..., k]`
 * @param range smallest and largest value of the input; needed by `black` and `white`
 */
export function baselineOf(
  baseline: Baseline,
  sample: NdArray,
  range?: readonly [number, number],
): NdArray {
  const { shape, data } = sample;
  const { space, channels } = splitShape(shape);
  const perChannel = (values: ArrayLike<number>): NdArray => {
    const filled = new Float32Array(data.length);
    for (let at = 0; at < filled.length;) {
      for (let c = 0; c < channels; c++) filled[at++] = values[c];
    }
    return { shape, data: filled };
  };
  if (typeof baseline === 'number') return perChannel(new Array<number>(channels).fill(baseline));
  if (baseline === 'black' || baseline === 'white') {
    if (range === undefined) {
      throw new WhylensError(
        'INVALID_OPTION',
        `baseline '${baseline}' needs to know the range of the input's values, which an input without known preprocessing does not tell; give a number instead (say 0), or 'mean' or 'blur'`,
      );
    }
    return perChannel(new Array<number>(channels).fill(range[baseline === 'black' ? 0 : 1]));
  }
  if (baseline === 'mean') {
    const means = new Float64Array(channels);
    for (let at = 0; at < data.length;) {
      for (let c = 0; c < channels; c++) means[c] += (data[at++] * channels) / data.length;
    }
    return perChannel(means);
  }
  if (baseline === 'blur') return blur(sample, BLUR * Math.max(...space));
  const values = valuesOf(baseline) ?? [];
  if (values.length === data.length) return { shape, data: Float32Array.from(values) };
  if (values.length === channels) return perChannel(values);
  throw new WhylensError(
    'INVALID_OPTION',
    `option 'baseline' as an array needs ${channels} values (one per channel) or ${data.length} (a sample of shape [${shape.join(', ')}]), got ${values.length}`,
  );
}

function valuesOf(value: unknown): number[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const data = 'shape' in value && 'data' in value ? value.data : value;
  if (Array.isArray(data)) return data.flat(Infinity) as number[];
  return ArrayBuffer.isView(data) && !(data instanceof DataView)
    ? Array.from(data as unknown as ArrayLike<number>)
    : undefined;
}
