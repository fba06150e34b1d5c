import type { NdArray, Target } from '../../src/explanation.js';
import { sampleOf } from '../../src/maths/ndarray.js';
import { ndSamples, type ExplainableModel, type ScoreKind } from '../../src/model/interface.js';

/** Activations and, per target, gradients of one layer for the first sample: what a transcription of a paper starts from. */
export async function layerValues(
  model: ExplainableModel,
  inputs: NdArray,
  layer: string,
  targets: readonly Target[],
  score: ScoreKind = 'logit',
): Promise<{ readonly A: NdArray; readonly g: readonly NdArray[] }> {
  const { activations, gradients } = await model.differentiate({
    inputs: [ndSamples(inputs)],
    targets,
    score,
    layers: [layer],
  });
  return {
    A: sampleOf(activations[layer], 0),
    g: gradients[layer].map((array) => sampleOf(array, 0)),
  };
}

/** `array[row][column][channel]` of an `[h, w, k]` array: papers are transcribed with these. */
export function nested({ shape: [h, w, k], data }: NdArray): number[][][] {
  return Array.from({ length: h }, (_, y) =>
    Array.from({ length: w }, (_, x) =>
      Array.from({ length: k }, (_, c) => data[(y * w + x) * k + c]),
    ),
  );
}

/** A map of size h × w from a function of row and column. */
export function mapBy(
  h: number,
  w: number,
  value: (y: number, x: number) => number,
): { shape: number[]; data: Float32Array } {
  return {
    shape: [h, w],
    data: Float32Array.from({ length: h * w }, (_, i) => value(Math.floor(i / w), i % w)),
  };
}

/** Σ over rows and columns. */
export function sumOver(h: number, w: number, value: (y: number, x: number) => number): number {
  let sum = 0;
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) sum += value(y, x);
  return sum;
}

/** Two places, two channels: A = (2, 1), (4, −1) and g = (1, −2), (3, 4), small enough to do in the head. */
export const HAND = {
  A: { shape: [1, 2, 2], data: Float32Array.of(2, 1, 4, -1) },
  g: { shape: [1, 2, 2], data: Float32Array.of(1, -2, 3, 4) },
} as const;
