/** Folders as their tools write them, and zips of them: labels, sizes and ranges are found. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { zipSync } from 'fflate';
import { isWhylensError } from '../../src/errors.js';
import { explainPrediction } from '../../src/explain/explain.js';
import { predict } from '../../src/explain/predict.js';
import { createPicture } from '../../src/images/picture.js';
import { encodePng } from '../../src/images/png.js';
import { encodeOnnx } from '../../src/model/files/onnx-encode.js';
import { joined } from '../../src/model/files/protobuf.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { loadModel } from '../../src/node/load-model.js';
import { emptyFolder, whylensHere } from '../helpers/command.js';
import { savedFiles } from '../helpers/model-files.js';
import { floats, node, onnxModel } from '../helpers/onnx-build.js';

/** The mean of red, and of the left column of green: what was fed shows in the scores. */
const network = (shape: readonly (number | string)[]): Uint8Array =>
  joined(
    encodeOnnx(
      onnxModel({
        inputs: { pixel_values: shape },
        outputs: ['logits'],
        nodes: [
          node('Conv', ['pixel_values', 'w'], ['c'], {}),
          node('Relu', ['c'], ['r']),
          node('GlobalAveragePool', ['r'], ['m']),
          node('Flatten', ['m'], ['logits']),
        ],
        initializers: [floats('w', [2, 3, 1, 1], [1, 0, 0, 0, 1, 0])],
      }),
    ),
  );

const text = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

const PROCESSOR = {
  image_processor_type: 'CLIPImageProcessor',
  do_resize: true,
  size: { shortest_edge: 4 },
  resample: 0,
  do_center_crop: true,
  crop_size: { height: 4, width: 4 },
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [0, 0.2, 0],
  image_std: [0.5, 1, 1],
};

const huggingFace = (shape: readonly (number | string)[]): Record<string, Uint8Array> => ({
  'tiny-vit/config.json': text({ model_type: 'vit', id2label: { 0: 'red', 1: 'green' } }),
  'tiny-vit/preprocessor_config.json': text(PROCESSOR),
  'tiny-vit/onnx/model.onnx': network(shape),
  'tiny-vit/onnx/model_quantized.onnx': text('another'),
});

function write(folder: string, files: Record<string, Uint8Array>): void {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}

/** 8×4: the two outer columns on each side are dark, the square in the middle is 255, 102, 0. */
const picture = createPicture(
  8,
  4,
  'RGB',
  Array.from({ length: 32 }, (_, i) =>
    i % 8 >= 2 && i % 8 < 6 ? [255, 102, 0] : [0, 0, 0],
  ).flat(),
);

for (const [what, shape] of [
  ['open', ['batch', 'channels', 'height', 'width']],
  ['fixed', [1, 3, 4, 4]],
] as const) {
  test.serial(`a Hugging Face folder, its sizes ${what}`, async (t) => {
    const folder = await emptyFolder(t);
    write(folder, huggingFace(shape));
    for (const path of ['tiny-vit', 'tiny-vit/onnx/model.onnx', 'tiny-vit/onnx']) {
      const model = await loadModel(join(folder, path));
      t.is(model.name, 'tiny-vit');
      t.deepEqual(model.labels, ['red', 'green']);
      t.deepEqual(model.inputShape, what === 'open' ? [null, null, null] : [4, 4, 3]);
      t.deepEqual(model.inferred, {
        labels: 'config.json beside the model',
        preprocess: 'preprocessor_config.json beside the model',
      });
      const { logits } = await predict(model, picture);
      // (255/255 − 0) / 0.5 and (102/255 − 0.2) / 1 over the square in the middle alone
      t.true(Math.abs(logits.data[0] - 2) < 1e-6, String(logits.data[0]));
      t.true(Math.abs(logits.data[1] - 0.2) < 1e-6, String(logits.data[1]));
      model.dispose();
    }
  });
}

test.serial('the map lies over the part that the model saw, and the record says how', async (t) => {
  const folder = await emptyFolder(t);
  write(folder, huggingFace([1, 3, 4, 4]));
  const model = await loadModel(join(folder, 'tiny-vit'));
  const expl = await explainPrediction(model, picture, { targets: ['red'] });
  t.is(expl.kind, 'image');
  if (expl.kind !== 'image') return;
  t.deepEqual([expl.image.width, expl.image.height], [4, 4]);
  t.deepEqual([...expl.image.data.slice(0, 3)], [255, 102, 0]);
  t.deepEqual(expl.parameters.preprocess, {
    resize: { shortest: 4 },
    crop: { width: 4, height: 4 },
    filter: 'nearest',
    scale: 255,
    mean: [0, 0.2, 0],
    deviation: [0.5, 1, 1],
  });
  t.is(expl.parameters.resize, 'nearest');
  t.deepEqual(expl.warnings, []);
  // an option of the caller wins
  const other = await predict(model, picture, { preprocess: 'none' });
  t.true(other.logits.data[0] > 100);
  model.dispose();
});

test.serial('a zip of it, at any depth, from a path or a list', async (t) => {
  const folder = await emptyFolder(t);
  const zip = zipSync({
    ...huggingFace([1, 3, 4, 4]),
    '__MACOSX/tiny-vit/._config.json': text('x'),
  });
  writeFileSync(join(folder, 'model.zip'), zip);
  for (const source of [join(folder, 'model.zip'), [{ name: 'model.zip', bytes: zip }]]) {
    const model = await loadModel(source);
    t.deepEqual(model.labels, ['red', 'green']);
    t.is(model.name, 'tiny-vit');
    const { logits } = await predict(model, picture);
    t.true(Math.abs(logits.data[0] - 2) < 1e-6);
    model.dispose();
  }
});

test.serial('hostile zips are refused', async (t) => {
  const zip = zipSync({ 'model.onnx': network([1, 3, 4, 4]) });
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['cut short', zip.slice(0, zip.length - 30), /damaged/],
    ['without a model', zipSync({ 'readme.txt': text('hello'), 'b.txt': text('c') }), /one \.onnx/],
  ];
  for (const [what, bytes, message] of cases) {
    const error = await t.throwsAsync(loadModel([{ name: 'model.zip', bytes }]), undefined, what);
    t.true(isWhylensError(error, 'MODEL_LOAD'), what);
    t.regex(error?.message ?? '', message);
  }
});

test.serial('a file that is not understood is named, and nothing is made of it', async (t) => {
  const folder = await emptyFolder(t);
  write(folder, {
    ...huggingFace([1, 3, 4, 4]),
    'tiny-vit/config.json': text({ id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } }),
    'tiny-vit/preprocessor_config.json': text({ ...PROCESSOR, size: { longest_edge: 4 } }),
  });
  const model = await loadModel(join(folder, 'tiny-vit'));
  t.is(model.labels, undefined);
  t.is(model.preprocess, undefined);
  t.regex(
    model.inferred?.preprocess ?? '',
    /none used: preprocessor_config.json is not understood/,
  );
  const { warnings } = await explainPrediction(model, picture);
  t.regex(warnings.join(), /not known how this model wants its pixels/);
  model.dispose();
});

test.serial('Teachable Machine: its labels, its square, its range', async (t) => {
  await selectBackend('cpu');
  const tf = await import('@tensorflow/tfjs-layers');
  const layers = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [4, 4, 1], filters: 2, kernelSize: 1, name: 'c' }),
      tf.layers.globalAveragePooling2d({ name: 'p', dataFormat: 'channelsLast' }),
    ],
  });
  const folder = await emptyFolder(t);
  const files = await savedFiles(layers);
  layers.dispose();
  const metadata = {
    packageName: '@teachablemachine/image',
    labels: ['one', 'two'],
    imageSize: 4,
    grayscale: true,
  };
  const all = [...files, { name: 'metadata.json', bytes: text(metadata) }];
  write(folder, Object.fromEntries(all.map(({ name, bytes }) => [name, bytes])));
  const model = await loadModel(folder);
  t.deepEqual(model.labels, ['one', 'two']);
  t.deepEqual(model.preprocess, {
    resize: { shortest: 4 },
    crop: { width: 4, height: 4 },
    scale: 127,
    mean: [1],
    deviation: [1],
  });
  const grey = await explainPrediction(model, picture, { method: 'occlusion', patch: 2 });
  t.is(grey.kind === 'image' ? grey.image.width : 0, 4);
  model.dispose();
  const png = join(folder, 'a.png');
  writeFileSync(png, encodePng(picture));
  const { stdout, code, stderr } = await whylensHere(['predict', '-m', folder, png]);
  t.is(code, 0, stderr);
  t.regex(stdout, /^labels: +2 names in metadata.json beside the model/m);
  t.regex(
    stdout,
    /^preprocess: shorter side 4; centre 4×4; \/ 127; - 1; \/ 1, metadata.json beside the model/m,
  );
});

test('names of classes in the forms people have', async (t) => {
  const folder = await emptyFolder(t);
  for (const [name, content] of [
    ['class_indices.json', { green: 1, red: 0 }],
    ['imagenet_class_index.json', { 0: ['n01', 'red'], 1: ['n02', 'green'] }],
    ['synset.txt', 'n01440764 red\nn01443537 green'],
    ['classes.txt', 'red\ngreen\n'],
    ['config.json', { pretrained_cfg: {}, label_names: ['red', 'green'] }],
  ] as const) {
    const own = join(folder, name.replace('.', '-'));
    write(own, { 'model.onnx': network([1, 3, 4, 4]), [name]: text(content) });
    const model = await loadModel(own);
    t.deepEqual(model.labels, ['red', 'green'], name);
    t.is(model.inferred?.labels, `${name} beside the model`);
    model.dispose();
  }
});
