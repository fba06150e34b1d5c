/** The first principal component of activations as a map. */
import type { Heatmap, NdArray } from '../explanation.js';
import { channelMeans, channelsOf } from './cam.js';
import { multiply } from './channels.js';
import { largestEigenpair, scaledVector } from './eigenpair.js';

/**
 * EigenCAM (Muhammad 2020): A, centred per channel, projected on its first
 * principal component. The sign is fixed so that the projection correlates
 * positively with ‖A‖ over space.
 */
export function eigenCamMap(activations: NdArray): Heatmap {
  return withNormSign(projectOnFirstComponent(activations), activations);
}

/** `eigenCamMap` of g·A. */
export function eigenGradCamMap(activations: NdArray, gradients: NdArray): Heatmap {
  return eigenCamMap(multiply(activations, gradients));
}

/** `eigenCamMap` of |g|·A (Chung 2025). */
export function segEigenCamMap(activations: NdArray, gradients: NdArray): Heatmap {
  return eigenCamMap(multiply(activations, { ...gradients, data: gradients.data.map(Math.abs) }));
}

/** Changes the sign of the map if it correlates negatively with ‖A‖ over space. */
export function withNormSign(map: Heatmap, activations: NdArray): Heatmap {
  const channels = channelsOf(activations);
  const norms = Float64Array.from(map.data, (_, p) => {
    let square = 0;
    for (let k = 0; k < channels; k++) square += activations.data[p * channels + k] ** 2;
    return Math.sqrt(square);
  });
  const mean = norms.reduce((a, b) => a + b, 0) / norms.length;
  let covariance = 0;
  let extreme = 0;
  map.data.forEach((value, p) => {
    covariance += value * (norms[p] - mean);
    if (Math.abs(value) > Math.abs(extreme)) extreme = value;
  });
  const sign = covariance === 0 ? extreme : covariance;
  return sign < 0 ? { shape: map.shape, data: map.data.map((value) => -value) } : map;
}

function projectOnFirstComponent(array: NdArray): Heatmap {
  const columns = channelsOf(array);
  const rows = array.data.length / columns;
  const means = channelMeans(array);
  const centred = Float64Array.from(array.data, (value, at) => value - means[at % columns]);
  const times = (v: Float64Array): Float64Array => {
    const result = new Float64Array(rows);
    for (let i = 0, at = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < columns; j++, at++) sum += centred[at] * v[j];
      result[i] = sum;
    }
    return result;
  };
  const transposedTimes = (u: Float64Array): Float64Array => {
    const result = new Float64Array(columns);
    for (let i = 0, at = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++, at++) result[j] += centred[at] * u[i];
    }
    return result;
  };
  // X·v of the component v, or √λ·u of the same pair seen from the smaller side
  const projection =
    columns <= rows
      ? times(largestEigenpair(columns, (v) => transposedTimes(times(v))).vector)
      : scaledVector(largestEigenpair(rows, (u) => times(transposedTimes(u))));
  return { shape: array.shape.slice(0, -1), data: Float32Array.from(projection) };
}
