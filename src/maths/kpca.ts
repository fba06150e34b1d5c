import type { Heatmap, NdArray } from '../explanation.js';
import { channelMeans, channelsOf } from './cam.js';
import { withNormSign } from './eigen.js';
import { largestEigenpair, scaledVector } from './eigenpair.js';

/** How alike two positions are, x and y their centred channel vectors. */
export type Kernel = 'rbf' | 'sigmoid' | 'linear';

/** Options of `kpcaCamMap`. */
export interface KernelOptions {
  /** `rbf`: exp(−γ‖x−y‖²); `sigmoid`: tanh(γ·x·y + 1); `linear`: x·y, which gives EigenCAM. Default `rbf`. */
  readonly kernel?: Kernel;
  /** γ; default 1 / channels. */
  readonly gamma?: number;
}

/**
 * KPCA-CAM (Karmani 2024): the first kernel principal component of the
 * positions, each with its channels as features. Sign as in `eigenCamMap`.
 * Holds one number for every pair of positions.
 */
export function kpcaCamMap(activations: NdArray, options: KernelOptions = {}): Heatmap {
  const { kernel = 'rbf', gamma = 1 / channelsOf(activations) } = options;
  const matrix = centredKernel(activations, kernel, gamma);
  const size = matrix.length;
  const pair = largestEigenpair(size, (vector) =>
    Float64Array.from(matrix, (row) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += row[i] * vector[i];
      return sum;
    }),
  );
  const shape = activations.shape.slice(0, -1);
  return withNormSign({ shape, data: Float32Array.from(scaledVector(pair)) }, activations);
}

/** K − row means − column means + mean, which centres the features that the kernel stands for. */
function centredKernel(array: NdArray, kernel: Kernel, gamma: number): readonly Float64Array[] {
  const k = channelsOf(array);
  const size = array.data.length / k;
  const means = channelMeans(array);
  const x = Float64Array.from(array.data, (value, at) => value - means[at % k]);
  const inner = (i: number, j: number): number => {
    let sum = 0;
    for (let c = 0; c < k; c++) sum += x[i * k + c] * x[j * k + c];
    return sum;
  };
  const distance = (i: number, j: number): number => {
    let sum = 0;
    for (let c = 0; c < k; c++) sum += (x[i * k + c] - x[j * k + c]) ** 2;
    return sum;
  };
  const value = {
    rbf: (i: number, j: number) => Math.exp(-gamma * distance(i, j)),
    sigmoid: (i: number, j: number) => Math.tanh(gamma * inner(i, j) + 1),
    linear: inner,
  }[kernel];
  const matrix = Array.from({ length: size }, () => new Float64Array(size));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) matrix[i][j] = matrix[j][i] = value(i, j);
  }
  const rowMeans = matrix.map((row) => row.reduce((a, b) => a + b, 0) / size);
  const mean = rowMeans.reduce((a, b) => a + b, 0) / size;
  matrix.forEach((row, i) => {
    for (let j = 0; j < size; j++) row[j] += mean - rowMeans[i] - rowMeans[j];
  });
  return matrix;
}
