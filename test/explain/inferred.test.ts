/** What loadModel infers: used by the library as by the command, recorded, printed, overruled. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { explainPrediction } from '../../src/explain/explain.js';
import type { ImageExplanation } from '../../src/explanation.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { loadImage } from '../../src/node/load-image.js';
import { loadModel } from '../../src/node/load-model.js';
import { emptyFolder, whylensHere, writePicture } from '../helpers/command.js';
import { savedFiles, textBytes } from '../helpers/model-files.js';
import { sharedFile } from '../helpers/shared.js';
import { seedWeights, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;

test.before(() => selectBackend('cpu'));

/** A folder `name` with a small model in it and files beside it. */
async function modelIn(
  t: ExecutionContext,
  name: string,
  beside: Readonly<Record<string, string>> = {},
): Promise<string> {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ inputShape: [7, 9, 3], filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  seedWeights(model);
  const folder = join(await emptyFolder(t), name);
  await mkdir(folder);
  for (const file of await savedFiles(model)) await writeFile(join(folder, file.name), file.bytes);
  for (const [file, text] of Object.entries(beside)) await writeFile(join(folder, file), text);
  model.dispose();
  return folder;
}

const LABELS = JSON.stringify(['ant', 'bee', 'cow']);

test('the library and the command explain the same prediction', async (t) => {
  const folder = await modelIn(t, 'mobilenet-of-mine', { 'labels.json': LABELS });
  const image = await writePicture(join(folder, 'p.png'), (x) => x > 30);
  const out = join(folder, 'p.json');
  const { code, stdout } = await whylensHere(
    ['explain', '-m', folder, '-i', image, '-o', out, '--backend', 'cpu'],
    {},
  );
  t.is(code, 0);
  t.regex(stdout, /labels: +3 names in labels\.json beside the model/);
  t.regex(stdout, /preprocess: +tf, by the name 'mobilenet-of-mine' \(--preprocess/);
  const record = JSON.parse(await readFile(out, 'utf8')) as {
    targets: { label: string; score: number; proba: number }[];
    parameters: Record<string, unknown>;
  };
  const model = await loadModel(folder, { backend: 'cpu' });
  t.teardown(() => model.dispose());
  const mine = (await explainPrediction(model, await loadImage(image))) as ImageExplanation;
  const [{ label, score, proba }] = mine.targets;
  t.deepEqual(
    { label, score, proba },
    {
      label: record.targets[0].label,
      score: record.targets[0].score,
      proba: record.targets[0].proba,
    },
  );
  t.deepEqual(mine.warnings, []);
  t.is(mine.parameters.preprocess, 'tf');
  t.deepEqual(mine.parameters.inferred, {
    labels: 'labels.json beside the model',
    preprocess: "by the name 'mobilenet-of-mine'",
  });
  t.deepEqual(record.parameters.inferred, mine.parameters.inferred);
});

test('what is said goes before what is inferred', async (t) => {
  const folder = await modelIn(t, 'resnet50', { 'labels.txt': 'ant\nbee\ncow' });
  const given = await loadModel(folder, { labels: ['x', 'y', 'z'], preprocess: 'unit' });
  t.teardown(() => given.dispose());
  t.deepEqual([given.labels, given.preprocess], [['x', 'y', 'z'], 'unit']);
  t.is(given.inferred, undefined);

  const inferring = await loadModel(folder);
  t.teardown(() => inferring.dispose());
  t.deepEqual([inferring.labels, inferring.preprocess], [['ant', 'bee', 'cow'], 'caffe']);
  const picture = await loadImage(await writePicture(join(folder, 'p.png'), (x, y) => x < y));
  const { parameters } = await explainPrediction(inferring, picture, { preprocess: 'none' });
  t.is(parameters.preprocess, 'none');
  t.deepEqual(parameters.inferred, { labels: 'labels.txt beside the model' });
});

test('a list of files is looked through for labels as a folder is', async (t) => {
  const folder = await modelIn(t, 'net');
  const names = ['model.json', 'group1-shard1of1.bin'];
  const files = [
    ...(await Promise.all(
      names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })),
    )),
    { name: 'labels.json', bytes: textBytes(LABELS) },
  ];
  const model = await loadModel(files);
  t.teardown(() => model.dispose());
  t.deepEqual(model.labels, ['ant', 'bee', 'cow']);
  t.is(model.inferred?.labels, 'labels.json beside the model');
});

test('if the preprocessing is unknown, a picture gives a warning that names its range', async (t) => {
  const folder = await modelIn(t, 'net');
  const path = await writePicture(join(folder, 'p.png'), (x, y) => x < y);
  const picture = await loadImage(path);
  const model = await loadModel(folder);
  t.teardown(() => model.dispose());
  const { warnings } = await explainPrediction(model, picture);
  t.is(warnings.length, 1);
  t.regex(warnings[0], /fed as numbers from 0 to 255 .*preprocess 'tf' for -1 to 1/s);
  // a bare model has no place where it could have been said
  t.regex((await explainPrediction(model.model, picture)).warnings[0], /0 to 255/);
  // whoever says it knows it, and numbers are what the model eats already
  t.deepEqual((await explainPrediction(model, picture, { preprocess: 'none' })).warnings, []);
  const numbers = { shape: [1, 7, 9, 3], data: Float32Array.from({ length: 189 }, (_, i) => i) };
  t.deepEqual((await explainPrediction(model, numbers)).warnings, []);

  const said = await whylensHere(['predict', '-m', folder, '-i', path, '-i', path]);
  t.is(said.code, 0);
  t.is(said.stderr.split('0 to 255 (preprocess').length, 2, 'once for all pictures');
  const told = await whylensHere(['predict', '-m', folder, '-i', path, '--preprocess', 'unit']);
  t.is(told.stderr, '');
});

test('a label file beside the model that is broken is named, not obeyed', async (t) => {
  const folder = await modelIn(t, 'net', { 'labels.json': '["ant",' });
  const model = await loadModel(folder);
  t.teardown(() => model.dispose());
  t.is(model.labels, undefined);
  t.regex(model.inferred!.labels!, /^none used: labels\.json must hold labels/);
});

test('the reference network says boxer without being told anything', async (t) => {
  const path = sharedFile(t, 'models', 'mobilenet_v1_0.25_224', 'model.json');
  const image = sharedFile(t, 'images', 'cat_dog.jpg');
  if (path === undefined || image === undefined) return;
  const model = await loadModel(path);
  t.teardown(() => model.dispose());
  t.is(model.preprocess, 'tf');
  const { targets } = (await explainPrediction(model, await loadImage(image))) as ImageExplanation;
  t.is(targets[0].target, 242);
});
