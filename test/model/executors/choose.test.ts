/** Which engine is taken, and why. */
import test from 'ava';
import { isWhylensError } from '../../../src/errors.js';
import { chooseEngine, startEngine } from '../../../src/model/executors/choose.js';
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

test.serial('an unknown name is told with what is allowed', async (t) => {
  const error = await t.throwsAsync(
    chooseEngine(valueModel(), { environment: { WHYLENS_ENGINE: 'onnx' } }),
  );
  t.true(isWhylensError(error, 'INVALID_OPTION'));
  t.regex(error?.message ?? '', /auto, onnxruntime, onnxruntime-web, tfjs/);
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
  const model = new CompiledModel(graph, chosen.executor);
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
