import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { zipSync } from 'fflate';
import { isWhylensError, loadModel, predict } from '../../src/index.js';
import { emptyFolder } from '../helpers/command.js';
import { sentimentFiles } from '../helpers/tiny-transformer.js';

test('folders and zips on disk, with the network in a folder of its own', async (t) => {
  const { files } = sentimentFiles('roberta');
  const home = await emptyFolder(t);
  const flat = join(home, 'flat');
  const nested = join(home, 'nested');
  await mkdir(flat);
  await mkdir(join(nested, 'onnx'), { recursive: true });
  for (const { name, bytes } of files) {
    await writeFile(join(flat, name), bytes);
    await writeFile(join(nested, name === 'model.onnx' ? 'onnx/model.onnx' : name), bytes);
  }
  const zip = join(home, 'mood.zip');
  const entries = files.map(({ name, bytes }) => [`mood/${name}`, bytes] as const);
  await writeFile(zip, zipSync(Object.fromEntries(entries)));
  const found: string[] = [];
  for (const [path, name] of [
    [flat, 'flat'],
    [join(flat, 'model.onnx'), 'flat'],
    [nested, 'nested'],
    [join(nested, 'onnx', 'model.onnx'), 'nested'],
    [zip, 'mood'],
  ]) {
    const loaded = await loadModel(path);
    t.is(loaded.name, name, path);
    found.push([...(await predict(loaded, 'not bad')).logits.data].join());
    loaded.dispose();
  }
  t.is(new Set(found).size, 1);
});

test('a tokenizer behind a link out of the folder is not read; a damaged zip is an error', async (t) => {
  const { files } = sentimentFiles('bert');
  const home = await emptyFolder(t);
  const inside = join(home, 'model');
  await mkdir(inside);
  for (const { name, bytes } of files) {
    await writeFile(join(name === 'tokenizer.json' ? home : inside, name), bytes);
  }
  await symlink(join(home, 'tokenizer.json'), join(inside, 'tokenizer.json'));
  const linked = await t.throwsAsync(loadModel(inside));
  t.true(isWhylensError(linked, 'MODEL_LOAD'));
  t.regex(linked!.message, /no tokenizer\.json/);
  const zip = zipSync(Object.fromEntries(files.map(({ name, bytes }) => [name, bytes])));
  for (const bytes of [zip.slice(0, zip.length - 40), zip.slice(0, 60)]) {
    const error = await t.throwsAsync(loadModel([{ name: 'cut.zip', bytes }]));
    t.true(isWhylensError(error, 'MODEL_LOAD'), error?.message);
  }
  const empty = zipSync({ 'notes.txt': new Uint8Array(3) });
  const none = await t.throwsAsync(loadModel([{ name: 'empty.zip', bytes: empty }]));
  t.true(isWhylensError(none, 'MODEL_LOAD'), none?.message);
});
