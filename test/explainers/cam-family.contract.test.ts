/** What every explainer of the CAM family keeps to, whatever it computes. */
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import type { Explainer } from '../../src/container/plugin.js';
import { isWhylensError } from '../../src/errors.js';
import type { Heatmap, NdArray } from '../../src/explanation.js';
import { sampleOf } from '../../src/maths/ndarray.js';
import type { ExplainableModel } from '../../src/model/interface.js';
import { classTarget, topClass } from '../../src/model/targets.js';
import { closeTo, relativeError } from '../helpers/close.js';
import { contextFor, type ContextOptions } from '../helpers/context.js';
import {
  conv,
  dense,
  flatten,
  globalAverage,
  relu,
  tokens,
  type FakeLayer,
} from '../helpers/fake-layers.js';
import { fakeClassifier, fakeInputs, fakeModel, weights } from '../helpers/fake-model.js';

const SHAPE = [6, 8, 3];
const targets = [classTarget(1), classTarget(3)];
const family = [...registryOf(createContainer()).explainers.values()].filter(
  ({ family, id }) => family === 'cam' || id === 'multi-layer',
);
const makesConcepts = ({ records }: Explainer): boolean => records?.includes('concepts') === true;

/** Maps per sample and target; of concepts, per sample and concept. */
async function explain(
  explainer: Explainer,
  model: ExplainableModel,
  inputs: NdArray,
  options: ContextOptions = {},
): Promise<readonly (readonly Heatmap[])[]> {
  const explained = await explainer.explain(contextFor(explainer, model, inputs, options));
  if (explained.kind === 'maps') {
    requirePlain(explained.facts);
    return explained.maps;
  }
  return explained.explanations.map((explanation) =>
    explanation.kind === 'concepts' ? explanation.concepts.map(({ heatmap }) => heatmap) : [],
  );
}

function requirePlain(facts: unknown): void {
  if (facts === undefined) return;
  const copy: unknown = JSON.parse(JSON.stringify(facts));
  if (JSON.stringify(copy) !== JSON.stringify(facts)) throw new Error('facts are not plain data');
}

/** `layer` where one is taken, `layers` where several are. */
function at(explainer: Explainer, layer: string): ContextOptions {
  return explainer.options.layers === undefined ? { layer } : { options: { layers: [layer] } };
}

for (const explainer of family) {
  const { id } = explainer;

  test(`${id}: a batch equals singles, two targets equal two calls, a seed repeats`, async (t) => {
    const model = fakeClassifier();
    const inputs = fakeInputs(SHAPE, 3);
    const before = inputs.data.slice();
    const batch = await explain(explainer, model, inputs, {
      targets,
      seed: 4,
      batch: { batchSize: 2 },
    });
    t.deepEqual(inputs.data, before, 'the inputs are the caller’s');
    for (let n = 0; n < 3; n++) {
      const single = { shape: [1, ...SHAPE], data: sampleOf(inputs, n).data.slice() };
      const maps = (await explain(explainer, model, single, { targets, seed: 4 }))[0];
      maps.forEach((map, i) => closeTo(t, batch[n][i], map, 1e-4, `sample ${n}, map ${i}`));
      if (makesConcepts(explainer)) continue;
      for (const [i, target] of targets.entries()) {
        const [[alone]] = await explain(explainer, model, single, { targets: [target], seed: 4 });
        closeTo(t, alone, maps[i], 1e-4, `sample ${n}, target ${i} alone`);
      }
    }
    const again = await explain(explainer, model, inputs, {
      targets,
      seed: 4,
      batch: { batchSize: 2 },
    });
    t.deepEqual(again, batch);
  });

  test(`${id}: a score that depends on nothing gives no NaN, and zeros from gradients`, async (t) => {
    const model = fakeClassifier({
      layers: [
        conv('conv1', [3, 3, 3, 4], weights(108, 1), [0, 0, 0, 0]),
        relu('relu1'),
        globalAverage('pool'),
        dense('logits', [4, 4], new Float64Array(16), [0, 1, 2, 3]),
      ],
    });
    const [maps] = await explain(explainer, model, fakeInputs(SHAPE), { targets });
    for (const { data } of maps) {
      t.true(data.every(Number.isFinite));
      if (explainer.needs.gradients === true) t.true(data.every((value) => value === 0));
    }
    const dark = { shape: [1, ...SHAPE], data: new Float32Array(6 * 8 * 3) };
    for (const { data } of (await explain(explainer, model, dark, { targets }))[0]) {
      t.true(data.every(Number.isFinite));
    }
  });

  test(`${id}: an aborted call throws and says how far it came`, async (t) => {
    const batch = { signal: AbortSignal.abort() };
    const run = explain(explainer, fakeClassifier(), fakeInputs(SHAPE), { batch });
    const error = await t.throwsAsync(run);
    t.true(isWhylensError(error, 'ABORTED'), error?.message);
    t.regex(error.message, /after 0 of \d+/);
  });

  // concepts are drawn over a picture
  if (!makesConcepts(explainer)) {
    test(`${id}: a signal is a picture of one row, a volume has three axes`, async (t) => {
      const head = [globalAverage('pool'), dense('logits', [4, 4], weights(16, 3), [0, 0, 0, 0])];
      const layers = (window: number[]): FakeLayer[] => [
        conv('conv', [...window, 3, 4], weights(36, 1), [0.1, 0.2, 0.1, 0]),
        relu('relu'),
        ...head,
      ];
      const signal = fakeModel({ inputShape: [9, 3], layers: layers([3]) });
      const picture = fakeModel({ inputShape: [1, 9, 3], layers: layers([1, 3]) });
      const inputs = fakeInputs([9, 3]);
      const options = { targets, ...at(explainer, 'relu') };
      const [maps] = await explain(explainer, signal, inputs, options);
      const row = { shape: [1, 1, 9, 3], data: inputs.data };
      const [rows] = await explain(explainer, picture, row, options);
      maps.forEach((map, i) => {
        closeTo(t, { shape: [1, ...map.shape], data: map.data }, rows[i], 1e-4);
      });
      const volume = fakeModel({
        inputShape: [2, 3, 4, 3],
        layers: layers([3, 1, 1]),
      });
      const [[map]] = await explain(explainer, volume, fakeInputs([2, 3, 4, 3]), options);
      t.deepEqual(map.shape, [2, 3, 4]);
      t.true(map.data.every(Number.isFinite));
    });
  }

  test(`${id}: class and register tokens are removed, the patches drawn on their grid`, async (t) => {
    const front = [
      conv('patches', [2, 2, 3, 4], weights(48, 1), [0.1, 0.2, 0.1, 0.3], 2),
      relu('relu'),
      tokens(
        'tokens',
        // a method that changes activations changes those of the tokens too: nothing is in them
        explainer.needs.fromLayer === true
          ? weightsOfTokens(2, 0)
          : [
              [1, 2, 3, 4],
              [0, 1, 0, 1],
            ],
      ),
    ];
    const head = (width: number) =>
      explainer.needs.linearHead === true
        ? [globalAverage('pool'), dense('logits', [4, 4], weights(16, 3), [0, 0, 0, 0])]
        : [flatten('flat'), dense('logits', [width, 4], weights(width * 4, 3), [0, 0, 0, 0])];
    const model = fakeModel({ inputShape: SHAPE, layers: [...front, ...head(14 * 4)] });
    const inputs = fakeInputs(SHAPE);
    const sequence = { targets: [topClass()], ...at(explainer, 'tokens') };
    const [maps] = await explain(explainer, model, inputs, sequence);
    t.deepEqual(maps[0].shape, [3, 4]);
    // the same numbers as the layer before, unless the method needs what is right behind its layer
    if (explainer.needs.linearHead !== true) {
      const [grid] = await explain(explainer, model, inputs, {
        targets: [topClass()],
        ...at(explainer, 'relu'),
      });
      maps.forEach((map, i) => closeTo(t, map, grid[i], 1e-4));
    }
    if (explainer.options.tokens === undefined) return;
    const options = { tokens: { skip: 2, grid: [6, 2] } };
    const [[tall]] = await explain(explainer, model, inputs, { ...sequence, options });
    t.deepEqual(tall.shape, [6, 2]);
    const skipped = { ...sequence, options: { tokens: { skip: 5, grid: [3, 3] } } };
    const [[fewer]] = await explain(explainer, model, inputs, skipped);
    t.deepEqual(fewer.shape, [3, 3]);
    const wrong = { ...sequence, options: { tokens: { skip: 0, grid: [3, 4] } } };
    const error = await t.throwsAsync(explain(explainer, model, inputs, wrong));
    t.true(isWhylensError(error, 'UNSUITABLE_LAYER'), error?.message);
    t.regex(error.message, /tokens.*14 tokens.*6×8/);
  });
}

test('tokens that fill no grid are refused with what to say', async (t) => {
  const model = fakeModel({
    inputShape: SHAPE,
    layers: [
      conv('patches', [2, 2, 3, 4], weights(48, 1), [0, 0, 0, 0], 2),
      tokens('tokens', weightsOfTokens(35)),
      globalAverage('pool'),
      dense('logits', [4, 4], weights(16, 3), [0, 0, 0, 0]),
    ],
  });
  const explainer = family.find(({ id }) => id === 'grad-cam')!;
  const run = explain(explainer, model, fakeInputs(SHAPE), { layer: 'tokens' });
  const error = await t.throwsAsync(run);
  t.true(isWhylensError(error, 'UNSUITABLE_LAYER'));
  t.regex(error.message, /47 tokens.*option tokens/);
});

test('methods that say that they are seeded differ by seed, the others do not depend on it', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs(SHAPE);
  for (const explainer of family) {
    const [[a]] = await explain(explainer, model, inputs, { targets, seed: 1 });
    const [[b]] = await explain(explainer, model, inputs, { targets, seed: 2 });
    const { error } = relativeError(a.data, b.data);
    if (explainer.seeded === true) t.true(error > 1e-6, explainer.id);
    else t.is(error, 0, explainer.id);
  }
});

function weightsOfTokens(count: number, factor = 1): number[][] {
  return Array.from({ length: count }, (_, i) => Array.from(weights(4, i), (w) => factor * w));
}
