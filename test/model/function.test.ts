import test, { type ExecutionContext } from 'ava';
import type { AdaptOptions } from '../../src/container/plugin.js';
import { AbortedError, isWhylensError, type ErrorCode } from '../../src/errors.js';
import type { NdArray } from '../../src/explanation.js';
import { FunctionAdapter, type PredictFunction } from '../../src/model/function.js';
import type { RunRequest, RunResult } from '../../src/model/interface.js';
import { ndSamples } from '../../src/model/interface.js';

const adapter = new FunctionAdapter();
const adapt = (predict: unknown, options: AdaptOptions = {}) => adapter.adapt(predict, options);

/** Two samples of shape [2, 1]: [1, 2] and [3, 5]. */
const inputs = [ndSamples({ shape: [2, 2, 1], data: Float32Array.of(1, 2, 3, 5) })];

async function run(
  predict: unknown,
  options: AdaptOptions = {},
  request: Partial<RunRequest> = {},
): Promise<RunResult> {
  return (await adapt(predict, options)).run({ inputs, ...request });
}

async function fails(
  t: ExecutionContext,
  promise: Promise<unknown>,
  code: ErrorCode,
  message: RegExp,
): Promise<void> {
  const error = await t.throwsAsync(promise, { message });
  t.true(isWhylensError(error, code), String(error));
}

/** Sum, difference and a constant, a row a sample. */
function rows({ shape, data }: NdArray): number[][] {
  return Array.from({ length: shape[0] }, (_, n) => [
    data[2 * n] + data[2 * n + 1],
    data[2 * n] - data[2 * n + 1],
    4,
  ]);
}
const EXPECTED = [3, -1, 4, 8, -2, 4];

test('only functions are recognised', (t) => {
  t.true(adapter.recognize(rows));
  t.true(adapter.recognize(async () => []));
  t.false(adapter.recognize({ predict: rows }));
  t.false(adapter.recognize(null));
});

test('every way of writing scores gives the same array', async (t) => {
  let disposed = 0;
  const data = () => Float32Array.from(EXPECTED);
  const ways: Record<string, PredictFunction> = {
    nested: rows,
    promised: async (batch) => rows(batch),
    typedRows: (batch) => rows(batch).map((row) => Float32Array.from(row)),
    ndarray: () => ({ shape: [2, 3], data: data() }),
    plain: () => ({ shape: [2, 3], data: [...EXPECTED] }),
    float32: data,
    float64: () => Float64Array.from(EXPECTED),
    flat: () => [...EXPECTED],
    tensor: () => ({ shape: [2, 3], data: async () => data(), dispose: () => disposed++ }),
    syncTensor: () => ({ shape: [2, 3], dataSync: data, dispose: () => disposed++ }),
  };
  for (const [name, predict] of Object.entries(ways)) {
    const { outputs, activations } = await run(predict);
    t.deepEqual(outputs[0].values, { shape: [2, 3], data: data() }, name);
    t.is(outputs[0].logits, outputs[0].values);
    t.deepEqual(activations, {});
  }
  t.is(disposed, 2);
});

test('a score a sample becomes one class; more axes stay', async (t) => {
  const single = await run(() => ({ shape: [2], data: [7, 8] }));
  t.deepEqual(single.outputs[0].values.shape, [2, 1]);
  t.deepEqual((await run(() => [7, 8])).outputs[0].values.shape, [2, 1]);
  const spatial = await run(() => [
    [[1], [2]],
    [[3], [4]],
  ]);
  t.deepEqual(spatial.outputs[0].values, { shape: [2, 2, 1], data: Float32Array.of(1, 2, 3, 4) });
});

test('what cannot be scores is refused, with what was returned', async (t) => {
  const bad: [unknown, RegExp][] = [
    [undefined, /undefined/],
    [null, /null/],
    [3, /number/],
    [{}, /without a shape/],
    [{ shape: [2, 3] }, /without data/],
    [[[1, 2], [3]], /unequal length/],
    [
      [
        [1, 2],
        ['a', 3],
      ],
      /unequal length/,
    ],
    [[], /unequal length/],
    [[[1, 2]], /2 samples, .* got shape \[1, 2\]/],
    [new Float32Array(5), /got shape \[5\] with 5 numbers/],
    [new Float32Array(0), /0 numbers/],
    [{ shape: [2, 3], data: [1, 2, 3] }, /\[2, 3\] with 3 numbers/],
    [
      [
        [1, 2],
        [3, NaN],
      ],
      /got NaN for sample 1 of the chunk at position 1/,
    ],
    [
      [
        [1, -Infinity],
        [3, 4],
      ],
      /got -Infinity for sample 0/,
    ],
  ];
  for (const [returned, message] of bad) {
    await fails(
      t,
      run(() => returned),
      'MODEL_OUTPUT',
      message,
    );
  }
});

test("an error of the function's own comes through as it is", async (t) => {
  const own = new TypeError('session is closed');
  t.is(
    await t.throwsAsync(
      run(() => {
        throw own;
      }),
    ),
    own,
  );
});

test('outputActivation: logits are taken back from probabilities', async (t) => {
  const p = [0.25, 0.75, 1, 0];
  const softmax = (await run(() => p, { outputActivation: 'softmax' })).outputs[0];
  t.is(softmax.activation, 'softmax');
  t.deepEqual([...softmax.values.data], p);
  close(t, softmax.logits.data, [Math.log(0.25), Math.log(0.75), 0, -87.3365]);

  const sigmoid = (await run(() => p, { outputActivation: 'sigmoid' })).outputs[0];
  close(t, sigmoid.logits.data, [-Math.log(3), Math.log(3), 16.6355, -87.3365]);

  const linear = (await run(() => p)).outputs[0];
  t.is(linear.activation, 'linear');
  t.deepEqual([...linear.logits.data], p);
});

test('outputActivation that cannot be true is refused', async (t) => {
  const predict = () => [0.25, 0.5, 1, 0];
  await fails(t, run(predict, { outputActivation: 'softmax' }), 'MODEL_OUTPUT', /sum to 1.*0\.75/);
  const wide = () => [-1, 2, 1, 0];
  await fails(t, run(wide, { outputActivation: 'sigmoid' }), 'MODEL_OUTPUT', /\[0, 1\], got -1/);
  const options = { outputActivation: 'tanh' } as unknown as AdaptOptions;
  await fails(t, adapt(predict, options), 'INVALID_OPTION', /softmax, sigmoid, linear, got 'tanh'/);
});

test('batches go in chunks, in order, with progress; abort stops them', async (t) => {
  const shapes: string[] = [];
  const many = [
    ndSamples({ shape: [5, 2, 1], data: Float32Array.from({ length: 10 }, (_, i) => i) }),
  ];
  const predict = (batch: NdArray) => {
    shapes.push(batch.shape.join());
    return rows(batch);
  };
  const whole = await run(predict, {}, { inputs: many });
  const progress: number[] = [];
  const parts = await run(
    predict,
    {},
    {
      inputs: many,
      batchSize: 2,
      onProgress: (done) => progress.push(done),
    },
  );
  t.deepEqual(parts, whole);
  t.deepEqual(progress, [2, 4, 5]);
  t.deepEqual(shapes, ['5,2,1', '2,2,1', '2,2,1', '1,2,1']);

  const offsets: number[] = [];
  await run(
    predict,
    {},
    { inputs: many, memoryBudget: 600, onChunk: ({ offset }) => offsets.push(offset) },
  );
  t.deepEqual(offsets, [0, 2, 4]);

  const controller = new AbortController();
  const error = await t.throwsAsync<AbortedError>(
    run(
      predict,
      {},
      {
        inputs: many,
        batchSize: 1,
        signal: controller.signal,
        onProgress: () => controller.abort(),
      },
    ),
    { instanceOf: AbortedError },
  );
  t.deepEqual(error.facts, { done: 1, total: 5 });
});

test('gradients, activations and weights are refused', async (t) => {
  const model = await adapt(rows);
  await fails(t, model.differentiate({ inputs, targets: [] }), 'NEEDS_GRADIENTS', /'rows'/);
  await fails(t, model.run({ inputs, record: ['conv'] }), 'NEEDS_ACTIVATIONS', /layer/);
  const from = { layer: 'conv', activations: inputs[0] };
  await fails(t, model.run({ inputs, from }), 'NEEDS_ACTIVATIONS', /layer/);
  t.throws(() => model.randomize([], 1), { message: /no weights/ });
  t.like(model.linearHead('conv'), { found: 'a function, which cannot be looked into' });
  t.is(model.bias('conv'), undefined);
  model.release();
});

test('describe says what is known: name, inputShape, activation', async (t) => {
  t.like((await adapt(rows)).describe(), {
    name: 'rows',
    adapter: 'function',
    inputs: [{ shape: [null, null, null] }],
    outputs: [{ name: 'scores', activation: 'linear' }],
    layers: [],
    can: { activations: false, gradients: false, fromLayer: false, randomize: false },
  });
  const options = { name: 'mine', inputShape: [4, 1], outputActivation: 'softmax' } as const;
  const model = await adapt(() => [], options);
  t.like(model.describe(), { name: 'mine', inputs: [{ shape: [4, 1] }] });
  await fails(t, model.run({ inputs }), 'INVALID_DOCUMENT', /\[4, 1\].*got \[2, 1\]/);
});

function close(t: ExecutionContext, actual: Float32Array, expected: number[]): void {
  t.is(actual.length, expected.length);
  expected.forEach((value, i) => t.true(Math.abs(actual[i] - value) < 1e-3, `${i}: ${actual[i]}`));
}
