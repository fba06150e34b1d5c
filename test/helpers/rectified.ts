import { dense, flatten, relu } from './fake-layers.js';
import { fakeModel } from './fake-model.js';

/**
 * One row of two positions with two channels, x = [1, 0, 1, 2], into three
 * rectified units a = 1 + 2 = 3, b = 2, c = −1, into one score 2a − 3b + 5c.
 */
export function rectifiedByHand(ceiling?: number) {
  const model = fakeModel({
    inputShape: [1, 2, 2],
    layers: [
      flatten('flat'),
      // columns: a = [1, −1, 2, 0], b = [0, 1, 0, 1], c = [−1, 0, 0, 0]
      dense('units', [4, 3], [1, 0, -1, -1, 1, 0, 2, 0, 0, 0, 1, 0], [0, 0, 0]),
      relu('relu', ceiling),
      dense('logits', [3, 1], [2, -3, 5], [0]),
    ],
    activation: 'linear',
  });
  return { model, input: { shape: [1, 1, 2, 2], data: Float32Array.of(1, 0, 1, 2) } };
}
