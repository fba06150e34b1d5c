import test from 'ava';
import { gradCam } from '../../explainers/grad-cam.js';
import { shapleyCam } from '../../explainers/shapley-cam.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, relativeError } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { conv, dense, globalAverage, relu, square } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel, weights } from '../helpers/fake-model.js';

const targets = [classTarget(0), classTarget(1)];

/** Identity at `layer`, then y = x + x²/2 after a linear map, mean, linear head. */
const curved = (
  kernel: readonly number[],
  head: readonly number[],
  shape: readonly number[] = [1, 2, 2],
) =>
  fakeModel({
    inputShape: shape,
    layers: [
      relu('layer'),
      dense('mix', [2, 2], kernel, [0, 0]),
      square('bend'),
      globalAverage('pool'),
      dense('logits', [2, 2], head, [0, 0]),
    ],
    activation: 'linear',
  });

test('a quadratic score, worked by hand', async (t) => {
  // mix is the identity, s_0 = mean over 2 places of (a + a²/2) of channel 0:
  // g = (1 + a)/2, H·A = a/2, g − ½·H·A = 1/2 + a/4; a = 2, 4 gives 1 and 3/2, mean 5/4
  const model = curved([1, 0, 0, 1], [1, 0, 0, 1]);
  const inputs = { shape: [1, 1, 2, 2], data: Float32Array.of(2, 1, 4, 3) };
  const options = { targets, layer: 'layer' };
  const { maps } = await mapsOf(shapleyCam, model, inputs, options);
  closeTo(t, maps[0][0], { shape: [1, 2], data: [(5 / 4) * 2, (5 / 4) * 4] }, 1e-4);
  // channel 1: 1/2 + a/4 with a = 1, 3: mean 1
  closeTo(t, maps[0][1], { shape: [1, 2], data: [1, 3] }, 1e-4);
});

test('equals the exact second derivative of the network', async (t) => {
  const kernel = Array.from(weights(4, 6));
  const head = Array.from(weights(4, 7));
  const model = curved(kernel, head, [3, 2, 2]);
  const inputs = fakeInputs([3, 2, 2]);
  const A = inputs.data.map((value) => Math.max(value, 0));
  const places = 6;
  const W = (i: number, o: number) => kernel[i * 2 + o];
  const { maps } = await mapsOf(shapleyCam, model, inputs, { targets, layer: 'layer' });
  for (const [i] of targets.entries()) {
    // s = mean_p Σ_o v_o·(z + z²/2), z = W A_p: g = Σ_o v_o W_o (1 + z_o) / P, H·A = Σ_o v_o W_o z_o / P
    const w = [0, 0];
    for (let p = 0; p < places; p++) {
      for (let o = 0; o < 2; o++) {
        const z = A[2 * p] * W(0, o) + A[2 * p + 1] * W(1, o);
        for (let k = 0; k < 2; k++) {
          w[k] += (head[o * 2 + i] * W(k, o) * (1 + z / 2)) / places / places;
        }
      }
    }
    const data = Array.from({ length: places }, (_, p) => w[0] * A[2 * p] + w[1] * A[2 * p + 1]);
    closeTo(t, maps[0][i], { shape: [3, 2], data }, 1e-4);
  }
});

test('is grad-cam where the score is piecewise linear, corners near by or not', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  for (const layer of ['relu1', 'relu2']) {
    const { maps } = await mapsOf(shapleyCam, model, inputs, { targets, layer });
    const plain = await mapsOf(gradCam, model, inputs, { targets, layer });
    targets.forEach((_, i) => closeTo(t, maps[0][i], plain.maps[0][i]));
  }
  // the difference over the step crosses the corner of this unit: not curvature
  const corner = fakeModel({
    inputShape: [1, 2, 1],
    layers: [
      relu('layer'),
      conv('shift', [1, 1, 1, 1], [1], [-0.999]),
      relu('corner'),
      globalAverage('pool'),
      dense('logits', [1, 2], [1, 2], [0, 0]),
    ],
  });
  const near = { shape: [1, 1, 2, 1], data: Float32Array.of(1, 5) };
  const { maps } = await mapsOf(shapleyCam, corner, near, { targets, layer: 'layer' });
  const plain = await mapsOf(gradCam, corner, near, { targets, layer: 'layer' });
  targets.forEach((_, i) => closeTo(t, maps[0][i], plain.maps[0][i]));
});

test('with probabilities it differs from grad-cam, and the step shows in a cubic score', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const options = { targets, score: 'output' } as const;
  const [[map]] = (await mapsOf(shapleyCam, model, inputs, options)).maps;
  const [[plain]] = (await mapsOf(gradCam, model, inputs, options)).maps;
  t.true(relativeError(map.data, plain.data).error > 0.01);
  const coarse = { ...options, options: { step: 0.5 } };
  const [[other]] = (await mapsOf(shapleyCam, model, inputs, coarse)).maps;
  t.true(relativeError(other.data, map.data).error > 1e-4);
});
