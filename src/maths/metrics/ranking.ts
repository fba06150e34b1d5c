import type { Heatmap } from '../../explanation.js';
import { seededRandom } from '../random.js';

/**
 * The positions of a map, the most relevant first. Equal values come in a
 * seeded random order: in reading order a map without information would seem to know the top of the picture.
 */
export function rankPositions({ data }: Heatmap, seed = 0): Uint32Array {
  const random = seededRandom(seed);
  const lot = Float64Array.from(data, () => random.uniform());
  return Uint32Array.from(data, (_, i) => i).sort((a, b) => data[b] - data[a] || lot[a] - lot[b]);
}

/**
 * One for each position that is taken away, when those below the `percentile`
 * of the ranks (or, with `first: 'least'`, above it) are kept: as many as lie
 * strictly below the percentile interpolated between positions.
 */
export function removedPositions(
  order: Uint32Array,
  percentile: number,
  first: 'most' | 'least',
): Uint8Array {
  // rounded, since 0.2 · 50175 would give 10035.000000000002
  const kept = Math.ceil(Number(((percentile * (order.length - 1)) / 100).toPrecision(12)));
  const removed = new Uint8Array(order.length);
  for (let rank = 0; rank < order.length - kept; rank++) {
    removed[order[first === 'most' ? rank : order.length - 1 - rank]] = 1;
  }
  return removed;
}
