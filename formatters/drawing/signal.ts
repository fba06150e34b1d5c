/** A signal as lines and its map as bands, in the units of a drawing. */
import { WhylensError } from '../../src/errors.js';
import type { Heatmap, NdArray } from '../../src/explanation.js';
import { displayMaximum, type Percentile } from '../display/full-strength.js';
import { checkMap } from '../display/overlay.js';
import { shareOf } from '../display/scale.js';
import { append } from '../../src/maths/extremes.js';

/** A line of more points than this is thinned; the extremes of each stretch are kept. */
const MOST_POINTS = 4000;

export interface SignalLines {
  /** Points of one line a channel, as SVG writes them. */
  readonly lines: readonly string[];
  readonly low: number;
  readonly high: number;
  readonly length: number;
}

/** `[length, channels]` on one common scale; sample i lies in the middle of its share of the width. */
export function signalLines({ shape, data }: NdArray, width: number, height: number): SignalLines {
  const [length, channels = 1] = shape;
  if (length * channels !== data.length || length === 0) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a signal must have shape [length, channels] and as many values, got [${shape.join(', ')}] and ${data.length} values`,
    );
  }
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < data.length; i++) {
    low = Math.min(low, data[i]);
    high = Math.max(high, data[i]);
  }
  if (!Number.isFinite(high - low)) {
    throw new WhylensError('INVALID_EXPLANATION', 'a signal must hold finite numbers');
  }
  const span = high - low || 1;
  const margin = height * 0.06;
  const y = (value: number): number =>
    height - margin - ((value - low) / span) * (height - 2 * margin);
  const lines = Array.from({ length: channels }, (_, channel) =>
    kept(data, length, channels, channel)
      .map((at) => {
        const x = ((at + 0.5) / length) * width;
        return `${x.toFixed(1)},${y(data[at * channels + channel]).toFixed(1)}`;
      })
      .join(' '),
  );
  return { lines, low, high, length };
}

export interface HeatBand {
  readonly from: number;
  readonly to: number;
  readonly value: number;
  /** Share of the largest value of either sign, 0 to 1. */
  readonly strength: number;
}

/** One band a cell of a map `[n]`. */
export function heatBands(
  map: Heatmap,
  width: number,
  percentile: Percentile = 'auto',
): HeatBand[] {
  checkMap(map, 1);
  const { data } = map;
  const [cells] = map.shape;
  const most = displayMaximum(map, 'absolute', percentile);
  return Array.from({ length: cells }, (_, i) => ({
    from: (i / cells) * width,
    to: ((i + 1) / cells) * width,
    value: data[i],
    strength: Math.abs(shareOf(data[i], most)),
  }));
}

/** All samples, or the smallest and largest of each stretch. */
function kept(data: Float32Array, length: number, channels: number, channel: number): number[] {
  if (length <= MOST_POINTS) return Array.from({ length }, (_, i) => i);
  const result: number[] = [];
  const stretch = length / (MOST_POINTS / 2);
  for (let from = 0; from < length; from += stretch) {
    let [lowest, highest] = [Math.floor(from), Math.floor(from)];
    for (let at = lowest; at < Math.min(length, Math.floor(from + stretch)); at++) {
      const value = data[at * channels + channel];
      if (value < data[lowest * channels + channel]) lowest = at;
      if (value > data[highest * channels + channel]) highest = at;
    }
    append(result, lowest < highest ? [lowest, highest] : [highest, lowest]);
  }
  return result;
}
