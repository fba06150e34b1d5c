/** The smallest models whose explanations can be written down by hand. */
import { dense, flatten, square } from './fake-layers.js';
import { fakeModel, type FakeModel } from './fake-model.js';

/** Scores Σ_i kernel[i][c] · x_i + bias[c]: the gradient of class c is column c. */
export function linearModel(
  inputShape: readonly number[],
  kernel: readonly (readonly number[])[],
  bias: readonly number[] = kernel[0].map(() => 0),
): FakeModel {
  return fakeModel({
    inputShape,
    layers: [flatten('flat'), dense('logits', [kernel.length, bias.length], kernel.flat(), bias)],
    activation: 'linear',
  });
}

/** Scores Σ_i kernel[i][c] · (x_i + x_i²/2): the gradient of class c is kernel[i][c] · (1 + x_i). */
export function quadraticModel(
  inputShape: readonly number[],
  kernel: readonly (readonly number[])[],
): FakeModel {
  const classes = kernel[0].length;
  return fakeModel({
    inputShape,
    layers: [
      square('square'),
      flatten('flat'),
      dense('logits', [kernel.length, classes], kernel.flat(), new Array<number>(classes).fill(0)),
    ],
    activation: 'linear',
  });
}
