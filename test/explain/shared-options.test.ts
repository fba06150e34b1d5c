/** The options that every method takes are checked before anything is computed. */
import test from 'ava';
import type { ImageExplanation } from '../../src/explanation.js';
import { isWhylensError } from '../../src/errors.js';
import { explainPrediction } from '../../src/explain/explain.js';
import { type ExplainOptions } from '../../src/explain/explain-options.js';
import { createPicture } from '../../src/images/picture.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { randomArray, seedWeights, tf, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;

function small(): tfl.Sequential {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ inputShape: [6, 5, 3], filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  seedWeights(model);
  return model;
}

const WRONG: readonly [Record<string, unknown>, RegExp, string?][] = [
  [{ method: null }, /'method' .* id of a method/],
  [{ method: {} }, /'method'/],
  [{ layer: {} }, /'layer' .* a path, an index or a layer object/],
  [{ layer: null }, /'layer'/],
  [{ score: null }, /'score' .* one of logit, output, got null/],
  [{ image: 'cat.png' }, /'image' .* loadImage reads one, got 'cat.png'/],
  [
    { image: { width: 2, height: 1, mode: 'L', data: new Uint8Array(1) } },
    /2×1/,
    'INVALID_PICTURE',
  ],
  [{ labels: 'cat' }, /'labels' .* array of at least one name/],
  [{ labels: [1, 2, 3] }, /'labels'/],
  [{ labels: [] }, /'labels'/],
  [{ preprocess: 'tff' }, /'preprocess' .* one of tf, caffe, torch, unit, none/],
  [{ resize: 'cubic' }, /'resize' .* lanczos, got 'cubic'/],
  [{ input: 5 }, /'input'/],
  [{ seed: 1.5 }, /'seed' .* a whole number, got 1.5/],
  [{ seed: '1' }, /'seed'/],
  [{ inputShape: [6, 0, 3] }, /'inputShape'/],
  [{ outputActivation: 'tanh' }, /'outputActivation' .* softmax, sigmoid, linear/],
  [{ backend: 1 }, /'backend'/],
  [{ estimator: 5 }, /'estimator'/],
  [{ container: {} }, /'container' .* createContainer/],
  [{ plugins: {} }, /'plugins'/],
  [{ batchSize: 0 }, /'batchSize' .* at least 1/],
  [{ memoryBudget: 0 }, /'memoryBudget' .* above 0/],
  [{ signal: {} }, /'signal' .* AbortSignal/],
  [{ onProgress: 5 }, /'onProgress' .* function/],
  [{ targets: [{ kind: 'nope' }] }, /a target must be .*"nope"/, 'INVALID_TARGET'],
  [{ targets: [{ kind: 'class' }] }, /a target must be/, 'INVALID_TARGET'],
  [{ targets: [{ kind: 'weighted', terms: [] }] }, /a target must be/, 'INVALID_TARGET'],
  [
    {
      targets: [
        { kind: 'weighted', terms: [{ target: { kind: 'class', index: 1 }, weight: NaN }] },
      ],
    },
    /a target must be/,
    'INVALID_TARGET',
  ],
  [{ targets: [{ kind: 'top', rank: -1 }] }, /a target must be/, 'INVALID_TARGET'],
  [{ targets: [{ kind: 'regression', index: 0, sign: 2 }] }, /target must/, 'INVALID_TARGET'],
  [{ targets: [{ kind: 'mask', index: 0 }] }, /a target must be/, 'INVALID_TARGET'],
  [{ targets: [{ kind: 'similarity', vector: 'x' }] }, /a target must be/, 'INVALID_TARGET'],
];

test.serial('whatever is not a value of its option is refused by name', async (t) => {
  await selectBackend('cpu');
  const model = small();
  const doc = randomArray([1, 6, 5, 3]);
  await explainPrediction(model, doc);
  const before = tf.memory().numTensors;
  for (const [options, message, code = 'INVALID_OPTION'] of WRONG) {
    const error = await t.throwsAsync(explainPrediction(model, doc, options as ExplainOptions));
    t.true(isWhylensError(error, code as never), `${JSON.stringify(options)}: ${error.message}`);
    t.regex(error.message, message);
  }
  const none = await t.throwsAsync(explainPrediction(model, doc, null as never));
  t.true(isWhylensError(none, 'INVALID_OPTION'));
  t.is(tf.memory().numTensors, before);
  model.dispose();
});

test.serial('documents of values that are not finite numbers', async (t) => {
  await selectBackend('cpu');
  const model = small();
  const shape = [1, 6, 5, 3];
  const gone = tf.zeros([1, 6, 5, 3]);
  gone.dispose();
  for (const [doc, message] of [
    [{ shape, data: new BigInt64Array(90) }, /array of numbers, got .*BigInt64Array/],
    [{ shape, data: new DataView(new ArrayBuffer(90)) }, /array of numbers, got .*DataView/],
    [
      { shape, data: Array.from({ length: 90 }, (_, i) => String(i)) },
      /got one with the string '0'/,
    ],
    [gone, /cannot be read: Tensor is disposed/],
    [new Float32Array(90), /\{ shape, data \}.*Float32Array/],
  ] as const) {
    const error = await t.throwsAsync(explainPrediction(model, doc));
    t.true(isWhylensError(error, 'INVALID_DOCUMENT'), error.message);
    t.regex(error.message, message);
  }
  model.dispose();
});

test.serial('the record says every option that took part', async (t) => {
  await selectBackend('cpu');
  const model = small();
  const parameters = async (doc: unknown, options: ExplainOptions) =>
    ((await explainPrediction(model, doc, options)) as ImageExplanation).parameters;
  const picture = createPicture(9, 8, 'RGB', new Uint8Array(9 * 8 * 3).fill(90));
  const runsOn = { engine: 'tfjs', backend: 'cpu' };
  t.deepEqual(await parameters(picture, {}), {
    ...runsOn,
    score: 'logit',
    seed: 0,
    resize: 'bilinear',
  });
  const given = {
    score: 'output',
    seed: 3,
    resize: 'box',
    preprocess: 'tf',
    batchSize: 2,
  } as const;
  t.deepEqual(await parameters(picture, given), { ...runsOn, ...given });
  const array = randomArray([1, 6, 5, 3]);
  t.deepEqual(await parameters(array, { seed: 4 }), { ...runsOn, score: 'logit', seed: 4 });
  const own = function halved() {
    return array;
  };
  t.is((await parameters(picture, { preprocess: own })).preprocess, 'function halved');
  model.dispose();
});

test('a misspelt shared option is told apart from those of the method', async (t) => {
  const model = ({ shape: [n] }: { shape: readonly number[] }) =>
    Array.from({ length: n }, () => [1]);
  const picture = { width: 2, height: 2, mode: 'L', data: new Uint8ClampedArray(4) };
  const options = { method: 'occlusion', inputShape: [2, 2, 1], target: ['dog'] };
  await t.throwsAsync(explainPrediction(model, picture, options as never), {
    message: /did you mean 'targets'/,
  });
});
