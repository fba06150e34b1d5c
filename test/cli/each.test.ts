/** One bad picture does not keep the others from being done, whichever command meets it. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { eachOf } from '../../src/cli/each.js';
import { EXIT, Messages } from '../../src/cli/io.js';
import { WhylensError, type ErrorCode } from '../../src/errors.js';
import { encodePng } from '../../src/images/png.js';
import { emptyFolder, MODULES, whylensHere, writePicture } from '../helpers/command.js';

const quick = ['--method', 'occlusion', '--opt', 'patch=2', '--opt', 'stride=2'];
const commands: Readonly<Record<string, readonly string[]>> = {
  explain: ['--target', 'left', ...quick, '--force'],
  predict: [],
  compare: ['--target', 'left', ...quick],
  evaluate: ['--target', 'left', ...quick, '--metric', 'deletion'],
};

for (const [command, own] of Object.entries(commands)) {
  test(`${command} does the other pictures of a folder with bad ones`, async (t) => {
    const folder = await emptyFolder(t);
    const file = (name: string) => join(folder, name);
    const one = await writePicture(file('a.png'), (x) => x < 3, [6, 4]);
    await writeFile(file('broken.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
    await writeFile(file('empty.jpg'), '');
    // a header that promises more pixels than any picture may have
    const huge = encodePng({ width: 1, height: 1, mode: 'L', data: Uint8ClampedArray.of(9) });
    new DataView(huge.buffer, huge.byteOffset).setUint32(16, 1_000_000);
    new DataView(huge.buffer, huge.byteOffset).setUint32(20, 1_000_000);
    await writeFile(file('huge.png'), huge);
    const two = await writePicture(file('z.png'), (x) => x >= 3, [6, 4]);
    const pictures = [one, file('broken.png'), file('empty.jpg'), file('huge.png'), two];
    const out = command === 'explain' ? ['-o', file('out/')] : [];
    const figure = command === 'compare' ? ['-o', file('grid.png')] : [];
    const args = [command, '-m', MODULES.sidesModel, ...pictures, ...own, ...out, ...figure];
    const { code, stdout, stderr } = await whylensHere(args);
    t.is(code, EXIT.some, stderr);
    t.regex(stderr, /3 of 5 pictures failed/);
    for (const name of ['broken.png', 'empty.jpg', 'huge.png']) t.true(stderr.includes(name), name);
    if (command === 'explain') t.is((await readdir(file('out'))).length, 2);
    if (command === 'predict') t.is(stdout.match(/\bleft\b/g)!.length, 2);
    if (command === 'compare') t.true((await readdir(folder)).includes('grid.png'));
    if (command === 'evaluate') t.regex(stdout, /occlusion +\d/);
    // one picture alone is an error of its kind, and so are all of them
    const alone = [command, '-m', MODULES.sidesModel, file('empty.jpg'), ...own, ...out];
    t.is((await whylensHere(alone)).code, EXIT.document);
  });
}

test('what is forgiven of a picture, of a panel, and of neither', async (t) => {
  const said: string[] = [];
  const stream = { write: (text: string) => said.push(text) > 0 } as never;
  const messages = new Messages({
    stdout: stream,
    stderr: stream,
    signal: new AbortController().signal,
  });
  const run = (code: ErrorCode, what: 'pictures' | 'panels', items = ['a', 'b']) =>
    eachOf(items, { what, name: (item) => item, messages }, async (item) => {
      if (item === 'a') throw new WhylensError(code, `no ${item}`);
    });
  t.is((await run('FILE_EXISTS', 'pictures')).report(), EXIT.some);
  t.deepEqual(said, ['whylens: 1 of 2 pictures failed\n  a: no a\n']);
  t.is((await run('NEEDS_GRADIENTS', 'panels')).done, 1);
  await t.throwsAsync(run('NEEDS_GRADIENTS', 'pictures'), { code: 'NEEDS_GRADIENTS' });
  await t.throwsAsync(run('BACKEND', 'panels'), { code: 'BACKEND' });
  await t.throwsAsync(run('ABORTED', 'panels'), { code: 'ABORTED' });
  await t.throwsAsync(run('FILE', 'pictures', ['a']), { code: 'FILE' });
});

test('--show without --out writes nothing, so a second time it does the same', async (t) => {
  const folder = await emptyFolder(t);
  const image = await writePicture(join(folder, 'left.png'), (x) => x < 3, [6, 4]);
  const before = await readdir('.');
  const args = ['explain', '-m', MODULES.sidesModel, image, ...quick, '-t', 'left', '--show'];
  for (let i = 0; i < 2; i++) {
    const { code, stdout, stderr } = await whylensHere(args);
    t.is(code, 0, stderr);
    t.regex(stdout, /Explained as: occlusion/);
  }
  t.deepEqual(await readdir('.'), before);
  t.deepEqual(await readdir(folder), ['left.png']);
  const out = join(folder, 'x.png');
  t.is((await whylensHere([...args, '-o', out])).code, 0);
  t.true((await readdir(folder)).includes('x.png'));
});

test('compare looks for its output before it works', async (t) => {
  const folder = await emptyFolder(t);
  const image = await writePicture(join(folder, 'left.png'), (x) => x < 3, [6, 4]);
  await writeFile(join(folder, 'left-compare.png'), 'mine');
  // the model is not even looked at
  const args = ['compare', '-m', join(folder, 'none'), image, '-o', `${folder}/`];
  const { code, stderr } = await whylensHere(args);
  t.is(code, EXIT.file, stderr);
  t.regex(stderr, /left-compare\.png' exists/);
});
