/** What does not fit is refused before it runs, and a lost instance is replaced. */
import test, { type ExecutionContext } from 'ava';
import { isWhylensError, WhylensError } from '../../src/errors.js';
import { explainPrediction } from '../../src/index.js';
import { CompiledModel } from '../../src/model/compiled.js';
import type { Executor } from '../../src/model/executors/executor.js';
import { onnxExecutor, type OnnxRuntime } from '../../src/model/executors/onnxruntime/sessions.js';
import { importOnnxRuntimeWeb, onnxRuntimeWeb } from '../../src/model/executors/onnxruntime/web.js';
import { tfjsExecutor } from '../../src/model/executors/tfjs/executor.js';
import * as b from '../../src/model/graph/build.js';
import * as c from '../../src/model/graph/composites.js';
import type { ModelGraph } from '../../src/model/graph/model-graph.js';
import { ndSamples } from '../../src/model/interface.js';
import { peakBytes, WASM_MEMORY } from '../../src/model/memory.js';
import { classTarget } from '../../src/model/targets.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { SHAPE, valueModel } from '../helpers/value-model.js';
import { largestDifference, randomArray, seedWeights, tf, tfl } from '../helpers/tfjs.js';

const input = randomArray([1, ...SHAPE], 5);
const request = { inputs: [ndSamples(input)] };
const picture = (width: number, height: number) => ({
  width,
  height,
  mode: 'RGB' as const,
  data: new Uint8Array(width * height * 3).fill(100),
});

/** A fully convolutional network for a photograph: gigabytes between its layers, few weights. */
function wide(height: number, width: number): ModelGraph {
  const x = b.input('picture', [height, width, 3]);
  const kernel = (shape: number[]) => b.tensor(shape, new Float32Array(b.sizeOf(shape)).fill(0.1));
  const seen = b.relu(c.convolution(x, kernel([3, 3, 3, 64])));
  const logits = c.dense(
    c.globalAveragePool(b.relu(c.convolution(seen, kernel([3, 3, 64, 64])))),
    kernel([64, 2]),
  );
  return {
    name: 'wide',
    format: 'values',
    inputs: [{ name: 'picture', value: x }],
    outputs: [{ name: 'scores', value: b.softmax(logits), logits, activation: 'softmax' }],
    layers: new Map([
      ['seen', { path: 'seen', kind: 'Conv', value: seen, parameters: 0, inputs: [] }],
    ]),
  };
}
const blank = (height: number, width: number) =>
  ndSamples({ shape: [1, height, width, 3], data: new Float32Array(height * width * 3) });

test('the peak is what lies side by side', (t) => {
  const x = b.input('x', [10]);
  const double = b.add(
    x,
    b.tensor(
      [10],
      Float32Array.from({ length: 10 }, (_, i) => i),
    ),
  );
  const wideOne = b.expand(b.reshape(double, [10, 1]), [10, 5]);
  const end = b.sum(wideOne, [0, 1]);
  // constants 40; x and double 80, then double 40 and its expansion 200 for each sample
  t.is(
    peakBytes([end], () => 1),
    40 + 40 + 200,
  );
  t.is(
    peakBytes([end], () => 3),
    40 + 3 * 240,
  );
  t.is(
    peakBytes([end, wideOne, x], () => 1),
    40 + 40 + 40 + 200,
    'what is asked for stays',
  );
});

test.serial('a photograph on a fully convolutional model is refused first', async (t) => {
  let compiled = 0;
  const never: Executor = {
    id: 'pretended',
    memory: WASM_MEMORY,
    runs: () => true,
    compile: () => Promise.reject(new Error(String(++compiled))),
    release: () => undefined,
  };
  const model = new CompiledModel(wide(3000, 4000), never);
  const error = await t.throwsAsync(model.run({ inputs: [blank(3000, 4000)] }));
  t.true(isWhylensError(error, 'TOO_LARGE'));
  t.regex(error.message, /5[.]7\d GiB .* 2 GiB that engine 'pretended' has/);
  t.regex(error.message, /smaller picture .*native engine .*maxMemory/);
  t.is(compiled, 0);
  const going = model.differentiate({
    inputs: [blank(3000, 4000)],
    targets: [classTarget(0)],
    layers: ['seen'],
  });
  t.true(isWhylensError(await t.throwsAsync(going), 'TOO_LARGE'));
});

test.serial('a size at which a model cannot be read says something of the input', async (t) => {
  const never: Executor = {
    id: 'pretended',
    runs: () => true,
    compile: () => Promise.reject(new Error('compiled')),
    release: () => undefined,
  };
  const open = wide(8, 8);
  const inputs = open.inputs.map((one) => ({ ...one, shape: [null, null, 3] }));
  const failed = (error: WhylensError) =>
    new CompiledModel({ ...open, inputs }, never, {
      atSizes: () => {
        throw error;
      },
    });
  const ask = (error: WhylensError) => t.throwsAsync(failed(error).run({ inputs: [blank(9, 9)] }));
  const large = new WhylensError('MODEL_LOAD', 'beyond', { facts: { shape: [2 ** 20, 2 ** 10] } });
  const found = await ask(large);
  t.true(isWhylensError(found, 'TOO_LARGE'), String(found));
  t.regex(found.message, /'wide' would need 4 GiB.*\[1048576, 1024\].*input of shape \[9, 9, 3\]/);
  const odd = await ask(new WhylensError('MODEL_LOAD', 'does not divide'));
  t.true(isWhylensError(odd, 'INVALID_DOCUMENT'), String(odd));
  t.regex(odd.message, /takes no input of shape \[9, 9, 3\]: does not divide/);
  const option = new WhylensError('INVALID_OPTION', 'own');
  t.is(await ask(option), option);
});

test.serial('maxMemory is the limit where it is given, and batches count', async (t) => {
  const model = new CompiledModel(valueModel(), await tfjsExecutor({ backend: 'wasm' }));
  const batch = { inputs: [ndSamples(randomArray([4, ...SHAPE], 6))], batchSize: 4 };
  const error = await t.throwsAsync(model.run({ ...batch, maxMemory: 20_000 }));
  t.true(isWhylensError(error, 'TOO_LARGE'));
  t.regex(error.message, /4 samples at once.*a smaller batchSize/);
  await t.notThrowsAsync(model.run({ ...batch, batchSize: 1, maxMemory: 20_000 }));
  await t.notThrowsAsync(model.run(batch));
  // what fitted into more is still refused where less is allowed
  await t.throwsAsync(model.run({ ...batch, maxMemory: 20_000 }));
  model.release();
});

const upSampling = () =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 1, name: 'conv' }),
      tfl.layers.upSampling2d({ size: [8192, 8192] }),
      tfl.layers.globalAveragePooling2d({}),
      tfl.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
const small = () => {
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3, name: 'conv' }),
      tfl.layers.globalAveragePooling2d({}),
      tfl.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  seedWeights(model);
  return model;
};
const scoreOf = async (model: unknown): Promise<number> => {
  const found = await explainPrediction(model, picture(8, 8), { preprocess: 'unit', targets: [0] });
  return (found as unknown as { targets: { score?: number }[] }).targets[0].score!;
};

test.serial('an up-sampling that wraps at 32 bits leaves the others alone', async (t) => {
  await selectBackend('wasm');
  const before = await scoreOf(small());
  const error = await t.throwsAsync(
    explainPrediction(upSampling(), picture(8, 8), { preprocess: 'unit' }),
  );
  t.true(isWhylensError(error, 'TOO_LARGE'));
  t.regex(error.message, /64 GiB/);
  t.is(await scoreOf(small()), before);
});

test.serial('open sizes are refused when the first value does not fit', async (t) => {
  await selectBackend('wasm');
  const open = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [null, null, 3], filters: 256, kernelSize: 1, name: 'c' }),
      tfl.layers.globalAveragePooling2d({}),
      tfl.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  const tensors = tf.memory().numTensors;
  const error = await t.throwsAsync(
    explainPrediction(open, picture(2000, 1200), { preprocess: 'unit' }),
  );
  t.true(isWhylensError(error, 'TOO_LARGE'));
  t.is(tf.memory().numTensors, tensors);
});

/** The next output of a kernel is written to where no memory is: a real trap. */
function breakNext(): void {
  const backend = tf.backend() as unknown as {
    makeOutput: (shape: number[], dtype: string, at?: number) => unknown;
  };
  const { makeOutput } = backend;
  backend.makeOutput = (shape, dtype) => {
    backend.makeOutput = makeOutput;
    return makeOutput.call(backend, shape, dtype, 0xfffff000);
  };
}
async function lostAndFound(t: ExecutionContext, run: () => Promise<unknown>): Promise<void> {
  const old = tf.backend();
  breakNext();
  const error = await t.throwsAsync(run());
  t.true(isWhylensError(error, 'ENGINE_LOST'), String(error));
  t.regex(error.message, /is lost. Another was started/);
  await run();
  t.not(tf.backend(), old);
}

test.serial('a WASM instance that breaks off is replaced: models of TensorFlow.js', async (t) => {
  await selectBackend('wasm');
  const [one, other] = [small(), small()];
  const before = [await scoreOf(one), await scoreOf(other)];
  await lostAndFound(t, () => scoreOf(one));
  t.deepEqual([await scoreOf(one), await scoreOf(other)], before, 'weights moved with it');
});

test.serial('a WASM instance that breaks off is replaced: graphs', async (t) => {
  const model = new CompiledModel(valueModel(), await tfjsExecutor({ backend: 'wasm' }));
  const before = (await model.run(request)).outputs[0].values.data.slice();
  await lostAndFound(t, () => model.run(request));
  t.is(largestDifference((await model.run(request)).outputs[0].values.data, before), 0);
  model.release();
});

test('onnxruntime-web that breaks off is imported anew, for all its models', async (t) => {
  const found = await importOnnxRuntimeWeb();
  if (!('runtime' in found)) return t.log(`NOT CHECKED: ${found.problem}`);
  // the executor of the package, with a library that breaks off once
  let broken = false;
  const breaking: OnnxRuntime = {
    Tensor: found.runtime.Tensor,
    InferenceSession: {
      create: async (...given) => {
        const session = await found.runtime.InferenceSession.create(...given);
        const run = session.run.bind(session);
        session.run = (feeds: Parameters<typeof run>[0]) => {
          if (broken) throw new WebAssembly.RuntimeError('memory access out of bounds');
          return run(feeds);
        };
        return session;
      },
    },
  };
  let renewed = 0;
  const renew = async () => {
    renewed++;
    return Promise.resolve(found.runtime);
  };
  await onnxRuntimeWeb();
  const [one, other] = [1, 2].map(
    () =>
      new CompiledModel(
        valueModel(),
        onnxExecutor('onnxruntime-web', breaking, { executionProviders: ['wasm'], renew }),
      ),
  );
  const before = (await one.run(request)).outputs[0].values.data;
  await other.run(request);
  broken = true;
  const error = await t.throwsAsync(one.run(request));
  t.true(isWhylensError(error, 'ENGINE_LOST'));
  t.deepEqual((await one.run(request)).outputs[0].values.data, before);
  t.deepEqual((await other.run(request)).outputs[0].values.data, before);
  t.is(renewed, 1);
});

test('onnxruntime-web in Node can be had a second time', async (t) => {
  const found = await importOnnxRuntimeWeb();
  if (!('runtime' in found)) return t.log(`NOT CHECKED: ${found.problem}`);
  const { anotherInstance } = await import('../../src/model/executors/onnxruntime/web.js');
  const fresh = await anotherInstance();
  t.truthy(fresh);
  t.not(fresh!.InferenceSession, found.runtime.InferenceSession);
  const model = new CompiledModel(
    valueModel(),
    onnxExecutor('onnxruntime-web', fresh!, { executionProviders: ['wasm'] }),
  );
  t.is((await model.run(request)).outputs[0].values.shape[1], 4);
  model.release();
});

test('memory that cannot be had is an error of its own', async (t) => {
  const full: OnnxRuntime = {
    Tensor: class {} as never,
    InferenceSession: { create: () => Promise.reject(new Error('std::bad_alloc')) },
  };
  const model = new CompiledModel(valueModel(), onnxExecutor('onnxruntime-web', full));
  const error = await t.throwsAsync(model.run(request));
  t.true(isWhylensError(error, 'TOO_LARGE'));
});
