import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { Outputs, slug } from '../../src/cli/outputs.js';
import { emptyFolder } from '../helpers/command.js';

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
