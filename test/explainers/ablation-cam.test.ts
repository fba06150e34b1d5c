import test from 'ava';
import { ablationCam } from '../../explainers/ablation-cam.js';
import { isWhylensError } from '../../src/errors.js';
import type { NdArray, Target } from '../../src/explanation.js';
import { ndSamples, type ScoreKind } from '../../src/model/interface.js';
import { classTarget, ratherThan, similarityTarget } from '../../src/model/targets.js';
import { scoreOf } from '../../src/model/targets.js';
import { closeTo } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { dense, globalAverage, relu } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel, type FakeModel } from '../helpers/fake-model.js';
import { layerValues, mapBy, nested } from '../helpers/layer-values.js';

const SHAPE = [6, 8, 3];
const targets = [classTarget(1), ratherThan(0, 3)];

/** Every channel set to zero in turn and the rest of the network run, one at a time. */
async function transcription(
  model: FakeModel,
  inputs: NdArray,
  layer: string,
  target: Target,
  score: ScoreKind,
) {
  const { A: activations } = await layerValues(model, inputs, layer, targets);
  const [h, w, channels] = activations.shape;
  const scoreWithout = async (k: number) => {
    const data = activations.data.map((value, i) => (i % channels === k ? 0 : value));
    const { outputs } = await model.run({
      inputs: [ndSamples(inputs)],
      from: { layer, activations: ndSamples({ shape: [1, h, w, channels], data }) },
    });
    return scoreOf(target, outputs, 0, score);
  };
  const s = await scoreWithout(-1);
  const drops: number[] = [];
  for (let k = 0; k < channels; k++) drops.push((s - (await scoreWithout(k))) / Math.abs(s));
  const A = nested(activations);
  return mapBy(h, w, (y, x) => A[y][x].reduce((sum, a, k) => sum + drops[k] * a, 0));
}

test('a row of two places, worked by hand', async (t) => {
  // means 2 and 1; s = 3·2 − 5·1 − 3 = −2, without channel 0: −8, without channel 1: 3
  const model = fakeModel({
    inputShape: [1, 2, 2],
    layers: [relu('relu'), globalAverage('pool'), dense('logits', [2, 1], [3, -5], [-3])],
    activation: 'linear',
  });
  const inputs = { shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 0) };
  const { maps } = await mapsOf(ablationCam, model, inputs, { targets: [classTarget(0)] });
  closeTo(t, maps[0][0], { shape: [1, 2], data: [3 * 1 - 2.5 * 2, 3 * 3] });
});

for (const score of ['logit', 'output'] as const) {
  for (const layer of ['relu1', 'relu2']) {
    test(`equals ablating one channel after the other: ${score} at ${layer}`, async (t) => {
      const model = fakeClassifier();
      const inputs = fakeInputs(SHAPE);
      const options = { targets, layer, score };
      const { maps } = await mapsOf(ablationCam, model, inputs, options);
      for (const [i, target] of targets.entries()) {
        const expected = await transcription(model, inputs, layer, target, score);
        closeTo(t, maps[0][i], expected, 1e-3);
      }
    });
  }
}

test('before a linear head nothing is run; elsewhere each active channel once, from the layer on', async (t) => {
  const head = fakeClassifier();
  const inputs = fakeInputs(SHAPE);
  await mapsOf(ablationCam, head, inputs, { targets });
  t.is(head.ran.samples, 1);
  const deep = fakeClassifier();
  const { facts } = await mapsOf(ablationCam, deep, inputs, { targets, layer: 'relu1' });
  t.deepEqual(facts, { channelsRun: 4 });
  t.is(deep.ran.samples, 1 + 4);
  t.deepEqual(deep.ran.from, [undefined, 'relu1']);
  // a target that is not linear is run even before a linear head
  const bent = fakeClassifier();
  await mapsOf(ablationCam, bent, inputs, {
    targets: [similarityTarget([1, 0, 2, 0])],
  });
  t.true(bent.ran.samples > 1);
});

test('channels that are zero already are never run', async (t) => {
  const model = fakeModel({
    inputShape: [1, 2, 3],
    layers: [
      relu('relu'),
      dense('mix', [3, 2], [1, 2, 3, 4, 5, 6], [0, 0]),
      globalAverage('pool'),
      dense('logits', [2, 2], [1, 2, 3, 4], [0, 0]),
    ],
  });
  const inputs = { shape: [1, 1, 2, 3], data: Float32Array.of(1, -1, 0, 2, -3, 5) };
  const { facts } = await mapsOf(ablationCam, model, inputs, { layer: 'relu' });
  t.deepEqual(facts, { channelsRun: 2 });
});

test('a score of exactly zero leaves the drops as they are', async (t) => {
  const model = fakeModel({
    inputShape: [1, 2, 1],
    layers: [relu('relu'), globalAverage('pool'), dense('logits', [1, 1], [2], [-4])],
    activation: 'linear',
  });
  const inputs = { shape: [1, 1, 2, 1], data: Float32Array.of(1, 3) };
  const { maps } = await mapsOf(ablationCam, model, inputs, { targets: [classTarget(0)] });
  closeTo(t, maps[0][0], { shape: [1, 2], data: [4, 12] });
});

test('progress and abort count the ablations of the whole batch', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs(SHAPE, 3);
  const seen: string[] = [];
  const control = new AbortController();
  const batch = {
    batchSize: 2,
    signal: control.signal,
    onProgress: (done: number, total: number) => {
      seen.push(`${done}/${total}`);
      if (done === 6) control.abort();
    },
  };
  const run = mapsOf(ablationCam, model, inputs, { targets, layer: 'relu1', batch });
  const error = await t.throwsAsync(run);
  t.true(isWhylensError(error, 'ABORTED'));
  t.deepEqual(seen, ['2/12', '4/12', '6/12']);
  t.deepEqual((error as unknown as { facts: object }).facts, { done: 6, total: 12 });
});
