/** The CAM family on a real network against the frozen numbers of other libraries and definitions. */
import test, { type ExecutionContext } from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import type { Heatmap } from '../../src/explanation.js';
import { resizeMap } from '../../src/maths/resize.js';
import { classTarget } from '../../src/model/targets.js';
import { closeTo, mapOf, relativeError } from '../helpers/close.js';
import { contextFor, mapsOf, type ContextOptions } from '../helpers/context.js';
import { golden, mobilenet, mobilenetInput } from '../helpers/mobilenet.js';

const TOLERANCE = 1e-3;
const explainers = registryOf(createContainer());

const TRIPLES = [
  { picture: 'cat_dog', target: 282, layer: 'conv_pw_13_relu' },
  { picture: 'cat_dog', target: 243, layer: 'conv_pw_13_relu' },
  { picture: 'cat_dog', target: 282, layer: 'conv_pw_11_relu' },
  { picture: 'elephants', target: 386, layer: 'conv_pw_13_relu' },
  { picture: 'elephants', target: 386, layer: 'conv_pw_5_relu' },
] as const;
type Triple = (typeof TRIPLES)[number];

/** What of pytorch-grad-cam computes what methods.md says; the eigen methods up to sign. */
const PEER: readonly (readonly [name: string, method: string, options: object, signFree?: true])[] =
  [
    ['GradCAM', 'grad-cam', {}],
    ['HiResCAM', 'hires-cam', {}],
    ['XGradCAM', 'x-grad-cam', {}],
    ['LayerCAM', 'layer-cam', {}],
    ['GradCAMElementWise', 'grad-cam-elementwise', {}],
    ['AblationCAM', 'ablation-cam', {}],
    ['ShapleyCAM', 'shapley-cam', {}],
    ['EigenCAM', 'eigen-cam', {}, true],
    ['EigenGradCAM', 'eigen-grad-cam', {}, true],
    ['SegEigenCAM', 'seg-eigen-cam', {}, true],
    ['KPCA_CAM', 'kpca-cam', { kernel: 'sigmoid' }, true],
    ['KPCA_CAM kernel=rbf', 'kpca-cam', {}, true],
    ['FinerCAM', 'finer-cam', { rivals: 'probability' }],
  ];

/** Maps by definition, in float64. */
const DEFINITION: readonly (readonly [name: string, method: string, options: object])[] = [
  ['grad-cam', 'grad-cam', {}],
  ['grad-cam++', 'grad-cam++', {}],
  ['hires-cam', 'hires-cam', {}],
  ['layer-cam', 'layer-cam', {}],
  ['grad-cam-elementwise', 'grad-cam-elementwise', {}],
  ['x-grad-cam', 'x-grad-cam', {}],
  ['score-cam (reference)', 'score-cam', { mode: 'reference' }],
  ['ablation-cam', 'ablation-cam', {}],
];

interface Golden {
  readonly maps: Readonly<
    Record<string, { values?: number[][]; comparison?: number[]; final?: { pool28?: number[][] } }>
  >;
}

async function explain(
  t: ExecutionContext,
  { picture, target, layer }: Triple,
  method: string,
  options: object,
  more: ContextOptions = {},
) {
  const model = (await mobilenet(t))!;
  const input = await mobilenetInput(t, picture);
  const explainer = explainers.explainer(method);
  return mapsOf(explainer, model, input, {
    targets: [classTarget(target)],
    layer,
    options: options as Record<string, unknown>,
    ...more,
  });
}

for (const triple of TRIPLES) {
  const name = `${triple.picture}_${triple.target}_${triple.layer}`;
  const check = async (
    t: ExecutionContext,
    folder: string,
    cases: readonly (readonly [string, string, object, true?])[],
  ): Promise<void> => {
    if ((await mobilenet(t)) === undefined) return;
    const { maps } = (await golden(t, folder, `${name}.json`)) as Golden;
    for (const [key, method, options, signFree] of cases) {
      const values = maps[key]?.values;
      if (values === undefined) continue;
      const [[map]] = (await explain(t, triple, method, options)).maps;
      const expected = signFree ? sameSign(mapOf(values), map) : mapOf(values);
      const { error } = relativeError(map.data, expected.data);
      t.log(`${key}: ${error.toExponential(1)}`);
      closeTo(t, map, expected, TOLERANCE, `${method} ${name}`);
    }
  };
  test.serial(`${name}: as pytorch-grad-cam`, (t) => check(t, 'peers/pytorch-grad-cam', PEER));
  if (name !== 'cat_dog_243_conv_pw_13_relu' && name !== 'elephants_386_conv_pw_13_relu') {
    test.serial(`${name}: as defined`, (t) => check(t, 'mobilenet_v1_0.25_224', DEFINITION));
  }
}

function sameSign(expected: Heatmap, map: Heatmap): Heatmap {
  const agreement = expected.data.reduce((sum, value, i) => sum + value * map.data[i], 0);
  return agreement < 0
    ? { shape: expected.shape, data: expected.data.map((value) => -value) }
    : expected;
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (v: ArrayLike<number>) => Array.from(v).reduce((x, y) => x + y, 0) / v.length;
  const [ma, mb] = [mean(a), mean(b)];
  let ab = 0,
    aa = 0,
    bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** 224×224 by bilinear resizing, then means of 8×8 squares, as the frozen files have them. */
function pool28(map: Heatmap): Float32Array {
  const { data } = resizeMap(map, [224, 224]);
  const result = new Float32Array(28 * 28);
  data.forEach((value, i) => {
    const [y, x] = [Math.floor(i / 224), i % 224];
    result[Math.floor(y / 8) * 28 + Math.floor(x / 8)] += value / 64;
  });
  return result;
}

test.serial('finer-cam takes the rivals that pytorch-grad-cam takes', async (t) => {
  if ((await mobilenet(t)) === undefined) return;
  for (const triple of TRIPLES.slice(0, 4)) {
    const name = `${triple.picture}_${triple.target}_${triple.layer}`;
    const { maps } = (await golden(t, 'peers/pytorch-grad-cam', `${name}.json`)) as Golden;
    const explained = await explain(t, triple, 'finer-cam', {});
    t.deepEqual(explained.facts, [{ rivalClasses: [maps.FinerCAM.comparison!] }], name);
  }
});

test.serial(
  'several layers put together at the input size, as pytorch-grad-cam does',
  async (t) => {
    if ((await mobilenet(t)) === undefined) return;
    const file = 'cat_dog_282_conv_pw_13_relu.json';
    const { maps } = (await golden(t, 'peers/pytorch-grad-cam', file)) as Golden;
    const layers = ['conv_pw_11_relu', 'conv_pw_13_relu'];
    for (const [key, method] of [
      ['GradCAM layers conv_pw_11_relu+conv_pw_13_relu', 'multi-layer'],
      ['RefineCAM conv_pw_11_relu+conv_pw_13_relu (GradCAMPlusPlus)', 'refine-cam'],
    ]) {
      const expected = maps[key].final!.pool28!.flat();
      const options = { layers, resolution: 'input' };
      const [[map]] = (await explain(t, TRIPLES[0], method, options)).maps;
      const low = map.data.reduce((a, b) => Math.min(a, b));
      const high = map.data.reduce((a, b) => Math.max(a, b));
      const pooled = pool28(map).map((value) => (value - low) / (high - low));
      const { error } = relativeError(pooled, expected);
      t.log(`${key}: ${error.toExponential(1)}`);
      // its grad-cam++ has an epsilon that moves the maps by a few per cent
      t.true(error < (method === 'refine-cam' ? 0.03 : TOLERANCE), `${method}: ${error}`);
    }
  },
);

test.serial('fem is what the paper says, not what pytorch-grad-cam computes', async (t) => {
  if ((await mobilenet(t)) === undefined) return;
  for (const triple of TRIPLES) {
    const name = `${triple.picture}_${triple.target}_${triple.layer}`;
    const { maps } = (await golden(t, 'peers/pytorch-grad-cam', `${name}.json`)) as Golden;
    const [[map]] = (await explain(t, triple, 'fem', {})).maps;
    const agreement = correlation(map.data, maps.FEM.values!.flat());
    t.log(`${name}: correlation ${agreement.toFixed(3)}`);
    t.true(agreement > 0.75 && agreement < 0.99, `${name}: ${agreement}`);
  }
});

test.serial('cam and grad-cam++ up to their factors as keras-explainable', async (t) => {
  if ((await mobilenet(t)) === undefined) return;
  for (const [picture, target] of [
    ['cat_dog', 282],
    ['elephants', 386],
  ] as const) {
    const { runs, targets } = (await golden(
      t,
      'peers/keras-explainable',
      `${picture}.json`,
    )) as Peer;
    const at = targets.indexOf(target);
    const triple = { picture, target, layer: 'conv_pw_13_relu' } as Triple;
    const [[cam]] = (await explain(t, triple, 'cam', {})).maps;
    closeTo(t, cam, mapOf(runs['cam raw'].maps[0][at].values), TOLERANCE, `cam ${picture}`);
    const [[plusPlus]] = (await explain(t, triple, 'grad-cam++', {})).maps;
    const theirs = mapOf(runs['gradcampp raw conv_pw_13_relu'].maps[0][at].values);
    const factor = Math.max(...theirs.data) / Math.max(...plusPlus.data);
    const scaled = { shape: plusPlus.shape, data: plusPlus.data.map((v) => v * factor) };
    closeTo(t, scaled, theirs, TOLERANCE, `grad-cam++ ${picture}`);
  }
});

interface Peer {
  readonly targets: number[];
  readonly runs: Record<string, { maps: { values: number[][] }[][] }>;
}

test.serial('dff explains at least as much of the layer as scikit-learn', async (t) => {
  const model = await mobilenet(t);
  if (model === undefined) return;
  const file = 'cat_dog_282_conv_pw_13_relu.json';
  const { dff5 } = (await golden(t, 'peers/pytorch-grad-cam', file)) as {
    dff5: { maps: number[][][]; relativeReconstructionError: number };
  };
  const explainer = explainers.explainer('dff');
  const context = contextFor(explainer, model, await mobilenetInput(t, 'cat_dog'), {
    targets: [classTarget(282)],
    layer: 'conv_pw_13_relu',
  });
  const picture = { width: 1, height: 1, mode: 'L', data: new Uint8ClampedArray(1) } as const;
  const explained = await explainer.explain({ ...context, picture: () => picture });
  if (explained.kind !== 'records' || explained.explanations[0].kind !== 'concepts') {
    return t.fail('concepts expected');
  }
  const { concepts, parameters } = explained.explanations[0];
  const error = parameters.relativeError as number;
  t.log(`relative error ${error}, theirs ${dff5.relativeReconstructionError}`);
  t.true(error < dff5.relativeReconstructionError * 1.002);
  const best = dff5.maps.map((map) =>
    Math.max(...concepts.map(({ heatmap }) => correlation(heatmap.data, map.flat()))),
  );
  t.true(Math.min(...best) > 0.98, `best correlations ${best.join(' ')}`);
});

test.serial(
  'no tensor is left behind, whether a method succeeds or is aborted half way',
  async (t) => {
    const model = await mobilenet(t);
    if (model === undefined) return;
    const tf = await import('@tensorflow/tfjs-core');
    const inputs = await mobilenetInput(t, 'cat_dog');
    const family = [...explainers.explainers.values()].filter(({ family }) => family === 'cam');
    for (const explainer of family) {
      const limits = { 'score-cam': { topChannels: 6 } } as Record<string, Record<string, unknown>>;
      const layer = explainer.needs.layer === true ? { layer: 'conv_pw_13_relu' } : {};
      const options = {
        ...layer,
        options: limits[explainer.id] ?? {},
        targets: [classTarget(282)],
      };
      const before = tf.memory().numTensors;
      await explainer.explain(contextFor(explainer, model, inputs, options));
      t.is(tf.memory().numTensors, before, explainer.id);
      const control = new AbortController();
      const batch = { batchSize: 2, signal: control.signal, onProgress: () => control.abort() };
      const context = contextFor(explainer, model, inputs, { ...options, batch });
      await t.throwsAsync(
        Promise.resolve(explainer.explain(context)).then(() => {
          throw new Error('done before the abort');
        }),
      );
      t.is(tf.memory().numTensors, before, `${explainer.id} aborted`);
    }
  },
);
