/** Every method over the passes it cannot avoid: forward, or forward and backward. */
import { explainBatch, explainPrediction } from '../src/index.js';
import { openNetwork } from './network.js';
import { ratioLine, sideBySide, ms } from './measure.js';
import { ndSamples, type ExplainableModel } from '../src/model/interface.js';
import { classTarget } from '../src/model/targets.js';

const GRADIENT = [
  'saliency',
  'gradient-x-input',
  'guided-backprop',
  'deconvnet',
  'guided-grad-cam',
  'full-grad',
];
const CAM = [
  'grad-cam',
  'grad-cam++',
  'x-grad-cam',
  'hires-cam',
  'layer-cam',
  'grad-cam-elementwise',
  'eigen-cam',
  'eigen-grad-cam',
  'finer-cam',
  'shapley-cam',
  'fem',
  'cam',
];

export async function run(): Promise<void> {
  const { model, picture, target, lastLayer } = await openNetwork('wasm');
  const { width, height, data } = picture;
  const x = {
    shape: [1, height, width, 3],
    data: Float32Array.from(data, (value) => value / 127.5 - 1),
  };
  const adapted = model.model as ExplainableModel;
  const {
    inputs: [{ name }],
    layers,
  } = adapted.describe();
  const channels = layers.find(({ path }) => path === lastLayer)!.shape.at(-1)!;
  const inputs = [ndSamples(x)];
  const copies = (count: number) => [
    { count, shape: x.shape.slice(1), write: (_: number, into: Float32Array) => into.set(x.data) },
  ];
  const one = { targets: target, layer: lastLayer };

  const base = {
    forward: () => adapted.run({ inputs }),
    'forward + backward to the layer': () =>
      adapted.differentiate({ inputs, targets: [classTarget(target)], layers: [lastLayer] }),
    'forward + backward to the input': () =>
      adapted.differentiate({ inputs, targets: [classTarget(target)], wrt: [name] }),
  };
  const cams = await sideBySide(
    {
      ...base,
      ...Object.fromEntries(
        CAM.map((method) => [method, () => explainPrediction(model, x, { method, ...one })]),
      ),
    },
    9,
  );
  for (const method of CAM)
    console.log(
      ratioLine(
        `${method} / forward + backward to the layer`,
        cams[method],
        cams['forward + backward to the layer'],
        1.1,
      ),
    );
  const gradients = await sideBySide(
    {
      ...base,
      ...Object.fromEntries(
        GRADIENT.map((method) => [
          method,
          () => explainPrediction(model, x, { method, targets: target }),
        ]),
      ),
    },
    7,
  );
  for (const method of GRADIENT)
    console.log(
      ratioLine(
        `${method} / forward + backward to the input`,
        gradients[method],
        gradients['forward + backward to the input'],
        1.1,
      ),
    );

  const chunk = 8;
  const many = await sideBySide(
    {
      'one chunk': () => adapted.run({ inputs: copies(chunk), batchSize: chunk }),
      'one chunk there and back': () =>
        adapted.differentiate({
          inputs: copies(chunk),
          targets: [classTarget(target)],
          wrt: [name],
          batchSize: chunk,
        }),
      'score-cam': () =>
        explainPrediction(model, x, { method: 'score-cam', batchSize: chunk, ...one }),
      'ablation-cam': () =>
        explainPrediction(model, x, { method: 'ablation-cam', batchSize: chunk, ...one }),
      'smooth 24': () =>
        explainPrediction(model, x, {
          method: 'smooth',
          of: 'saliency',
          n: 24,
          targets: target,
          batchSize: chunk,
        }),
      'integrated-gradients 48': () =>
        explainPrediction(model, x, {
          method: 'integrated-gradients',
          steps: 48,
          targets: target,
          batchSize: chunk,
        }),
      occlusion: () =>
        explainPrediction(model, x, { method: 'occlusion', targets: target, batchSize: chunk }),
    },
    3,
  );
  console.log(
    ratioLine(
      `score-cam per channel (${channels}) / forward of the same chunk, per sample`,
      many['score-cam'],
      many['one chunk'],
      1.1,
      channels / chunk,
    ),
  );
  console.log(
    ratioLine(
      `ablation-cam per channel (${channels}) / the same`,
      many['ablation-cam'],
      many['one chunk'],
      0.5,
      channels / chunk,
    ),
  );
  console.log(
    ratioLine(
      'smooth(saliency) per copy (24) / forward + backward',
      many['smooth 24'],
      many['one chunk there and back'],
      1.1,
      24 / chunk,
    ),
  );
  console.log(
    ratioLine(
      'integrated-gradients per step (49) / forward + backward',
      many['integrated-gradients 48'],
      many['one chunk there and back'],
      1.1,
      49 / chunk,
    ),
  );
  console.log(`occlusion: ${ms(many.occlusion)}`);

  const docs = Array.from({ length: 32 }, () => x);
  const batches = await sideBySide(
    {
      'batch of 32': () => explainBatch(model, docs, { ...one, together: 32 }),
      '32 singles': async () => {
        for (const doc of docs) await explainPrediction(model, doc, one);
      },
    },
    3,
  );
  console.log(
    ratioLine('a batch of 32 / 32 singles', batches['batch of 32'], batches['32 singles'], 1),
  );
  model.dispose();
}
