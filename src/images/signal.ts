import { WhylensError } from '../errors.js';
import type { NdArray, Picture } from '../explanation.js';
import { checkSize } from './picture.js';

/** Free rows above and below the lines. */
const MARGIN = 4;
/** Grey of the first channel's line; later ones are lighter, so that colours stay the map's. */
const DARKEST = 24;
const LIGHTEST = 150;

/**
 * A signal as a picture: one line for each channel on white, time from left to right,
 * all channels on one vertical scale (the largest value at the top).
 *
 * @param signal `[length, channels]` or `[length]`
 */
export function drawSignal(signal: NdArray, width: number, height: number): Picture {
  checkSize(width, height);
  const [length, channels = 1] = signal.shape;
  let low = Infinity;
  let high = -Infinity;
  for (const value of signal.data) {
    if (!Number.isFinite(value)) {
      throw new WhylensError(
        'INVALID_EXPLANATION',
        `a signal must hold finite numbers to be drawn, got ${value}`,
      );
    }
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(length > 0) || signal.data.length !== length * channels) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a signal must have shape [length, channels], got [${signal.shape.join(', ')}] with ${signal.data.length} values`,
    );
  }
  const data = new Uint8ClampedArray(width * height * 3).fill(255);
  const margin = Math.min(MARGIN, (height - 1) >> 1);
  const rows = height - 1 - 2 * margin;
  const rowOf = (value: number) =>
    Math.round(margin + (high > low ? (high - value) / (high - low) : 0.5) * rows);
  // the last channel first: the first one lies on top
  for (let c = channels - 1; c >= 0; c--) {
    const grey = channels === 1 ? DARKEST : DARKEST + ((LIGHTEST - DARKEST) * c) / (channels - 1);
    let previous = -1;
    for (let x = 0; x < width; x++) {
      const at = Math.min(Math.max(((x + 0.5) * length) / width - 0.5, 0), length - 1);
      const before = Math.floor(at);
      const after = Math.min(before + 1, length - 1);
      const value =
        signal.data[before * channels + c] * (1 - at + before) +
        signal.data[after * channels + c] * (at - before);
      const row = rowOf(value);
      const from = previous < 0 ? row : Math.min(row, previous);
      const to = previous < 0 ? row : Math.max(row, previous);
      for (let y = from; y <= to; y++)
        data.fill(grey, (y * width + x) * 3, (y * width + x) * 3 + 3);
      previous = row;
    }
  }
  return { width, height, mode: 'RGB', data };
}
