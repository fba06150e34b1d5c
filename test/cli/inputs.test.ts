/** No command writes over what it reads, whatever it is called by, with or without --force. */
import { link, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Outputs } from '../../src/cli/outputs.js';
import { refuseInput } from '../../src/cli/protect.js';
import { emptyFolder, MODULES, whylensHere, writePicture } from '../helpers/command.js';

const MODEL = ['-m', MODULES.sidesModel];

for (const [name, args] of Object.entries({
  explain: (a: string) => ['explain', ...MODEL, '--method', 'rise', '--opt', 'masks=4', '-i', a],
  compare: (a: string) => ['compare', ...MODEL, '--method', 'rise', '--opt', 'masks=4', '-i', a],
})) {
  test(`${name} does not write over its picture`, async (t) => {
    const folder = await emptyFolder(t);
    const picture = await writePicture(join(folder, 'a.png'), (x) => x < 30);
    const before = await readFile(picture);
    await symlink('a.png', join(folder, 'soft.png'));
    await link(picture, join(folder, 'hard.png'));
    for (const out of ['a.png', 'soft.png', 'hard.png', './x/../a.png']) {
      for (const force of [[], ['--force']]) {
        const result = await whylensHere([...args(picture), '-o', join(folder, out), ...force]);
        t.is(result.code, 5, result.stderr);
        t.regex(result.stderr, /is read as .*cannot be the output/);
      }
    }
    t.deepEqual(await readFile(picture), before);
  });
}

test('show and evaluate do not write over what they read', async (t) => {
  const folder = await emptyFolder(t);
  const picture = await writePicture(join(folder, 'a.png'), (x) => x < 30);
  const record = join(folder, 'r.json');
  const method = ['--method', 'rise', '--opt', 'masks=4'];
  const made = await whylensHere(['explain', ...MODEL, ...method, '-i', picture, '-o', record]);
  t.is(made.code, 0, made.stderr);
  const before = await readFile(record);
  t.is((await whylensHere(['show', record, '-o', record, '--force'])).code, 5);
  t.deepEqual(await readFile(record), before);
  const evaluate = ['evaluate', ...MODEL, ...method, '-i', picture, '--json', picture];
  t.regex((await whylensHere(evaluate)).stderr, /cannot be the output/);
});

test("a model's files are inputs: model.json, weights it names, labels beside it", async (t) => {
  const folder = await emptyFolder(t);
  const model = join(folder, 'model.json');
  await writeFile(model, '{"weightsManifest":[{"paths":["group1-shard1of1.bin"]}]}');
  for (const name of ['group1-shard1of1.bin', 'labels.json', 'result.json']) {
    await writeFile(join(folder, name), 'x');
  }
  for (const given of [model, folder]) {
    const inputs = { files: [], models: [given] };
    for (const name of ['model.json', 'group1-shard1of1.bin', 'labels.json']) {
      t.throws(() => refuseInput(join(folder, name), inputs), { message: /cannot be the output/ });
    }
    t.notThrows(() => refuseInput(join(folder, 'result.json'), inputs));
    t.notThrows(() => refuseInput(join(folder, 'new.json'), inputs));
    t.notThrows(() => refuseInput('-', inputs));
  }
});

test('a name of our own that is an input is refused too', async (t) => {
  const folder = await emptyFolder(t);
  const picture = await writePicture(join(folder, 'a-rise.png'), () => true);
  const inputs = { files: [picture], models: [] };
  const outputs = new Outputs({
    out: `${folder}/`,
    extension: 'png',
    several: true,
    force: true,
    inputs,
  });
  t.throws(() => outputs.next('a', 'rise'), { message: /cannot be the output/ });
});

test('an existing output is refused before the model is loaded', async (t) => {
  const folder = await emptyFolder(t);
  const picture = await writePicture(join(folder, 'a.png'), () => true);
  await writeFile(join(folder, 'a-rise.png'), 'taken');
  const args = ['-m', join(folder, 'no-model.json'), '--method', 'rise', '-i', picture];
  const { stderr } = await whylensHere(['explain', ...args, '-o', `${folder}/`]);
  t.regex(stderr, /a-rise\.png' exists/);
});

test('--skip-existing goes on where a run was stopped', async (t) => {
  const folder = await emptyFolder(t);
  for (const name of ['a', 'b', 'c']) await writePicture(join(folder, `${name}.png`), (x) => x < 9);
  const out = join(folder, 'maps');
  const args = ['explain', ...MODEL, '--method', 'rise', '--opt', 'masks=4', '-i', folder];
  const first = ['explain', ...MODEL, '--method', 'rise', '--opt', 'masks=4'];
  await whylensHere([...first, '-i', join(folder, 'b.png'), '-o', `${out}/`]);
  await writeFile(join(out, 'b-rise.png'), 'kept');
  const result = await whylensHere([...args, '-o', `${out}/`, '--skip-existing']);
  t.is(result.code, 0, result.stderr);
  t.regex(result.stdout, /b\.png: left out, .*b-rise\.png exists/);
  t.is(await readFile(join(out, 'b-rise.png'), 'utf8'), 'kept');
  for (const name of ['a', 'c'])
    t.true((await readFile(join(out, `${name}-rise.png`))).length > 99);
});

test('an interrupted run names what is kept', async (t) => {
  const folder = await emptyFolder(t);
  for (const name of ['a', 'b']) await writePicture(join(folder, `${name}.png`), (x) => x < 9);
  const interrupt = new AbortController();
  interrupt.abort();
  const args = ['explain', ...MODEL, '--method', 'rise', '--opt', 'masks=4', '-i', folder];
  const result = await whylensHere([...args, '-o', join(folder, 'o/')], {
    signal: interrupt.signal,
  });
  t.is(result.code, 130);
  t.regex(result.stderr, /interrupted: 0 files are written and kept; .*--skip-existing/);
});
