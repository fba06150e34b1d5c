/** The CAM family through the whole pipeline, from `explainPrediction` to the record. */
import test from 'ava';
import { ContainerModule, injectable } from 'inversify';
import type { ModelAdapter } from '../../src/container/plugin.js';
import { TOKENS } from '../../src/container/tokens.js';
import { isWhylensError } from '../../src/errors.js';
import { explainPrediction } from '../../src/explain/explain.js';
import type { ExplainableModel } from '../../src/model/interface.js';
import { dense, globalAverage, relu } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel } from '../helpers/fake-model.js';

@injectable()
class FakeAdapter implements ModelAdapter {
  readonly id = 'fake';
  readonly recognizes = 'a fake network';
  recognize(model: unknown): boolean {
    return typeof model === 'object' && model !== null && 'ran' in model;
  }
  adapt(model: unknown): Promise<ExplainableModel> {
    return Promise.resolve(model as ExplainableModel);
  }
}
const plugins = [
  new ContainerModule(({ bind }) => {
    bind(TOKENS.ModelAdapter).to(FakeAdapter);
  }),
];
const labels = ['ant', 'bee', 'cat', 'dog'];
const doc = fakeInputs([6, 8, 3]);

test('concepts come with picture, labels, parameters and the layer', async (t) => {
  const options = { plugins, labels, method: 'dff', targets: ['cat', 0], concepts: 2, seed: 3 };
  const expl = await explainPrediction(fakeClassifier(), doc, options);
  if (expl.kind !== 'concepts') return t.fail(expl.kind);
  t.deepEqual([expl.estimator, expl.method, expl.layer?.path], ['fake', 'dff', 'relu2']);
  t.deepEqual([expl.image.width, expl.image.height, expl.image.mode], [8, 6, 'RGB']);
  t.is(expl.parameters.concepts, 2);
  t.is(expl.parameters.seed, 3);
  t.true((expl.parameters.relativeError as number) > 0);
  t.deepEqual(
    expl.concepts[1].scores.map(({ target, label }) => [target, label]),
    [
      [2, 'cat'],
      [0, 'ant'],
    ],
  );
  t.deepEqual(structuredClone(expl), expl);
});

test('several layers take the options of their method, and refuse a single layer', async (t) => {
  const common = { plugins, labels, targets: ['bee'] };
  const options = { ...common, method: 'multi-layer', of: 'layer-cam', layers: ['relu1', 'relu2'] };
  const expl = await explainPrediction(fakeClassifier(), doc, { ...options, tanhScale: 2 });
  if (expl.kind !== 'image') return t.fail(expl.kind);
  t.deepEqual(expl.targets[0].heatmap.shape, [6, 8]);
  t.is(expl.layer?.path, 'relu1');
  t.is(expl.parameters.of, 'layer-cam');
  t.is(expl.parameters.tanhScale, 2);
  t.deepEqual(expl.parameters.layers, ['relu1', 'relu2']);
  const error = await t.throwsAsync(
    explainPrediction(fakeClassifier(), doc, { ...options, layer: 'relu1' }),
  );
  t.true(isWhylensError(error, 'INVALID_OPTION'), error?.message);
  const unknown = await t.throwsAsync(
    explainPrediction(fakeClassifier(), doc, { ...options, layers: ['relu3'] }),
  );
  t.true(isWhylensError(unknown, 'UNKNOWN_LAYER'), unknown?.message);
});

test('finer-cam records its rivals; gradients that vanish give a warning', async (t) => {
  const finer = await explainPrediction(fakeClassifier(), doc, {
    plugins,
    method: 'finer-cam',
    targets: [1],
    count: 2,
  });
  t.is((finer.parameters.rivalClasses as unknown[][])[0].length, 2);
  const dead = fakeModel({
    inputShape: [6, 8, 3],
    layers: [
      relu('relu'),
      globalAverage('pool'),
      dense('logits', [3, 4], new Float64Array(12), [0, 1, 2, 3]),
    ],
  });
  for (const method of ['grad-cam', 'grad-cam++', 'eigen-grad-cam', 'shapley-cam', 'layer-cam']) {
    const expl = await explainPrediction(dead, doc, { plugins, method });
    if (expl.kind !== 'image') return t.fail(expl.kind);
    t.true(expl.targets[0].heatmap.data.every((value) => value === 0));
    t.regex(expl.warnings.join(), /zero everywhere/, method);
  }
});
