/** What every explainer of the gradient and perturbation families and both wrappers keep to, whatever they compute. */
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import type { ExplainedMaps, Explainer } from '../../src/container/plugin.js';
import { isWhylensError } from '../../src/errors.js';
import type { NdArray } from '../../src/explanation.js';
import { sampleOf } from '../../src/maths/ndarray.js';
import type { ExplainableModel } from '../../src/model/interface.js';
import { classTarget, topClass } from '../../src/model/targets.js';
import { closeTo } from '../helpers/close.js';
import { mapsOf, type ContextOptions } from '../helpers/context.js';
import { fewCalls } from '../helpers/few-calls.js';
import { conv, dense, flatten, globalAverage, relu } from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel, weights } from '../helpers/fake-model.js';

const SHAPE = [6, 8, 3];
const targets = [classTarget(1), classTarget(3)];
const registry = registryOf(createContainer());

interface Case {
  readonly name: string;
  readonly explainer: Explainer;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Few calls of the model, few regions of so small an input. */
const short = (explainer: Explainer) => ({
  ...fewCalls(explainer, 12),
  ...('segments' in explainer.options && { segments: 6 }),
});

const cases: Case[] = [
  ...[...registry.explainers.values()]
    .filter(({ family }) => family === 'gradient' || family === 'perturbation')
    .map((explainer) => ({
      name: explainer.id,
      explainer,
      options: short(explainer),
    })),
  ...['smooth', 'tta'].flatMap((id) =>
    ['saliency', 'grad-cam', 'integrated-gradients', 'occlusion', 'random-cam'].map((of) => {
      const explainer = registry.explainerFor(id, { of });
      return { name: `${id} of ${of}`, explainer, options: short(explainer) };
    }),
  ),
];

const explain = (
  { explainer, options }: Case,
  model: ExplainableModel,
  inputs: NdArray,
  more: ContextOptions = {},
): Promise<ExplainedMaps> =>
  mapsOf(explainer, model, inputs, { targets, seed: 4, options, ...more });

for (const one of cases) {
  const { name, explainer } = one;

  test(`${name}: a batch equals singles, two targets equal two calls, a seed repeats`, async (t) => {
    const model = fakeClassifier();
    const inputs = fakeInputs(SHAPE, 2);
    const before = inputs.data.slice();
    const batch = await explain(one, model, inputs, { batch: { batchSize: 2 } });
    t.deepEqual(inputs.data, before, 'the inputs are the caller’s');
    t.is(batch.outputs[0].logits.shape[0], 2);
    for (const n of [0, 1]) {
      const single = { shape: [1, ...SHAPE], data: sampleOf(inputs, n).data.slice() };
      const { maps, outputs } = await explain(one, model, single);
      t.deepEqual(sampleOf(outputs[0].logits, 0), sampleOf(batch.outputs[0].logits, n));
      maps[0].forEach((map, i) => {
        t.is(map.shape.length, 2);
        closeTo(t, batch.maps[n][i], map, 1e-4, `sample ${n}, target ${i}`);
      });
      const alone = await explain(one, model, single, { targets: [targets[1]] });
      closeTo(t, alone.maps[0][0], maps[0][1], 1e-4, `sample ${n}, one target`);
    }
    const again = await explain(one, model, inputs, { batch: { batchSize: 2 } });
    t.deepEqual(again.maps, batch.maps);
    t.deepEqual(JSON.parse(JSON.stringify(batch.facts ?? {})), batch.facts ?? {});
  });

  test(`${name}: a score that depends on nothing gives no NaN, and zeros from gradients`, async (t) => {
    const model = fakeClassifier({
      layers: [
        conv('conv1', [3, 3, 3, 4], weights(108, 1), [0, 0, 0, 0]),
        relu('relu1'),
        globalAverage('pool'),
        dense('logits', [4, 4], new Float64Array(16), [0, 1, 2, 3]),
      ],
    });
    for (const inputs of [
      fakeInputs(SHAPE),
      { shape: [1, ...SHAPE], data: new Float32Array(144) },
    ]) {
      const { maps } = await explain(one, model, inputs);
      for (const { data } of maps[0]) {
        t.true(data.every(Number.isFinite));
        if (explainer.needs.gradients === true) t.true(data.every((value) => value === 0));
      }
    }
  });

  test(`${name}: an aborted call throws and says how far it came`, async (t) => {
    const run = explain(one, fakeClassifier(), fakeInputs(SHAPE), {
      batch: { signal: AbortSignal.abort() },
    });
    const error = await t.throwsAsync(run);
    t.true(isWhylensError(error, 'ABORTED'), error?.message);
    t.regex(error!.message, /after 0 of \d+/);
  });

  test(`${name}: progress rises to its total`, async (t) => {
    const seen: [number, number][] = [];
    await explain(one, fakeClassifier(), fakeInputs(SHAPE, 2), {
      batch: { batchSize: 2, onProgress: (done, total) => seen.push([done, total]) },
    });
    const last = seen.at(-1)!;
    t.is(last[0], last[1]);
    seen.forEach(([done, total], i) => {
      t.is(total, last[1]);
      t.true(i === 0 || done > seen[i - 1][0]);
    });
  });

  test(`${name}: the top class is the one of the unchanged input`, async (t) => {
    const inputs = fakeInputs(SHAPE);
    const top = await explain(one, fakeClassifier(), inputs, { targets: [topClass()] });
    const logits = [...top.outputs[0].logits.data];
    const named = await explain(one, fakeClassifier(), inputs, {
      targets: [classTarget(logits.indexOf(Math.max(...logits)))],
    });
    t.deepEqual(top.maps, named.maps);
  });

  test(`${name}: the score that is explained matters`, async (t) => {
    const logit = await explain(one, fakeClassifier(), fakeInputs(SHAPE));
    const output = await explain(one, fakeClassifier(), fakeInputs(SHAPE), { score: 'output' });
    if (explainer.ignoresTarget !== true) t.notDeepEqual(output.maps, logit.maps);
    t.true(output.maps[0][0].data.every(Number.isFinite));
  });

  // a layer's map has the layer's shape: only maps over the input itself are asked here
  if (explainer.needs.layer === true || name === 'tta of occlusion') continue;
  test(`${name}: signals and volumes have maps of their own rank`, async (t) => {
    for (const shape of [
      [9, 2],
      [3, 4, 5, 2],
    ]) {
      const size = shape.reduce((a, b) => a * b);
      const model = fakeModel({
        inputShape: shape,
        layers: [
          flatten('flat'),
          dense('hidden', [size, 6], weights(6 * size, 5), [0.1, 0, 0.2, 0, -0.1, 0]),
          relu('relu'),
          dense('logits', [6, 4], weights(24, 6), [0, 0, 0, 0]),
        ],
      });
      const options = name === 'occlusion' ? { patch: 2 } : one.options;
      const { maps } = await explain(one, model, fakeInputs(shape), { options });
      t.deepEqual([...maps[0][0].shape], shape.slice(0, -1));
    }
  });
}
