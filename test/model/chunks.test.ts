import test from 'ava';
import { AbortedError, isWhylensError } from '../../src/errors.js';
import { chunkSize, countSamples, runChunks, takeSamples } from '../../src/model/chunks.js';
import type {
  ChunkPosition,
  DifferentiateResult,
  RunResult,
  Samples,
} from '../../src/model/interface.js';
import { ndSamples } from '../../src/model/interface.js';

/** Sample n gives the logits [n, 10n] and the activation [[n], [-n]]. */
function evaluate({ offset, count }: ChunkPosition): RunResult {
  const numbers = Array.from({ length: count }, (_, n) => offset + n);
  const logits = {
    shape: [count, 2],
    data: Float32Array.from(numbers.flatMap((n) => [n, 10 * n])),
  };
  return {
    outputs: [{ name: 'out', logits, values: logits, activation: 'linear' }],
    activations: {
      a: { shape: [count, 2, 1], data: Float32Array.from(numbers.flatMap((n) => [n, -n])) },
    },
  };
}

test('chunk size: batch size first, then the budget, never above the count nor below one', (t) => {
  t.is(chunkSize({ count: 10, bytesPerSample: 8, batchSize: 3 }), 3);
  t.is(chunkSize({ count: 2, bytesPerSample: 8, batchSize: 3 }), 2);
  t.is(chunkSize({ count: 10, bytesPerSample: 8, memoryBudget: 39 }), 4);
  t.is(chunkSize({ count: 10, bytesPerSample: 100, memoryBudget: 39 }), 1);
  t.is(chunkSize({ count: 10, bytesPerSample: 1, largest: 7 }), 7);
  t.is(chunkSize({ count: 10, bytesPerSample: 1, largest: 7, batchSize: 9 }), 9);
  t.is(chunkSize({ count: 1000, bytesPerSample: 1024 * 1024 }), 256);
  for (const bad of [
    { batchSize: 0 },
    { batchSize: 1.5 },
    { memoryBudget: 0 },
    { memoryBudget: NaN },
  ]) {
    const error = t.throws(() => chunkSize({ count: 1, bytesPerSample: 1, ...bad }));
    t.true(isWhylensError(error, 'INVALID_OPTION'));
  }
});

test('chunks are collected into the arrays that one run gives', async (t) => {
  const seen: ChunkPosition[] = [];
  const progress: number[][] = [];
  const result = await runChunks(
    {
      count: 5,
      bytesPerSample: 1,
      batchSize: 2,
      onProgress: (...args) => progress.push(args),
    },
    (chunk) => {
      seen.push(chunk);
      return evaluate(chunk);
    },
  );
  t.deepEqual(result, evaluate({ offset: 0, count: 5 }));
  t.is(result.outputs[0].values, result.outputs[0].logits);
  t.deepEqual(seen, [
    { offset: 0, count: 2 },
    { offset: 2, count: 2 },
    { offset: 4, count: 1 },
  ]);
  t.deepEqual(progress, [
    [2, 5],
    [4, 5],
    [5, 5],
  ]);
});

test('scores and gradients are collected too', async (t) => {
  const differentiate = (chunk: ChunkPosition): DifferentiateResult => {
    const { outputs, activations } = evaluate(chunk);
    const { a } = activations;
    return {
      outputs,
      activations,
      scores: Array.from({ length: chunk.count }, (_, n) => [chunk.offset + n, 7]),
      gradients: { a: [a, { shape: a.shape, data: a.data.map((x) => x * 2) }] },
    };
  };
  t.deepEqual(
    await runChunks({ count: 3, bytesPerSample: 1, batchSize: 2 }, differentiate),
    differentiate({ offset: 0, count: 3 }),
  );
});

test('onChunk gets every chunk and nothing is collected', async (t) => {
  const chunks: (RunResult & ChunkPosition)[] = [];
  const rest = await runChunks({ count: 3, bytesPerSample: 1, batchSize: 2 }, evaluate, (chunk) =>
    chunks.push(chunk),
  );
  t.deepEqual(
    chunks.map(({ offset, count }) => [offset, count]),
    [
      [0, 2],
      [2, 1],
    ],
  );
  t.deepEqual([...chunks[1].outputs[0].logits.data], [2, 20]);
  t.deepEqual(rest.outputs[0].logits.shape, [0, 2]);
  t.is(rest.activations.a.data.length, 0);
});

test('an abort between chunks says how far the work came', async (t) => {
  const controller = new AbortController();
  const error = await t.throwsAsync<AbortedError>(
    runChunks(
      {
        count: 6,
        bytesPerSample: 1,
        batchSize: 2,
        signal: controller.signal,
        onProgress: (done) => {
          if (done === 4) controller.abort(new Error('enough'));
        },
      },
      evaluate,
    ),
    { instanceOf: AbortedError },
  );
  t.deepEqual(error.facts, { done: 4, total: 6 });
  t.is((error.cause as Error).message, 'enough');
});

test('a timer gets through between synchronous chunks', async (t) => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  const error = await t.throwsAsync<AbortedError>(
    runChunks(
      { count: 1e9, bytesPerSample: 1, batchSize: 1, signal: controller.signal },
      evaluate,
      () => undefined,
    ),
  );
  t.is(error.code, 'ABORTED');
});

test('a signal that has fired before stops the work before the model is called', async (t) => {
  const error = await t.throwsAsync<AbortedError>(
    runChunks({ count: 2, bytesPerSample: 1, signal: AbortSignal.abort() }, () => {
      throw new Error('called');
    }),
  );
  t.deepEqual(error.facts, { done: 0, total: 2 });
});

test('a chunk of another size than before is a model error', async (t) => {
  const error = await t.throwsAsync(
    runChunks({ count: 4, bytesPerSample: 1, batchSize: 2 }, (chunk) =>
      evaluate({ offset: 0, count: chunk.offset === 0 ? 2 : 1 }),
    ),
  );
  t.true(isWhylensError(error, 'MODEL_OUTPUT'));
});

test('samples are counted by inputs or by variants', (t) => {
  const samples = (count: number): Samples => ({ count, shape: [1], write: () => undefined });
  t.is(countSamples({ inputs: [samples(3), samples(3)] }), 3);
  t.is(countSamples({ inputs: [samples(1)], from: { layer: 'a', activations: samples(9) } }), 9);
  t.is(countSamples({ inputs: [samples(9)], from: { layer: 'a', activations: samples(9) } }), 9);
  t.throws(() => countSamples({ inputs: [samples(3), samples(2)] }), { message: /3, 2/ });
  t.throws(() => countSamples({ inputs: [samples(1), samples(2)] }), { message: /1, 2/ });
  t.throws(() => countSamples({ inputs: [samples(0)] }), { message: /at least 1/ });
  t.throws(
    () => countSamples({ inputs: [samples(2)], from: { layer: 'a', activations: samples(9) } }),
    { message: /9 variants of layer 'a', got 2/ },
  );
});

test('takeSamples writes the samples of a chunk one after the other', (t) => {
  const samples = ndSamples({ shape: [3, 1, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  const chunk = takeSamples(samples, { offset: 1, count: 2 });
  t.deepEqual(chunk.shape, [2, 1, 2]);
  t.deepEqual([...chunk.data], [3, 4, 5, 6]);
});
