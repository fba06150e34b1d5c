import type { Heatmap, NdArray } from '../../src/explanation.js';

/** First principal component by plain power iteration on the covariance, sign by ‖A‖. */
export function slowProjection({ shape, data }: NdArray): Heatmap {
  const k = shape[shape.length - 1];
  const places = data.length / k;
  const rows = Array.from({ length: places }, (_, p) =>
    Array.from({ length: k }, (_, c) => data[p * k + c]),
  );
  const mean = rows[0].map((_, c) => rows.reduce((sum, row) => sum + row[c], 0) / places);
  const centred = rows.map((row) => row.map((value, c) => value - mean[c]));
  const covariance = mean.map((_, a) =>
    mean.map((_, b) => centred.reduce((sum, row) => sum + row[a] * row[b], 0)),
  );
  let v = mean.map((_, c) => 1 + 0.1 * c);
  for (let i = 0; i < 3000; i++) {
    const next = covariance.map((line) => line.reduce((sum, value, c) => sum + value * v[c], 0));
    const length = Math.hypot(...next);
    v = next.map((value) => value / length);
  }
  const projection = centred.map((row) => row.reduce((sum, value, c) => sum + value * v[c], 0));
  return signed({ shape: shape.slice(0, -1), data: Float32Array.from(projection) }, rows);
}

/** Turned so that the covariance with the length of the rows is positive. */
export function signed(map: Heatmap, rows: readonly (readonly number[])[]): Heatmap {
  const norms = rows.map((row) => Math.hypot(...row));
  const mean = norms.reduce((a, b) => a + b, 0) / norms.length;
  const covariance = map.data.reduce((sum, value, p) => sum + value * (norms[p] - mean), 0);
  return covariance < 0 ? { shape: map.shape, data: map.data.map((value) => -value) } : map;
}
