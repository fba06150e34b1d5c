/** A model that is disposed of, twice, in the middle of a run or before one: done, or a typed error. */
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { explainPrediction, loadModel } from '../../src/index.js';
import { MODELS } from '../fuzz/kinds.js';

const METHODS = ['grad-cam', 'saliency', 'rise', 'integrated-gradients'] as const;

for (const kind of ['layers', 'graph', 'onnx', 'keras']) {
  test.serial(`disposed of in the middle: ${kind}`, async (t) => {
    for (const method of METHODS) {
      const model = await loadModel(MODELS[kind]() as never, { backend: undefined });
      const shape = model.inputShape!.map((size) => size ?? 6);
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5);
      const doc = { shape: [1, ...shape], data };
      const explain = () => explainPrediction(model, doc, { method, preprocess: 'none' });
      const running = explain().then(
        () => undefined,
        (cause: unknown) => cause,
      );
      await Promise.resolve();
      model.dispose();
      model.dispose();
      const error = await running;
      t.true(error === undefined || isWhylensError(error), `${method}: ${String(error)}`);
      const after = await t.throwsAsync(explain());
      t.true(isWhylensError(after), `${method} after: ${String(after)}`);
    }
  });
}
