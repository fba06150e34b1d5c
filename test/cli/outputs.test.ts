import { execFileSync } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { Outputs, slug } from '../../src/cli/outputs.js';
import { partNames } from '../../src/cli/target-parts.js';
import { classTarget, topClass } from '../../src/model/targets.js';
import { emptyFolder, MODULES, whylensHere, writePicture } from '../helpers/command.js';

test('a name that the user gave is kept and may be overwritten', (t) => {
  const outputs = new Outputs({ out: 'x/out.png', extension: 'png', several: false });
  t.deepEqual(outputs.next('cat', 'grad-cam'), { path: 'x/out.png', overwrite: true });
});

test('several results of one picture get the part in front of the ending', (t) => {
  const outputs = new Outputs({ out: 'out.v2.png', extension: 'png', several: false });
  t.is(outputs.next('cat', 'grad-cam', ['tiger cat']).path, 'out.v2-tiger-cat.png');
});

test('names of our own: folder, picture, method; not overwritten unless forced', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'a.b'));
  const request = { extension: 'html', several: true };
  t.deepEqual(new Outputs(request).next('cat', 'grad-cam++'), {
    path: 'cat-grad-cam++.html',
    overwrite: false,
  });
  t.true(new Outputs({ ...request, force: true }).next('cat', 'cam').overwrite);
  const inside = new Outputs({ ...request, several: false, out: join(folder, 'a.b') });
  t.is(inside.next('cat', 'cam').path, join(folder, 'a.b', 'cat-cam.html'));
  t.is(inside.next('cat', 'cam').path, join(folder, 'a.b', 'cat-cam-2.html'));
});

test('where a file needs an ending, a name without one is a folder', (t) => {
  const request = { out: 'maps', extension: 'png', several: false };
  t.is(new Outputs({ ...request, endingNeeded: true }).next('cat', 'cam').path, 'maps/cat-cam.png');
  t.is(new Outputs(request).next('cat', 'cam').path, 'maps');
});

test('several pictures do not go into one file', (t) => {
  const error = t.throws(() => new Outputs({ out: 'x.png', extension: 'png', several: true }));
  t.true(isWhylensError(error, 'USAGE'));
});

test('file names hold no path, whatever a label holds', (t) => {
  t.is(slug('../../etc/passwd'), 'etc-passwd');
  t.is(slug('tiger cat − 0.5 × dog'), 'tiger-cat-0-5-dog');
  t.is(slug('虎 ネコ'), '虎-ネコ');
  t.is(slug('***'), 'x');
  t.is([...slug('a'.repeat(500))].length, 60);
});

test('names of parts are made up here: they are looked at, and not overwritten unless forced', async (t) => {
  const folder = await emptyFolder(t);
  const request = { out: join(folder, 'x.png'), extension: 'png', several: false };
  await writeFile(join(folder, 'x-dog.png'), '');
  await writeFile(join(folder, 'x.png'), '');
  const outputs = new Outputs(request);
  t.notThrows(() => outputs.look('cat', 'cam'));
  t.notThrows(() => outputs.look('cat', 'cam', [['bird']]));
  const error = t.throws(() => outputs.look('cat', 'cam', [['bird'], ['dog']]));
  t.true(isWhylensError(error, 'FILE_EXISTS'));
  t.regex(error.message, /x-dog\.png' exists .*--force/);
  t.false(outputs.next('cat', 'cam', ['dog']).overwrite);
  const forced = new Outputs({ ...request, force: true });
  t.notThrows(() => forced.look('cat', 'cam', [['dog']]));
  t.true(forced.next('cat', 'cam', ['dog']).overwrite);
  // all or nothing is left out
  t.is(outputs.skip('cat', 'cam', [['bird'], ['dog']]), undefined);
});

test('what tells targets apart is known before the prediction, but for ranks', (t) => {
  const labels = ['dog, hound', 'cat'];
  const [dog, cat] = [classTarget(0), classTarget(7)];
  t.deepEqual(partNames([dog, cat], labels), { names: [['dog, hound'], ['7']], known: true });
  t.deepEqual(partNames([dog], labels), { names: [[]], known: true });
  t.deepEqual(partNames('all', labels), { names: [['dog, hound'], ['cat']], known: true });
  t.deepEqual(partNames('all', undefined), { names: [], known: false });
  t.deepEqual(partNames([topClass(1), cat], labels), { names: [['7']], known: false });
});

test('a picture goes into a pipe or a device, which stays what it is', async (t) => {
  const folder = await emptyFolder(t);
  await writePicture(join(folder, 'a.png'), (x) => x < 30);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const read = readFile(pipe);
  const sides = ['explain', '-m', MODULES.sidesModel, join(folder, 'a.png'), '--method', 'rise'];
  const { code, stderr } = await whylensHere([...sides, '--opt', 'masks=8', '-q', '-o', pipe]);
  t.is(code, 0, stderr);
  t.is((await read).subarray(1, 4).toString(), 'PNG');
  t.true((await stat(pipe)).isFIFO());
  const none = await whylensHere([...sides, '--opt', 'masks=8', '-q', '-o', '/dev/null']);
  t.is(none.code, 0, none.stderr);
  t.true((await stat('/dev/null')).isCharacterDevice());
});
