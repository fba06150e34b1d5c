import type { Heatmap } from '../../explanation.js';
import { blur } from '../blur.js';
import { normalize } from '../filters.js';

/** The constants of Wang et al. 2004, for values in [0, 1]. */
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/**
 * Mean structural similarity (Wang et al. 2004, eq. 13) of two maps of one
 * shape, each stretched to [0, 1] first; 1 for equal maps. Gaussian window.
 *
 * @param sigma standard deviation of the window in positions. Default 1.5, the paper's
 */
export function structuralSimilarity(a: Heatmap, b: Heatmap, sigma = 1.5): number {
  const [x, y] = [normalize(a).data, normalize(b).data];
  const local = (values: Float32Array) =>
    blur({ shape: [...a.shape, 1], data: values }, sigma).data;
  const [mx, my] = [local(x), local(y)];
  const xx = local(x.map((v) => v * v));
  const yy = local(y.map((v) => v * v));
  const xy = local(x.map((v, i) => v * y[i]));
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const luminance = (2 * mx[i] * my[i] + C1) / (mx[i] ** 2 + my[i] ** 2 + C1);
    const structure =
      (2 * (xy[i] - mx[i] * my[i]) + C2) / (xx[i] - mx[i] ** 2 + (yy[i] - my[i] ** 2) + C2);
    sum += luminance * structure;
  }
  return sum / x.length;
}
