/** Which engine is taken, and why. */
import test from 'ava';
import { isWhylensError } from '../../../src/errors.js';
import { chooseEngine, firstEngine, startEngine } from '../../../src/model/executors/choose.js';
import * as b from '../../../src/model/graph/build.js';
import type { ModelGraph } from '../../../src/model/graph/model-graph.js';
import type { Value } from '../../../src/model/graph/value.js';
import { valueModel } from '../../helpers/value-model.js';

const NOTHING = { environment: {} };

test.serial('the fastest that loads, the variable, the option', async (t) => {
  const graph = valueModel();
  const chosen = await chooseEngine(graph, NOTHING);
  t.regex(chosen.reason, /the fastest/);
  chosen.executor.release();
  const named = await chooseEngine(graph, { environment: { WHYLENS_ENGINE: 'tfjs' } });
  t.is(named.engine, 'tfjs');
  t.regex(named.reason, /WHYLENS_ENGINE/);
  named.executor.release();
  const web = await chooseEngine(graph, {
    engine: 'onnxruntime-web',
    environment: { WHYLENS_ENGINE: 'tfjs' },
  });
  t.is(web.engine, 'onnxruntime-web');
  web.executor.release();
});

test.serial('an unknown name: the message lists what is allowed', async (t) => {
  const error = await t.throwsAsync(
    chooseEngine(valueModel(), { environment: { WHYLENS_ENGINE: 'onnx' } }),
  );
  t.true(isWhylensError(error, 'INVALID_OPTION'));
  t.regex(error?.message ?? '', /auto, onnxruntime, onnxruntime-web, tfjs/);
});

test.serial('a backend names the engine that has it, and no other', async (t) => {
  const graph = valueModel();
  const chosen = await chooseEngine(graph, { backend: 'cpu', environment: {} });
  t.is(chosen.engine, 'tfjs');
  t.is(chosen.executor.facts?.backend, 'cpu');
  t.is(chosen.reason, "option 'backend' says so");
  chosen.executor.release();
  const wrong = await t.throwsAsync(chooseEngine(graph, { backend: 'onnxruntime' }));
  t.true(isWhylensError(wrong, 'INVALID_OPTION'));
  t.regex(wrong?.message ?? '', /engine: 'onnxruntime'/);
  const both = await t.throwsAsync(
    chooseEngine(graph, { backend: 'cpu', engine: 'onnxruntime-web' }),
  );
  t.true(isWhylensError(both, 'INVALID_OPTION'));
});

test.serial('the first that has all the pieces, with what the others lack', async (t) => {
  const started: string[] = [];
  const chosen = await firstEngine(NOTHING, (engine) => {
    started.push(engine);
    if (engine === 'onnxruntime') return Promise.reject(new Error('not installed'));
    return Promise.resolve(
      engine === 'tfjs' ? { id: engine } : { lacks: "'loop'", runs: "'tfjs'" },
    );
  });
  t.deepEqual(started, ['onnxruntime', 'onnxruntime-web', 'tfjs']);
  t.deepEqual(chosen, {
    taken: { id: 'tfjs' },
    engine: 'tfjs',
    reason: 'the fastest that can',
    skipped: ['not installed', "engine 'onnxruntime-web' has no 'loop'"],
    lacking: ["engine 'onnxruntime-web' has no 'loop'"],
  });
});

/** A layer that doubles its input, known to TensorFlow.js alone. */
async function opaqueModel(): Promise<ModelGraph> {
  const tf = await import('@tensorflow/tfjs-core');
  const x = b.input('x', [3]);
  const own = { apply: ([input]: readonly InstanceType<typeof tf.Tensor>[]) => [tf.square(input)] };
  const value: Value = b.opaque({ kind: 'Doubling', own }, [b.mul(x, b.scalar(2))], [3]);
  return {
    name: 'opaque',
    format: 'values',
    inputs: [{ name: 'x', value: x }],
    outputs: [{ name: 'y', value, logits: value, activation: 'linear' }],
    layers: new Map(),
  };
}

test.serial('a layer that only TensorFlow.js runs is run and differentiated there', async (t) => {
  const graph = await opaqueModel();
  const chosen = await chooseEngine(graph, NOTHING);
  t.is(chosen.engine, 'tfjs');
  t.regex(chosen.skipped.join('\n'), /has no layer of kind 'Doubling'/);
  const { CompiledModel } = await import('../../../src/model/compiled.js');
  const model = new CompiledModel(graph, chosen.executor, { remarks: chosen.lacking });
  t.is(model.describe().engine?.name, 'tfjs');
  t.regex(model.describe().warnings?.[0] ?? '', /'Doubling'/);
  const { ndSamples } = await import('../../../src/model/interface.js');
  const { gradients, scores } = await model.differentiate({
    inputs: [ndSamples({ shape: [1, 3], data: Float32Array.of(1, 2, 3) })],
    targets: [{ kind: 'class', index: 1 }],
    wrt: ['x'],
  });
  t.deepEqual(scores, [[16]]);
  // (2x)² at 2: 8x
  t.deepEqual([...gradients.x[0].data], [0, 16, 0]);
  model.release();
  const error = await t.throwsAsync(chooseEngine(graph, { engine: 'onnxruntime-web' }));
  t.true(isWhylensError(error, 'UNSUPPORTED_OPERATION'));
});

test.serial('each engine can be started by its name', async (t) => {
  for (const engine of ['onnxruntime-web', 'tfjs'] as const) {
    const executor = await startEngine(engine, { threads: 1 });
    t.is(executor.id, engine);
    executor.release();
  }
});
