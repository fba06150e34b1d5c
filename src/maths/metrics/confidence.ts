/** What is left of the confidence when only the explanation is shown (Chattopadhay et al. 2018, section 5.1). */
import type { Heatmap } from '../../explanation.js';
import { maxScale, positive } from '../filters.js';

/** The share of the score that is lost, max(0, before − after) / before; 0 if there was none. */
export function confidenceDrop(before: number, after: number): number {
  return before > 0 ? Math.max(0, before - after) / before : 0;
}

/** The picture under the map: the positive part scaled to a maximum of 1 lets it through, `baseline` shows elsewhere. */
export function maskedBy(map: Heatmap, sample: Float32Array, baseline: Float32Array): Float32Array {
  const { data } = maxScale(positive(map));
  const channels = sample.length / data.length;
  return sample.map((value, i) => {
    const keep = data[Math.floor(i / channels)];
    return keep * value + (1 - keep) * baseline[i];
  });
}
