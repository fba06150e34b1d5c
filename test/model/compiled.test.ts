/** The one model over graphs: what the interface promises, on the float64 executor and on ONNX Runtime. */
import test, { type ExecutionContext } from 'ava';
import { AbortedError, isWhylensError } from '../../src/errors.js';
import type { NdArray } from '../../src/explanation.js';
import { CompiledModel } from '../../src/model/compiled.js';
import type { Executor } from '../../src/model/executors/executor.js';
import { onnxRuntimeNode } from '../../src/model/executors/onnxruntime/node.js';
import { tfjsExecutor } from '../../src/model/executors/tfjs/executor.js';
import { referenceExecutor } from '../../src/model/executors/reference.js';
import * as b from '../../src/model/graph/build.js';
import * as c from '../../src/model/graph/composites.js';
import { ndSamples } from '../../src/model/interface.js';
import {
  classTarget,
  ratherThan,
  regressionTarget,
  similarityTarget,
  topClass,
} from '../../src/model/targets.js';
import { checkGradients, largest, largestDifference, randomArray } from '../helpers/tfjs.js';
import { SHAPE, valueModel } from '../helpers/value-model.js';

const one = randomArray([1, ...SHAPE], 5);
const three = randomArray([3, ...SHAPE], 6);
const sample = ({ shape, data }: NdArray, n: number): NdArray => {
  const size = data.length / shape[0];
  return { shape: [1, ...shape.slice(1)], data: data.subarray(n * size, (n + 1) * size) };
};
const near = (t: ExecutionContext, a: NdArray, other: NdArray, what: string, by = 2e-5): void => {
  t.deepEqual([...a.shape], [...other.shape], what);
  const off = largestDifference(a.data, other.data) / Math.max(largest(other.data), 1e-6);
  t.true(off < by, `${what}: off by ${off}`);
};

async function executors(t: ExecutionContext): Promise<Executor[]> {
  const own = [referenceExecutor, await tfjsExecutor({ backend: 'wasm' })];
  try {
    return [...own, await onnxRuntimeNode({ threads: 1 })];
  } catch (error) {
    t.log(`NOT CHECKED: onnxruntime does not load here: ${String(error)}`);
    return own;
  }
}
/** The same check on every engine, one after the other: TensorFlow.js has one current backend. */
const on = (
  title: string,
  check: (t: ExecutionContext, model: CompiledModel) => Promise<void>,
): void => {
  test.serial(title, async (t) => {
    for (const executor of await executors(t)) {
      const model = new CompiledModel(valueModel(), executor);
      await check(t, model);
      model.release();
    }
  });
};

on('gradients at the input are those of differences', (t, model) =>
  checkGradients(t, model, [randomArray([2, ...SHAPE], 10)], 1e-2),
);

on('a batch equals singles, in chunks too', async (t, model) => {
  const request = { targets: [classTarget(1), classTarget(3)], layers: ['sum'], wrt: ['picture'] };
  const whole = await model.differentiate({ ...request, inputs: [ndSamples(three)] });
  const chunked = await model.differentiate({
    ...request,
    inputs: [ndSamples(three)],
    batchSize: 2,
  });
  for (const n of [0, 1, 2]) {
    const single = await model.differentiate({
      ...request,
      inputs: [ndSamples(sample(three, n))],
    });
    for (const name of ['sum', 'picture']) {
      for (const target of [0, 1]) {
        const alone = single.gradients[name][target];
        near(t, sample(whole.gradients[name][target], n), alone, `${name} ${n}`);
        near(t, sample(chunked.gradients[name][target], n), alone, `${name} ${n} in chunks`);
      }
    }
    t.deepEqual(single.scores[0].length, 2);
    t.true(Math.abs(single.scores[0][1] - whole.scores[n][1]) < 1e-4);
  }
});

on('several targets equal one at a time, chosen by the outputs or not', async (t, model) => {
  const request = { inputs: [ndSamples(one)], layers: ['seen'], wrt: ['picture'] };
  const targets = [
    topClass(),
    classTarget(2),
    ratherThan(0, 3),
    regressionTarget(1, -1, 'other'),
    similarityTarget([1, -2, 0.5, 3]),
    topClass(1),
  ];
  for (const score of ['logit', 'output'] as const) {
    const all = await model.differentiate({ ...request, targets, score });
    for (const [i, target] of targets.entries()) {
      const single = await model.differentiate({ ...request, targets: [target], score });
      near(t, all.gradients.picture[i], single.gradients.picture[0], `input ${i}`);
      near(t, all.gradients.seen[i], single.gradients.seen[0], `seen ${i}`);
      t.true(Math.abs(all.scores[0][i] - single.scores[0][0]) < 1e-5);
    }
  }
});

on('running on from a layer with its own activations changes nothing', async (t, model) => {
  const plain = await model.run({ inputs: [ndSamples(one)], record: ['mixed', 'deep'] });
  const again = await model.run({
    inputs: [ndSamples(one)],
    record: ['deep'],
    from: { layer: 'mixed', activations: ndSamples(plain.activations.mixed) },
  });
  near(t, again.outputs[0].logits, plain.outputs[0].logits, 'logits');
  near(t, again.activations.deep, plain.activations.deep, 'deep');
});

on('variants of a layer with a skip connection around it, one sample for all', async (t, model) => {
  const { activations } = await model.run({ inputs: [ndSamples(one)], record: ['mixed'] });
  const { shape, data } = activations.mixed;
  const variants = {
    shape: [3, ...shape.slice(1)],
    data: Float32Array.from([...data, ...data.map((x) => x / 2), ...data.map((x) => x * x)]),
  };
  const from = { layer: 'mixed', activations: ndSamples(variants) };
  const request = { inputs: [ndSamples(one)], targets: [classTarget(2)], layers: ['mixed'] };
  const all = await model.differentiate({ ...request, from });
  t.deepEqual([...all.outputs[0].logits.shape], [3, 4]);
  for (const n of [0, 1, 2]) {
    const single = await model.differentiate({
      ...request,
      from: { layer: 'mixed', activations: ndSamples(sample(variants, n)) },
    });
    near(t, sample(all.outputs[0].values, n), single.outputs[0].values, `output ${n}`);
    near(t, sample(all.gradients.mixed[0], n), single.gradients.mixed[0], `gradient ${n}`);
  }
  // the way around the layer is still there
  const { gradients } = await model.differentiate({ ...request, from, wrt: ['picture'] });
  t.deepEqual([...gradients.picture[0].shape], [3, ...SHAPE]);
  t.true(largest(gradients.picture[0].data) > 0);
  const outputs = await model.run({
    inputs: [
      ndSamples({
        shape: [3, ...SHAPE],
        data: Float32Array.from([...one.data, ...one.data, ...one.data]),
      }),
    ],
    from,
  });
  near(t, outputs.outputs[0].logits, all.outputs[0].logits, 'one sample a variant');
});

on('guided and deconvnet cut what is negative, and differ', async (t, model) => {
  const of = async (reluRule: 'plain' | 'guided' | 'deconvnet'): Promise<Float32Array> => {
    const request = { inputs: [ndSamples(one)], targets: [classTarget(0)], wrt: ['picture'] };
    return (await model.differentiate({ ...request, reluRule })).gradients.picture[0].data;
  };
  const [plain, guided, deconvnet] = [await of('plain'), await of('guided'), await of('deconvnet')];
  t.true(largestDifference(plain, guided) > 1e-3);
  t.true(largestDifference(guided, deconvnet) > 1e-3);
});

on('the linear head over the last convolution, and what follows elsewhere', async (t, model) => {
  const head = model.linearHead('deep');
  if ('found' in head) return t.fail(head.found);
  const { activations, outputs } = await model.run({ inputs: [ndSamples(one)], record: ['mean'] });
  const logits = Float32Array.from(head.bias, (bias, k) =>
    activations.mean.data.reduce((sum, x, c) => sum + x * head.kernel.data[c * 4 + k], bias),
  );
  t.true(largestDifference(logits, outputs[0].logits.data) < 1e-5);
  t.deepEqual([...head.kernel.shape], [6, 4]);
  const other = model.linearHead('deep', 'other');
  t.deepEqual('found' in other ? [] : [...other.bias], [0, 0]);
  const elsewhere = model.linearHead('pooled');
  t.regex('found' in elsewhere ? elsewhere.found : '', /no global average pooling.*deep/);
});

on('biases: of a convolution, of a normalisation, of neither', (t, model) => {
  const { layers } = model.describe();
  const biased = layers.filter(({ hasBias }) => hasBias === true).map(({ path }) => path);
  t.deepEqual(biased, ['norm', 'mixed', 'scores']);
  t.is(model.bias('norm')!.length, 5);
  t.is(model.bias('seen'), undefined);
  return Promise.resolve();
});

on(
  'weights drawn anew change what follows, keep what comes before, repeat by seed',
  async (t, model) => {
    const run = async (m: typeof model | ReturnType<typeof model.randomize>) =>
      m.run({ inputs: [ndSamples(one)], record: ['seen', 'mixed'] });
    const other = model.randomize(['mixed'], 1);
    const [before, after] = [await run(model), await run(other)];
    near(t, after.activations.seen, before.activations.seen, 'before the layer');
    t.true(largestDifference(after.activations.mixed.data, before.activations.mixed.data) > 0.1);
    const again = await run(model.randomize(['mixed'], 1));
    t.deepEqual(again.outputs[0].logits.data, after.outputs[0].logits.data);
    const normalised = await run(model.randomize(['norm'], 2));
    t.true(normalised.outputs[0].logits.data.every(Number.isFinite));
    t.true(largestDifference(normalised.activations.seen.data, before.activations.seen.data) > 0.1);
    other.release();
    // releasing the copy leaves the model alone
    near(t, (await run(model)).outputs[0].logits, before.outputs[0].logits, 'after release');
  },
);

on('progress, chunks and an abort between them', async (t, model) => {
  const seen: number[] = [];
  const controller = new AbortController();
  let ticks = 0;
  const timer = setInterval(() => ticks++, 0);
  const error = await t.throwsAsync(
    model.run({
      inputs: [ndSamples(randomArray([9, ...SHAPE]))],
      batchSize: 2,
      signal: controller.signal,
      onProgress: (done) => {
        seen.push(done);
        if (done === 6) controller.abort();
      },
    }),
    { instanceOf: AbortedError },
  );
  clearInterval(timer);
  t.truthy(error);
  t.deepEqual(seen, [2, 4, 6]);
  const offsets: number[] = [];
  const collected = await model.run({
    inputs: [ndSamples(three)],
    batchSize: 2,
    onChunk: ({ offset }) => offsets.push(offset),
  });
  t.deepEqual(offsets, [0, 2]);
  t.is(collected.outputs[0].values.data.length, 0);
});

on('what cannot be asked is a typed error', async (t, model) => {
  const codes: [Promise<unknown>, string][] = [
    [model.run({ inputs: [] }), 'INVALID_DOCUMENT'],
    [model.run({ inputs: [ndSamples(randomArray([1, 3, 3, 3]))] }), 'INVALID_DOCUMENT'],
    [model.run({ inputs: [ndSamples(one)], record: ['nowhere'] }), 'UNKNOWN_LAYER'],
    [
      model.differentiate({ inputs: [ndSamples(one)], targets: [classTarget(9)] }),
      'INVALID_TARGET',
    ],
    [
      model.differentiate({ inputs: [ndSamples(one)], targets: [topClass()], wrt: ['sound'] }),
      'INVALID_DOCUMENT',
    ],
    [
      model.differentiate({
        inputs: [ndSamples(one)],
        targets: [classTarget(0)],
        layers: ['other'],
      }),
      'UNSUITABLE_LAYER',
    ],
  ];
  for (const [promise, code] of codes) {
    const error = await t.throwsAsync(promise);
    t.true(isWhylensError(error, code as never), `${code}: ${String(error)}`);
  }
});

test('free sizes: a graph for each, a few of them kept', async (t) => {
  const at = (shape: readonly number[]) => {
    const x = b.input('x', shape);
    const kernel = b.tensor([1, 1, 1, 2], [1, -2]);
    const y = b.relu(b.conv(x, kernel));
    const value = c.globalAveragePool(y);
    return {
      name: 'free',
      format: 'values',
      inputs: [{ name: 'x', value: x, shape: [null, null, 1] }],
      outputs: [{ name: 'y', value, logits: value, activation: 'linear' as const }],
      layers: new Map([['y', { path: 'y', kind: 'Relu', value: y, parameters: 2, inputs: [] }]]),
    };
  };
  const model = new CompiledModel(at([2, 2, 1]), referenceExecutor, {
    atSizes: ([shape]) => at(shape),
  });
  t.deepEqual(model.describe().inputs[0].shape, [null, null, 1]);
  for (const n of [2, 3, 4, 5, 2]) {
    const data = new Float32Array(n * n).fill(n);
    const { outputs } = await model.run({ inputs: [ndSamples({ shape: [1, n, n, 1], data })] });
    t.deepEqual([...outputs[0].values.data], [n, 0]);
  }
});

test('after release nothing runs, and the message says so', async (t) => {
  const executor = (await executors(t)).at(-1)!;
  if (executor === referenceExecutor) {
    t.pass();
    return;
  }
  const model = new CompiledModel(valueModel(), executor);
  await model.run({ inputs: [ndSamples(one)] });
  model.release();
  await t.throwsAsync(model.run({ inputs: [ndSamples(one)] }), { message: /released/ });
});

test('the samples of a chunk are overwritten only after the engine is done with them', async (t) => {
  const { write } = ndSamples(three);
  // not as an array, which is never copied
  const inputs = [{ count: 3, shape: SHAPE, write }];
  const answers: NdArray[] = [];
  for (const leavesFeeds of [true, false]) {
    const seen = new Set<ArrayBufferLike>();
    const executor: Executor = {
      ...referenceExecutor,
      leavesFeeds,
      compile: async (outputs) => {
        const { run, release } = await referenceExecutor.compile(outputs);
        return {
          release,
          run: (feeds) => {
            for (const { data } of feeds.values()) seen.add(data.buffer);
            return run(feeds);
          },
        };
      },
    };
    const model = new CompiledModel(valueModel(), executor);
    answers.push((await model.run({ inputs, batchSize: 1 })).outputs[0].values);
    t.is(seen.size, leavesFeeds ? 1 : 3);
  }
  t.deepEqual(answers[0], answers[1]);
});
