import test from 'ava';
import { fullGrad } from '../../explainers/full-grad.js';
import type { Target } from '../../src/explanation.js';
import { offsetGradient, psi, SumOfMaps } from '../../src/maths/full-grad.js';
import { resizeMap } from '../../src/maths/resize.js';
import { ndSamples } from '../../src/model/interface.js';
import { adaptKerasModel } from '../../src/model/tfjs/adapt-keras.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { classTarget, negativeClass, weightedTarget } from '../../src/model/targets.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { conv, dense, flatten, globalAverage, relu, square } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel, weights } from '../helpers/fake-model.js';
import { seedWeights, tfl } from '../helpers/tfjs.js';

const method = fullGrad;

interface Facts {
  readonly completenessGap: readonly number[];
  readonly completeness: readonly { input: number; bias: number; offset: number; gap: number }[];
}

/** Two convolutions cut at 1, so that units lie below, between and above. */
const cut = (activation: 'softmax' | 'sigmoid' = 'softmax') =>
  fakeModel({
    inputShape: [6, 8, 3],
    layers: [
      conv('conv1', [3, 3, 3, 4], weights(108, 1, 0.9), [0.3, -0.4, 0.2, 0.1]),
      relu('relu1', 1),
      conv('conv2', [3, 3, 4, 5], weights(180, 2, 0.9), [0.3, 0.1, -0.2, 0.1, 0.2], 2),
      relu('relu2', 1),
      globalAverage('pool'),
      dense('logits', [5, 4], weights(20, 3, 2), [0.1, -0.2, 0.3, 0.7]),
    ],
    activation,
  });

async function factsOf(model: ReturnType<typeof cut>, targets: Target[], options = {}) {
  const { facts, warnings } = await mapsOf(method, model, fakeInputs([6, 8, 3]), {
    targets,
    ...options,
  });
  return { ...(facts as unknown as readonly Facts[])[0], warnings };
}

test('by hand: one row, one unit below, between and at the ceiling', async (t) => {
  // z = 2x + 1, y = min(max(z, 0), 6), score = Σ w·y + 10
  const model = fakeModel({
    inputShape: [1, 3, 1],
    layers: [
      conv('conv', [1, 1, 1, 1], [2], [1]),
      relu('relu6', 6),
      flatten('flat'),
      dense('logits', [3, 1], [5, -3, 4], [10]),
    ],
    activation: 'linear',
  });
  const x = { shape: [1, 1, 3, 1], data: Float32Array.of(-2, 1, 4) };
  const { maps, facts } = await mapsOf(method, model, x, { targets: [classTarget(0)] });
  // z = −3, 3, 9: only the middle is a line (slope 2·−3), the right is the constant 6
  t.deepEqual((facts as unknown as readonly Facts[])[0].completeness, [
    { input: -6, bias: -3 + 10, offset: 24, gap: 0 },
  ]);
  // ψ: input [0, 6, 0], bias [0, 3, 0], ceiling [0, 0, 24], each scaled to 1; the head has no place
  closeTo(t, maps[0][0], mapOf([[0, 2, 1]]));
  const plain = await mapsOf(method, model, x, {
    targets: [classTarget(0)],
    options: { rescale: 'none' },
  });
  closeTo(t, plain.maps[0][0], mapOf([[0, 9, 24]]));
  const without = await mapsOf(method, model, x, {
    targets: [classTarget(0)],
    options: { offsets: false },
  });
  closeTo(t, without.maps[0][0], mapOf([[0, 2, 0]]));
});

test('the terms sum to the score, for every kind of target and score', async (t) => {
  const targets: Target[] = [
    classTarget(0),
    negativeClass(2),
    weightedTarget([
      { target: 1, weight: 1 },
      { target: 3, weight: -0.5 },
    ]),
    { kind: 'similarity', vector: [1, 2, -1, 0.5] },
  ];
  for (const score of ['logit', 'output'] as const) {
    for (const activation of ['softmax', 'sigmoid'] as const) {
      const { completeness } = await factsOf(cut(activation), targets, { score });
      completeness.forEach(({ gap, offset }, i) => {
        t.true(Math.abs(gap) < 1e-5, `${score} ${activation} target ${i}: gap ${gap}`);
        t.not(offset, 0);
      });
    }
  }
});

test('smooth units are complete too: what they add is read off the gradients', async (t) => {
  const model = fakeModel({
    inputShape: [6, 8, 3],
    layers: [
      conv('conv1', [3, 3, 3, 4], weights(108, 1), [0.3, -0.4, 0.2, 0.1]),
      square('square'),
      globalAverage('pool'),
      dense('logits', [4, 2], weights(8, 3), [0.1, -0.2]),
    ],
  });
  const { completenessGap, warnings } = await factsOf(model, [classTarget(1)]);
  t.true(Math.abs(completenessGap[0]) < 1e-5);
  t.deepEqual(warnings, []);
});

test('a unit whose input is read elsewhere too is named, not guessed', async (t) => {
  const model = fakeModel({
    inputShape: [6, 8, 3],
    layers: [
      conv('conv1', [3, 3, 3, 4], weights(108, 1), [0.3, -0.4, 0.2, 0.1]),
      square('square'),
      globalAverage('pool'),
      dense('logits', [4, 2], weights(8, 3), [0.1, -0.2]),
    ],
  });
  const description = model.describe();
  const shared = {
    ...model,
    describe: () => ({
      ...description,
      layers: description.layers.map((layer) =>
        layer.path === 'pool' ? { ...layer, inputs: ['square', 'conv1'] } : layer,
      ),
    }),
  };
  const { completenessGap, warnings } = await factsOf(shared, [classTarget(1)]);
  t.regex(warnings[0], /activation of square/);
  t.true(Math.abs(completenessGap[0]) > 1e-3);
});

test('equals the sum of the paper, channel by channel', async (t) => {
  const model = cut();
  const x = fakeInputs([6, 8, 3], 2);
  for (const rescale of ['layer', 'channel', 'none']) {
    const { maps } = await mapsOf(method, model, x, {
      targets: [classTarget(2), classTarget(0)],
      options: { rescale },
    });
    const { activations, gradients } = await model.differentiate({
      inputs: [ndSamples(x)],
      targets: [classTarget(2), classTarget(0)],
      layers: ['conv1', 'conv2', 'relu1', 'relu2'],
      wrt: ['picture'],
    });
    for (const n of [0, 1]) {
      for (const target of [0, 1]) {
        const expected = new Float64Array(48);
        const add = (space: number[], k: number, term: (i: number) => number) => {
          const size = space[0] * space[1] * k;
          const all = Array.from({ length: size }, (_, i) => Math.abs(term(n * size + i)));
          for (let c = 0; c < k; c++) {
            let own = all.filter((_, i) => i % k === c);
            const [low, high] =
              rescale === 'none'
                ? [0, 1]
                : rescale === 'layer'
                  ? [Math.min(...all), Math.max(...all)]
                  : [Math.min(...own), Math.max(...own)];
            own = own.map((v) => (high === low ? 0 : (v - low) / (high - low)));
            resizeMap({ shape: space, data: Float32Array.from(own) }, [6, 8]).data.forEach(
              (v, i) => (expected[i] += v),
            );
          }
        };
        const g = (path: string) => gradients[path][target].data;
        add([6, 8], 3, (i) => x.data[i] * g('picture')[i]);
        for (const [path, space, k] of [
          ['conv1', [6, 8], 4],
          ['conv2', [3, 4], 5],
        ] as const) {
          const bias = model.bias(path)!;
          add([...space], k, (i) => bias[i % k] * g(path)[i]);
          const unit = path.replace('conv', 'relu');
          add([...space], k, (i) => (activations[unit].data[i] === 1 ? g(unit)[i] : 0));
        }
        closeTo(t, maps[n][target], { shape: [6, 8], data: expected }, 1e-5, rescale);
      }
    }
  }
});

test('ψ of a flat term is zero, and by hand', (t) => {
  const flat = { shape: [2, 2, 1], data: new Float32Array(4).fill(-3) };
  t.deepEqual([...psi(flat, 'layer').data], [0, 0, 0, 0]);
  t.deepEqual([...psi(flat, 'none').data], [3, 3, 3, 3]);
  // magnitudes 1 5, 3 2: over the layer (v − 1) / 4, per channel (v − 1) / 2 and (v − 2) / 3
  const term = { shape: [1, 2, 2], data: Float32Array.of(-1, 5, 3, -2) };
  t.deepEqual([...psi(term, 'layer').data], [1, 0.75]);
  t.deepEqual([...psi(term, 'channel').data], [1, 1]);
});

test('maps of several sizes add up at the size of the input, those without a place left out', (t) => {
  const sum = new SumOfMaps([2, 2]);
  sum.add({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
  sum.add({ shape: [1, 2], data: Float32Array.of(10, 20) });
  sum.add({ shape: [1, 2], data: Float32Array.of(100, 0) });
  sum.add({ shape: [1, 1], data: Float32Array.of(5) });
  sum.add({ shape: [4], data: Float32Array.of(5, 5, 5, 5) });
  const { data } = resizeMap({ shape: [1, 2], data: Float32Array.of(110, 20) }, [2, 2]);
  t.deepEqual(
    [...sum.result().data],
    [1, 2, 3, 4].map((v, i) => v + data[i]),
  );
});

test('by hand: what x + x²/2 adds is −x²/2', (t) => {
  const of = (v: number) => ({ shape: [1], data: Float32Array.of(v) });
  // x = 3, y = 7.5, slope 4, gradient at the output 2
  t.deepEqual([...offsetGradient(of(3), of(8), of(7.5), of(2)).data], [2 * -4.5]);
});

test('two heads: each target has the biases of its own head, and closes on its own score', async (t) => {
  await selectBackend('cpu');
  const input = tfl.input({ shape: [6, 7, 3] });
  const apply = (layer: tfl.layers.Layer, x: tfl.SymbolicTensor) =>
    layer.apply(x) as tfl.SymbolicTensor;
  const { layers } = tfl;
  const stem = apply(
    layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu6' }),
    input,
  );
  const heads = ['kind', 'size'].map((name, i) => {
    const own = apply(
      layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu', name: `conv_${name}` }),
      stem,
    );
    const flat = apply(layers.flatten(), own);
    return apply(
      layers.dense({ units: 2 + i, activation: i === 0 ? 'softmax' : 'linear', name }),
      flat,
    );
  });
  const native = tfl.model({ inputs: input, outputs: heads });
  seedWeights(native);
  const model = await adaptKerasModel(native, {});
  const x = fakeInputs([6, 7, 3], 2);
  const [kind, size] = model.describe().outputs.map(({ name }) => name);
  const { facts, maps } = await mapsOf(method, model, x, {
    targets: [classTarget(1, kind), classTarget(2, size), classTarget(0, kind)],
  });
  for (const { completeness } of facts as unknown as readonly Facts[]) {
    completeness.forEach(({ gap, bias }, i) => {
      t.true(Math.abs(gap) < 1e-4, `target ${i}: gap ${gap}`);
      t.not(bias, 0);
    });
  }
  t.notDeepEqual(maps[0][0], maps[0][1]);
  model.release();
  native.dispose();
});

test('one chunk at a time: the classifier of two samples is run twice', async (t) => {
  const model = fakeClassifier();
  const { maps } = await mapsOf(method, model, fakeInputs([6, 8, 3], 2), {
    batch: { batchSize: 1 },
  });
  t.is(maps.length, 2);
  t.is(model.ran.samples, 2);
});
