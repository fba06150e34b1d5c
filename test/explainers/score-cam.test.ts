import test from 'ava';
import { scoreCam } from '../../explainers/score-cam.js';
import type { NdArray } from '../../src/explanation.js';
import { sampleOf } from '../../src/maths/ndarray.js';
import { ndSamples } from '../../src/model/interface.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, relativeError } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { conv, dense, globalAverage, relu } from '../helpers/fake-layers.js';
import {
  fakeClassifier,
  fakeInputs,
  fakeModel,
  weights,
  type FakeModel,
} from '../helpers/fake-model.js';
import { layerValues, mapBy, nested } from '../helpers/layer-values.js';

const SHAPE = [6, 8, 3];
const targets = [classTarget(1), classTarget(3)];

/** Value of a small map at a pixel of a large one: bilinear, half-pixel centres, edges repeated. */
function sampled(map: number[][], y: number, x: number, h: number, w: number): number {
  const clamp = (v: number, n: number) => Math.min(Math.max(v, 0), n - 1);
  const at = (i: number, to: number, from: number) => clamp(((i + 0.5) * from) / to - 0.5, from);
  const [fy, fx] = [at(y, h, map.length), at(x, w, map[0].length)];
  const near = (a: number, b: number) => Math.max(0, 1 - Math.abs(a - b));
  let sum = 0;
  map.forEach((row, i) => row.forEach((v, j) => (sum += v * near(fy, i) * near(fx, j))));
  return sum;
}

/** Algorithm 1, or the authors' code, one channel at a time. */
async function transcription(model: FakeModel, inputs: NdArray, mode: string, target: number) {
  const { A: activations } = await layerValues(model, inputs, 'relu2', targets);
  const [h, w, channels] = activations.shape;
  const A = nested(activations);
  const score = async (data: Float32Array) => {
    const { outputs } = await model.run({ inputs: [ndSamples({ shape: [1, ...SHAPE], data })] });
    return (mode === 'paper' ? outputs[0].logits : outputs[0].values).data[target];
  };
  const base = await score(new Float32Array(6 * 8 * 3));
  const scores: number[] = [];
  for (let k = 0; k < channels; k++) {
    const channel = A.map((row) => row.map((place) => place[k]));
    const big = mapBy(6, 8, (y, x) => sampled(channel, y, x, 6, 8)).data;
    const [low, high] = [Math.min(...big), Math.max(...big)];
    if (low === high) {
      scores.push(-Infinity);
      continue;
    }
    const masked = inputs.data.map((v, i) => v * ((big[Math.floor(i / 3)] - low) / (high - low)));
    scores.push((await score(masked)) - (mode === 'paper' ? base : 0));
  }
  const total = scores.reduce((sum, value) => sum + Math.exp(value), 0);
  const alpha = scores.map((value) =>
    value === -Infinity ? 0 : mode === 'paper' ? Math.exp(value) / total : value,
  );
  return mapBy(h, w, (y, x) => A[y][x].reduce((sum, a, k) => sum + alpha[k] * a, 0));
}

for (const mode of ['paper', 'reference']) {
  test(`equals algorithm 1 of the paper, or its code: mode ${mode}`, async (t) => {
    const model = fakeClassifier();
    const inputs = fakeInputs(SHAPE);
    const { maps } = await mapsOf(scoreCam, model, inputs, { targets, options: { mode } });
    closeTo(t, maps[0][0], await transcription(model, inputs, mode, 1), 1e-4);
    closeTo(t, maps[0][1], await transcription(model, inputs, mode, 3), 1e-4);
  });
}

test('one row of two places, worked by hand', async (t) => {
  // channels (0, 2) and (1, 1): the second has no mask; X∘H = (0, 2), its mean score 3 · 1
  const model = fakeModel({
    inputShape: [1, 2, 1],
    layers: [
      conv('conv', [1, 1, 1, 2], [1, 0], [0, 1]),
      globalAverage('pool'),
      dense('logits', [2, 2], [0, 3, 0, 0], [0, 0]),
    ],
    activation: 'linear',
  });
  const inputs = { shape: [1, 1, 2, 1], data: Float32Array.of(0, 2) };
  const options = { targets: [classTarget(1)], options: { mode: 'reference' } };
  const reference = await mapsOf(scoreCam, model, inputs, options);
  closeTo(t, reference.maps[0][0], { shape: [1, 2], data: [0, 6] });
  t.deepEqual(reference.facts, [{ channelsRun: 1 }]);
  // alone in the softmax the channel has the weight 1
  const paper = await mapsOf(scoreCam, model, inputs, { targets: [classTarget(1)] });
  closeTo(t, paper.maps[0][0], { shape: [1, 2], data: [0, 2] });
});

test('only channels that vary are run, once for all targets, and topChannels takes the liveliest', async (t) => {
  const model = fakeModel({
    inputShape: [2, 3, 1],
    layers: [
      // channels: x, constant 1, 3x, dead
      conv('conv', [1, 1, 1, 4], [1, 0, 3, 0], [0, 1, 0, -1]),
      relu('relu'),
      globalAverage('pool'),
      dense('logits', [4, 4], weights(16, 4), [0, 0, 0, 0]),
    ],
  });
  const inputs = { shape: [1, 2, 3, 1], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  await mapsOf(scoreCam, model, inputs, { targets });
  t.is(model.ran.samples, 1 + 2);
  const options = { targets, options: { topChannels: 1, mode: 'reference' } };
  const { maps } = await mapsOf(scoreCam, model, inputs, options);
  t.is(model.ran.samples, 3 + 1 + 1);
  // the map is channel 2 alone: 3x times a number
  const [first] = maps[0][0].data;
  closeTo(t, maps[0][0], { shape: [2, 3], data: [1, 2, 3, 4, 5, 6].map((x) => x * first) });
});

test('constant activations run nothing and give zeros', async (t) => {
  const model = fakeClassifier();
  const inputs = { shape: [1, 2, 2, 1], data: new Float32Array(4) };
  const flat = fakeModel({
    inputShape: [2, 2, 1],
    layers: [
      relu('relu'),
      globalAverage('pool'),
      dense('logits', [1, 4], [1, 2, 3, 4], [0, 0, 0, 0]),
    ],
  });
  const { maps } = await mapsOf(scoreCam, flat, inputs, { targets });
  t.is(flat.ran.samples, 1);
  t.deepEqual(Array.from(maps[0][0].data), [0, 0, 0, 0]);
  t.is(model.ran.samples, 0);
});

test('a batch masks each sample with its own channels, progress counts the variants', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs(SHAPE, 2);
  const seen: [number, number][] = [];
  const batch = { batchSize: 4, onProgress: (...step: [number, number]) => seen.push(step) };
  const { maps } = await mapsOf(scoreCam, model, inputs, { targets, batch });
  for (const n of [0, 1]) {
    const one = sampleOf(inputs, n);
    const single = { shape: [1, ...SHAPE], data: one.data.slice() };
    const alone = await mapsOf(scoreCam, model, single, { targets });
    alone.maps[0].forEach((map, i) => closeTo(t, maps[n][i], map));
  }
  t.true(relativeError(maps[0][0].data, maps[1][0].data).error > 0.01);
  t.deepEqual(seen.at(-1), [10, 10]);
  t.deepEqual(
    seen.map(([done]) => done),
    [4, 8, 10],
  );
});
