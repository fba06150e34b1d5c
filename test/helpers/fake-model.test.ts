import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { ndSamples } from '../../src/model/interface.js';
import { classTarget, ratherThan } from '../../src/model/targets.js';
import { conv, dense, flatten, globalAverage, relu, square, tokens } from './fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel, weights, type FakeModel } from './fake-model.js';

/** d score / d value `index` by a central difference of the scores that `at` gives. */
async function slope(at: (step: number) => Promise<number>): Promise<number> {
  const step = 1 / 128;
  return ((await at(step)) - (await at(-step))) / (2 * step);
}

const smooth = fakeModel({
  inputShape: [3, 4, 2],
  layers: [
    conv('conv', [2, 3, 2, 3], weights(36, 1, 0.5), [0.1, 0.2, -0.3], 2),
    square('square'),
    tokens('tokens', [[1, 2, 3]]),
    dense('mix', [3, 2], weights(6, 2), [0, 1]),
    square('square2'),
    flatten('flat'),
    dense('logits', [10, 3], weights(30, 3), [0, 0, 0]),
  ],
});

for (const score of ['logit', 'output'] as const) {
  test(`gradients of a smooth network equal finite differences, score ${score}`, async (t) => {
    const input = fakeInputs([3, 4, 2]);
    const targets = [classTarget(1), ratherThan(2, 0)];
    const request = { inputs: [ndSamples(input)], targets, score };
    const { gradients, activations } = await smooth.differentiate({
      ...request,
      layers: ['conv', 'mix'],
      wrt: ['picture'],
    });
    const scoreAt = async (
      path: string | undefined,
      index: number,
      step: number,
      which: number,
    ) => {
      const base = path === undefined ? input : activations[path];
      const data = base.data.slice();
      data[index] += step;
      const moved = ndSamples({ shape: base.shape, data });
      const { scores } = await smooth.differentiate(
        path === undefined
          ? { ...request, inputs: [moved] }
          : { ...request, from: { layer: path, activations: moved } },
      );
      return scores[0][which];
    };
    for (const [path, index] of [
      [undefined, 0],
      [undefined, 13],
      ['conv', 4],
      ['mix', 0],
      ['mix', 7],
    ] as const) {
      for (const which of [0, 1]) {
        const expected = await slope((step) => scoreAt(path, index, step, which));
        const got = gradients[path ?? 'picture'][which].data[index];
        t.true(Math.abs(got - expected) < 2e-3, `${path} ${index} ${which}: ${got} ${expected}`);
      }
    }
  });
}

test('a batch equals singles, and running from a layer equals running through it', async (t) => {
  const model: FakeModel = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3], 5);
  const whole = await model.run({ inputs: [ndSamples(inputs)], record: ['relu2'] });
  const size = 6 * 8 * 3;
  for (let n = 0; n < 5; n++) {
    const data = inputs.data.slice(n * size, (n + 1) * size);
    const one = await model.run({ inputs: [ndSamples({ shape: [1, 6, 8, 3], data })] });
    t.deepEqual(one.outputs[0].logits.data, whole.outputs[0].logits.data.slice(n * 4, n * 4 + 4));
  }
  const from = await model.run({
    inputs: [ndSamples(inputs)],
    from: { layer: 'relu2', activations: ndSamples(whole.activations.relu2) },
  });
  whole.outputs[0].logits.data.forEach((v, i) =>
    t.true(Math.abs(from.outputs[0].logits.data[i] - v) < 1e-6),
  );
});

test('rectifier rules, ceilings and abort', async (t) => {
  const model = fakeModel({
    inputShape: [2, 2, 1],
    layers: [relu('relu', 1), globalAverage('pool'), dense('logits', [1, 2], [-4, 4], [0, 0])],
    activation: 'linear',
  });
  const inputs = [ndSamples({ shape: [1, 2, 2, 1], data: Float32Array.of(-1, 0.5, 2, 0.25) })];
  const gradient = async (target: number, reluRule: 'plain' | 'guided' | 'deconvnet') => {
    const request = { inputs, targets: [classTarget(target)], wrt: ['picture'], reluRule };
    return Array.from((await model.differentiate(request)).gradients.picture[0].data);
  };
  t.deepEqual(await gradient(1, 'plain'), [0, 1, 0, 1]);
  t.deepEqual(await gradient(0, 'guided'), [0, 0, 0, 0]);
  t.deepEqual(await gradient(1, 'deconvnet'), [1, 1, 1, 1]);
  const error = await t.throwsAsync(model.run({ inputs, signal: AbortSignal.abort() }));
  t.true(isWhylensError(error, 'ABORTED'));
});

test('randomize draws other weights, the model stays as it is', async (t) => {
  const model = fakeClassifier();
  const request = { inputs: [ndSamples(fakeInputs([6, 8, 3]))] };
  const before = await model.run(request);
  const other = await model.randomize(['logits'], 1).run(request);
  t.notDeepEqual(other.outputs[0].logits.data, before.outputs[0].logits.data);
  t.deepEqual((await model.run(request)).outputs[0].logits.data, before.outputs[0].logits.data);
});
