import type { Heatmap } from '../explanation.js';

/** How many maps become one: their mean, the mean of their squares, or their variance. */
export type Combination = 'mean' | 'square' | 'variance';

/**
 * Mean, mean square and variance of maps that come one by one (Welford), so
 * that they never lie in memory together. Float64 inside.
 */
export class RunningMaps {
  private count = 0;
  private shape: readonly number[] = [];
  private mean = new Float64Array();
  private spread = new Float64Array();

  add({ shape, data }: Heatmap): void {
    if (this.count === 0) {
      this.shape = shape;
      this.mean = new Float64Array(data.length);
      this.spread = new Float64Array(data.length);
    }
    this.count++;
    for (let i = 0; i < data.length; i++) {
      const away = data[i] - this.mean[i];
      this.mean[i] += away / this.count;
      this.spread[i] += away * (data[i] - this.mean[i]);
    }
  }

  /** `square` is E[M²], `variance` E[M²] − E[M]². */
  result(how: Combination): Heatmap {
    const data = Float32Array.from(this.mean, (mean, i) => {
      const variance = this.spread[i] / this.count;
      return how === 'mean' ? mean : how === 'variance' ? variance : mean * mean + variance;
    });
    return { shape: this.shape, data };
  }
}
