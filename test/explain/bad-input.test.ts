/** Whatever cannot be explained is refused with its reason, and costs no tensor. */
import test from 'ava';
import type { ImageExplanation } from '../../src/explanation.js';
import { isWhylensError } from '../../src/errors.js';
import { explainPrediction, explainPredictions } from '../../src/explain/explain.js';
import { type ExplainOptions } from '../../src/explain/explain-options.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { randomArray, seedWeights, tf, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;
const LABELS = ['tabby cat', 'tiger cat', 'bull mastiff'];

function small(): tfl.Sequential {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        inputShape: [6, 5, 3],
        filters: 4,
        kernelSize: 3,
        name: 'conv',
        activation: 'relu',
      }),
      layers.globalAveragePooling2d({ name: 'pool' }),
      layers.dense({ units: 3, activation: 'softmax', name: 'scores' }),
    ],
  });
  seedWeights(model);
  return model;
}

const doc = randomArray([1, 6, 5, 3]);
const holed = { shape: doc.shape, data: doc.data.map((x, i) => (i === 7 ? NaN : x)) };

const CASES: readonly [
  name: string,
  doc: unknown,
  options: ExplainOptions,
  code: string,
  message: RegExp,
][] = [
  [
    'a document of wrong rank',
    { shape: [6, 5, 3], data: doc.data },
    {},
    'INVALID_DOCUMENT',
    /rank 4.*\[N, 6, 5, 3\].*rank 3.*batch axis/,
  ],
  [
    'a document of wrong size',
    randomArray([1, 5, 6, 3]),
    {},
    'INVALID_DOCUMENT',
    /\[N, 6, 5, 3\], got \[1, 5, 6, 3\].*picture/,
  ],
  ['a document of strings', [[['a']]], {}, 'INVALID_DOCUMENT', /numbers, got the string 'a'/],
  [
    'a tensor of strings',
    { shape: [1], dtype: 'string', data: ['x'] },
    {},
    'INVALID_DOCUMENT',
    /dtype string/,
  ],
  ['NaN inside', holed, {}, 'INVALID_DOCUMENT', /finite number, got NaN at index \[0, 0, 2, 1\]/],
  ['ragged arrays', [[[1, 2], [1]]], {}, 'INVALID_DOCUMENT', /rectangular/],
  [
    'an array shorter than its shape',
    { shape: [1, 6, 5, 3], data: [1, 2] },
    {},
    'INVALID_DOCUMENT',
    /must hold 90 values, got 2/,
  ],
  ['no document', undefined, {}, 'INVALID_DOCUMENT', /loadImage/],
  ['a file name', 'cat.jpg', {}, 'INVALID_DOCUMENT', /loadImage/],
  [
    'a picture with too few samples',
    { width: 6, height: 5, mode: 'RGB', data: new Uint8ClampedArray(3) },
    {},
    'INVALID_PICTURE',
    /90/,
  ],
  ['a target out of range', doc, { targets: [3] }, 'INVALID_TARGET', /from 0 to 2.*got 3/],
  ['a negative target', doc, { targets: -1 }, 'INVALID_TARGET', /at least 0/],
  [
    'an unknown label',
    doc,
    { targets: ['tigre cat'], labels: LABELS },
    'UNKNOWN_LABEL',
    /'tiger cat'/,
  ],
  ['a label without labels', doc, { targets: ['tiger cat'] }, 'UNKNOWN_LABEL', /labels/],
  ['an empty list of targets', doc, { targets: [] }, 'INVALID_TARGET', /empty list/],
  ['an unknown layer', doc, { layer: 'conf' }, 'UNKNOWN_LAYER', /'conf'.*nearest names are conv/],
  ['a layer index out of range', doc, { layer: 9 }, 'UNKNOWN_LAYER', /got 9/],
  [
    'a layer without extent',
    doc,
    { layer: 'pool' },
    'UNSUITABLE_LAYER',
    /'pool' \[4\].*'conv' \[4, 3, 4\]/,
  ],
  ['an unknown method', doc, { method: 'gradcam' }, 'UNKNOWN_METHOD', /did you mean 'grad-cam'/],
  ['an unknown option', doc, { layr: 'conv' }, 'UNKNOWN_OPTION', /no option 'layr'/],
  [
    'a score of no kind',
    doc,
    { score: 'prob' as 'logit' },
    'INVALID_OPTION',
    /one of logit, output, got 'prob'/,
  ],
  [
    'a layer for a method without',
    doc,
    { method: 'saliency', layer: 'conv' },
    'INVALID_OPTION',
    /no effect/,
  ],
];

for (const [name, given, options, code, message] of CASES) {
  test.serial(name, async (t) => {
    await selectBackend('cpu');
    const model = small();
    await explainPrediction(model, doc);
    const before = tf.memory().numTensors;
    const error = await t.throwsAsync(explainPrediction(model, given, options));
    t.true(
      isWhylensError(error, code as never),
      `${(error as { code?: string }).code}: ${error.message}`,
    );
    t.regex(error.message, message);
    t.is(tf.memory().numTensors, before);
    model.dispose();
  });
}

test.serial('a model without a spatial layer', async (t) => {
  await selectBackend('cpu');
  const model = tfl.sequential({
    layers: [layers.dense({ inputShape: [4], units: 3, name: 'only' })],
  });
  const error = await t.throwsAsync(explainPrediction(model, randomArray([1, 4])));
  t.is((error as { code?: string }).code, 'UNSUITABLE_LAYER');
  t.regex(error.message, /nothing to draw a map from.*'only' \[3\]/);
});

test.serial('a layer on which the score no longer depends', async (t) => {
  await selectBackend('cpu');
  const input = tfl.input({ shape: [6, 5, 3] });
  const dead = layers
    .conv2d({ filters: 2, kernelSize: 1, name: 'aside' })
    .apply(input) as tfl.SymbolicTensor;
  const alive = layers
    .conv2d({ filters: 2, kernelSize: 1, name: 'used' })
    .apply(input) as tfl.SymbolicTensor;
  const pooled = (x: tfl.SymbolicTensor) =>
    layers.globalAveragePooling2d({}).apply(x) as tfl.SymbolicTensor;
  const model = tfl.model({ inputs: input, outputs: [pooled(alive), pooled(dead)] });
  const error = await t.throwsAsync(explainPrediction(model, doc, { layer: 'aside', targets: 0 }));
  t.is((error as { code?: string }).code, 'UNSUITABLE_LAYER');
  t.regex(error.message, /does not depend on layer 'aside'/);
});

test.serial('a model of no known kind', async (t) => {
  const error = await t.throwsAsync(explainPrediction({ predict: 1 }, doc));
  t.is((error as { code?: string }).code, 'UNSUPPORTED_MODEL');
  t.regex(error.message, /TensorFlow.js layers model.*function/);
});

test.serial('gradients of a function: the methods that would work are named', async (t) => {
  const model = ({ shape }: { shape: readonly number[] }) =>
    Array.from({ length: shape[0] }, () => [1, 2]);
  const error = await t.throwsAsync(explainPrediction(model, doc, { inputShape: [6, 5, 3] }));
  t.is((error as { code?: string }).code, 'NEEDS_GRADIENTS');
});

test.serial('NaN weights do not become a map', async (t) => {
  await selectBackend('cpu');
  const model = small();
  model.getLayer('scores').setWeights([tf.fill([4, 3], NaN), tf.zeros([3])]);
  const error = await t.throwsAsync(explainPrediction(model, doc));
  t.is((error as { code?: string }).code, 'MODEL_OUTPUT');
});

test.serial(
  'a batch is for explainPredictions, which gives one explanation a document',
  async (t) => {
    await selectBackend('cpu');
    const model = small();
    const batch = randomArray([3, 6, 5, 3]);
    await t.throwsAsync(explainPrediction(model, batch), { message: /explainPredictions/ });
    const all = [];
    for await (const expl of explainPredictions(model, batch)) all.push(expl);
    t.is(all.length, 3);
    const singles = [];
    for (let n = 0; n < 3; n++) {
      singles.push(
        await explainPrediction(model, {
          shape: [1, 6, 5, 3],
          data: batch.data.slice(n * 90, n * 90 + 90),
        }),
      );
    }
    t.deepEqual(all, singles);
  },
);

test.serial('documents come from anything that can be iterated, with progress', async (t) => {
  await selectBackend('cpu');
  const model = small();
  async function* source() {
    for (let n = 0; n < 5; n++) yield randomArray([1, 6, 5, 3], n);
  }
  const seen: [number, number | undefined][] = [];
  const scores: number[] = [];
  for await (const expl of explainPredictions(model, source(), {
    together: 2,
    onDocument: (...args) => seen.push(args),
  })) {
    scores.push((expl as ImageExplanation).targets[0].score);
  }
  t.is(new Set(scores).size, 5);
  t.deepEqual(
    seen,
    [1, 2, 3, 4, 5].map((done) => [done, undefined]),
  );
});

test.serial("the caller's arrays are neither changed nor kept", async (t) => {
  await selectBackend('cpu');
  const model = small();
  const own = { shape: [1, 6, 5, 3], data: doc.data.slice() };
  const expl = await explainPrediction(model, own);
  t.deepEqual(own.data, doc.data);
  const copy = structuredClone(expl);
  own.data.fill(0);
  t.deepEqual(expl, copy);
  t.deepEqual(JSON.parse(JSON.stringify(copy.parameters)), copy.parameters);
});
