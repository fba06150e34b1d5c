import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { emptyFolder, MODULES, whylensHere, writePicture } from '../helpers/command.js';

test('layers: names, kinds, shapes and parameters, the default marked', async (t) => {
  const args = ['layers', MODULES.fakeModel, '--plugin', MODULES.adapter];
  const { code, stdout, stderr } = await whylensHere(args);
  t.is(code, 0, stderr);
  t.regex(stdout, /^\* +4 +relu2 +ReLU +\[3, 4, 5\] +0$/m);
  t.regex(stdout, /^ +1 +conv1 +Conv2D +\[6, 8, 4\] +112$/m);
  t.regex(stdout, /7 layers, 321 parameters/);
  const json = await whylensHere([...args, '--json']);
  const data = JSON.parse(json.stdout) as { defaultLayer: string; layers: { path: string }[] };
  t.is(data.defaultLayer, 'relu2');
  t.deepEqual(
    data.layers.map(({ path }) => path),
    ['picture', 'conv1', 'relu1', 'conv2', 'relu2', 'pool', 'logits'],
  );
  const option = await whylensHere(['layers', '-m', ...args.slice(1)]);
  t.is(option.stdout, stdout);
});

test('layers: a function shows none; no model is wrong usage', async (t) => {
  const { stdout } = await whylensHere(['layers', MODULES.sidesModel]);
  t.regex(stdout, /sides-model shows no layers/);
  t.is((await whylensHere(['layers'])).code, 2);
});

test('predict: the top classes of each picture, failing ones at the end', async (t) => {
  const folder = await emptyFolder(t);
  const left = await writePicture(join(folder, 'left.png'), (x) => x < 30);
  const below = await writePicture(join(folder, 'below.png'), (_, y) => y >= 20);
  const broken = join(folder, 'broken.png');
  await writeFile(broken, 'x');
  const args = ['predict', '-m', MODULES.sidesModel, '-i', left, broken, below];
  const { code, stdout, stderr } = await whylensHere([...args, '--top', '2']);
  t.is(code, 1);
  t.regex(stderr, /^whylens: 1 of 3 pictures failed\n.*broken\.png: /);
  const rows = stdout.split('\n').filter((line) => /^ +0\./.test(line));
  t.is(rows.length, 4);
  t.regex(rows[0], /^ +0\.4\d+ +0 {2}left$/);
  t.regex(rows[2], / 2 {2}below$/);
  const json = await whylensHere([...args, '--json', '--labels', join(folder, 'labels.txt')]);
  t.is(json.code, 3);
});

test('predict: probabilities where the model has a softmax', async (t) => {
  const folder = await emptyFolder(t);
  const image = await writePicture(join(folder, 'x.png'), (x, y) => x > y);
  const args = ['predict', '-m', MODULES.fakeModel, '--plugin', MODULES.adapter, '-i', image];
  const { stdout } = await whylensHere([...args, '--json', '--top', '4']);
  const [{ outputs }] = JSON.parse(stdout) as {
    outputs: { probabilities: boolean; top: { score: number }[] }[];
  }[];
  t.true(outputs[0].probabilities);
  const sum = outputs[0].top.reduce((total, { score }) => total + score, 0);
  t.true(Math.abs(sum - 1) < 1e-6);
  t.regex((await whylensHere(args)).stdout, /probability +class +label/);
});

test('predict --json --verbose: standard output is JSON and nothing else', async (t) => {
  const folder = await emptyFolder(t);
  const image = await writePicture(join(folder, 'x.png'), (x, y) => x > y);
  const args = ['predict', '-m', MODULES.fakeModel, '--plugin', MODULES.adapter, '-i', image];
  const plain = await whylensHere([...args, '--json']);
  const verbose = await whylensHere([...args, '--json', '--verbose']);
  t.is(verbose.code, 0, verbose.stderr);
  t.is(verbose.stdout, plain.stdout);
  t.notThrows(() => JSON.parse(verbose.stdout) as unknown);
  t.regex(verbose.stderr, /predicted in /);
  t.notRegex(plain.stderr, /predicted in /);
});
