import type { Heatmap, NdArray } from '../explanation.js';
import { channelMeans, channelsOf } from './cam.js';

/**
 * Feature explanation method (Fuad 2020): Σ_k μ_k · 1[A_k ≥ μ_k + d·σ_k], μ and
 * σ the mean and standard deviation of channel k over space, d = 2. A constant
 * channel lies on its own threshold everywhere.
 */
export function femMap(activations: NdArray, deviations = 2): Heatmap {
  const { data, shape } = activations;
  const channels = channelsOf(activations);
  const positions = data.length / channels;
  const means = channelMeans(activations);
  const low = new Float64Array(channels).fill(Infinity);
  const high = new Float64Array(channels).fill(-Infinity);
  const squares = new Float64Array(channels);
  data.forEach((value, at) => {
    const k = at % channels;
    low[k] = Math.min(low[k], value);
    high[k] = Math.max(high[k], value);
    squares[k] += (value - means[k]) ** 2;
  });
  const thresholds = means.map((mean, k) =>
    // the mean of equal numbers may be rounded to just above them
    low[k] === high[k] ? low[k] : mean + deviations * Math.sqrt(squares[k] / positions),
  );
  const map = new Float32Array(positions);
  data.forEach((value, at) => {
    const k = at % channels;
    if (value >= thresholds[k]) map[(at - k) / channels] += means[k];
  });
  return { shape: shape.slice(0, -1), data: map };
}
