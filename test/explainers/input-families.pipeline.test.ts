/** The whole road: perturbation methods on a function that only predicts, wrappers with the options of what they wrap. */
import test from 'ava';
import { explainPrediction, smooth, tta } from '../../src/index.js';
import type { ImageExplanation, NdArray } from '../../src/index.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { tfl } from '../helpers/tfjs.js';

/** Scores of two classes: how bright the left half is, and the right half. */
const halves = ({ shape: [count, height, width, channels], data }: NdArray) => {
  const scores = new Float32Array(count * 2);
  data.forEach((v, i) => {
    const x = Math.floor(i / channels) % width;
    const n = Math.floor(i / (height * width * channels));
    scores[2 * n + (2 * x < width ? 0 : 1)] += v;
  });
  return { shape: [count, 2], data: scores };
};

/** Dark left, bright right, with a dot on the left. */
function picture() {
  const data = new Float32Array(12 * 16 * 3);
  for (let p = 0; p < 12 * 16; p++) data.fill(p % 16 < 8 ? 0.1 : 0.8, 3 * p, 3 * p + 3);
  data.fill(1, 3 * (5 * 16 + 3), 3 * (5 * 16 + 3) + 3);
  return { shape: [1, 12, 16, 3], data };
}

for (const [method, options] of [
  ['occlusion', { patch: 3, baseline: 0 }],
  ['rise', { masks: 300, baseline: 0 }],
  ['lime', { segments: '3x4', baseline: 0 }],
  ['kernel-shap', { segments: 12, baseline: 0 }],
] as const) {
  test(`${method} explains a plain function`, async (t) => {
    const progress: number[] = [];
    const expl = (await explainPrediction(halves, picture(), {
      method,
      targets: [1, 0],
      inputShape: [12, 16, 3],
      batchSize: 16,
      onProgress: (done) => progress.push(done),
      ...options,
    })) as ImageExplanation;
    t.is(expl.kind, 'image');
    const [right, left] = expl.targets.map(({ heatmap }) => heatmap);
    t.deepEqual([...right.shape], [12, 16]);
    const mean = ({ data }: typeof right, inside: (x: number) => boolean) => {
      const values = [...data].filter((_, p) => inside(p % 16));
      return values.reduce((a, b) => a + b) / values.length;
    };
    t.true(mean(right, (x) => x > 9) > mean(right, (x) => x < 6));
    t.true(mean(left, (x) => x < 6) > mean(left, (x) => x > 9));
    t.true(progress.length > 1);
    t.deepEqual(JSON.parse(JSON.stringify(expl.parameters)), expl.parameters);
    t.is(expl.parameters.baseline, 0);
  });
}

async function network(): Promise<tfl.LayersModel> {
  await selectBackend('cpu');
  const { layers } = tfl;
  const init = (seed: number) => tfl.initializers.randomNormal({ seed, stddev: 0.5 });
  const model = tfl.sequential();
  model.add(
    layers.conv2d({
      inputShape: [12, 16, 3],
      filters: 4,
      kernelSize: 3,
      activation: 'relu',
      name: 'conv1',
      kernelInitializer: init(1),
    }),
  );
  model.add(
    layers.conv2d({ filters: 5, kernelSize: 3, name: 'conv2', kernelInitializer: init(2) }),
  );
  model.add(layers.globalAveragePooling2d({}));
  model.add(layers.dense({ units: 3, activation: 'softmax', kernelInitializer: init(3) }));
  return model;
}

test('a wrapper takes layer and options of the method it wraps', async (t) => {
  const model = await network();
  const run = async (options: Record<string, unknown>) =>
    (await explainPrediction(model, picture(), {
      backend: 'cpu',
      targets: [1],
      ...{ n: 3, ...options },
    })) as ImageExplanation;
  const byId = await run({ method: 'smooth', of: 'grad-cam', layer: 'conv1' });
  t.is(byId.method, 'smooth');
  t.is(byId.layer?.path, 'conv1');
  t.is(byId.parameters.of, 'grad-cam');
  t.is(byId.parameters.sigma, 0.15);
  const byFunction = await run({ method: smooth('grad-cam'), layer: 'conv1' });
  t.is(byFunction.method, 'smooth(grad-cam)');
  t.deepEqual(byFunction.targets[0].heatmap, byId.targets[0].heatmap);
  const inner = await run({ method: 'smooth', of: 'saliency', reduce: 'mean' });
  t.is(inner.parameters.reduce, 'mean');
  const augmented = await run({
    method: tta('layer-cam'),
    n: undefined,
    layer: 'conv2',
    scales: [1],
  });
  t.deepEqual([...augmented.targets[0].heatmap.shape], [12, 16]);
  await t.throwsAsync(run({ method: 'smooth', of: 'saliency', layer: 'conv1' }), {
    message: /looks at no layer/,
  });
  await t.throwsAsync(run({ method: 'smooth', of: 'nothing' }), { code: 'UNKNOWN_METHOD' });
  await t.throwsAsync(run({ method: 'smooth', of: 'saliency', steps: 3 }), {
    code: 'UNKNOWN_OPTION',
  });
  model.dispose();
});

test('a wrapper of a gradient method is refused for a function, with the methods that work', async (t) => {
  const run = (of: string) =>
    explainPrediction(halves, picture(), {
      method: 'smooth',
      of,
      n: 2,
      inputShape: [12, 16, 3],
    });
  await t.throwsAsync(run('saliency'), { code: 'NEEDS_GRADIENTS', message: /occlusion/ });
  t.is((await run('occlusion')).method, 'smooth');
});
