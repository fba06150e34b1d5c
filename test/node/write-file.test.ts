import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { temporaryName } from '../../src/node/temporary.js';
import { writeFileWhole } from '../../src/node/write-file.js';
import { emptyFolder } from '../helpers/command.js';

test('writes text and bytes, and replaces a file', async (t) => {
  const folder = await emptyFolder(t);
  const path = join(folder, 'a.txt');
  await writeFileWhole(path, 'one');
  await writeFileWhole(path, Uint8Array.of(116, 119, 111));
  t.is(await readFile(path, 'utf8'), 'two');
  t.deepEqual(await readdir(folder), ['a.txt']);
});

test('without overwrite an existing file stays as it is', async (t) => {
  const folder = await emptyFolder(t);
  const path = join(folder, 'a.txt');
  await writeFileWhole(path, 'one', { overwrite: false });
  const error = await t.throwsAsync(writeFileWhole(path, 'two', { overwrite: false }));
  t.true(isWhylensError(error, 'FILE_EXISTS'));
  t.is(await readFile(path, 'utf8'), 'one');
  t.deepEqual(await readdir(folder), ['a.txt']);
});

test('a missing folder is an error, or is made if the caller asks for it', async (t) => {
  const folder = await emptyFolder(t);
  const path = join(folder, 'b', 'c', 'a.txt');
  const error = await t.throwsAsync(writeFileWhole(path, 'x'));
  t.true(isWhylensError(error, 'FILE'));
  t.regex(error!.message, /its folder does not exist/);
  t.deepEqual(await readdir(folder), []);
  await writeFileWhole(path, 'x', { createFolder: true });
  t.is(await readFile(path, 'utf8'), 'x');
});

test('a folder that cannot be made is an error at once', async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'file'), '');
  const places = [[join(folder, 'file', 'b', 'c', 'x.png'), /a file, not a folder/]] as const;
  // where such folders are looked for in vain, `mkdir` with `recursive` spins
  const proc =
    process.platform === 'linux' ? ([['/proc/none/y/x.png', /cannot write/]] as const) : [];
  for (const [path, why] of [...places, ...proc]) {
    const error = await t.throwsAsync(writeFileWhole(path, 'x', { createFolder: true }));
    t.true(isWhylensError(error, 'FILE'));
    t.regex(error!.message, why);
  }
  // several at a time make the same folders
  const paths = [1, 2, 3, 4].map((i) => join(folder, 'many', 'deep', `${i}.txt`));
  await Promise.all(paths.map((path) => writeFileWhole(path, 'x', { createFolder: true })));
  t.is((await readdir(join(folder, 'many', 'deep'))).length, 4);
});

test('a failure leaves no temporary file', async (t) => {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'd'));
  await writeFile(join(folder, 'd', 'inside'), '');
  await writeFile(join(folder, 'f'), '');
  t.regex(
    (await t.throwsAsync(writeFileWhole(join(folder, 'd'), 'x')))!.message,
    /cannot write '.*d': it is a folder/,
  );
  t.regex(
    (await t.throwsAsync(writeFileWhole(join(folder, 'f', 'a'), 'x')))!.message,
    /a part of the path is a file/,
  );
  t.deepEqual((await readdir(folder)).sort(), ['d', 'f']);
});

test('a symbolic link stays one, and the file it names is replaced with its mode kept', async (t) => {
  const folder = await emptyFolder(t);
  const [file, alias, later] = ['real.txt', 'link.txt', 'later.txt'].map((n) => join(folder, n));
  await writeFile(file, 'old', { mode: 0o640 });
  await chmod(file, 0o640);
  await symlink('real.txt', alias);
  await writeFileWhole(alias, 'new');
  t.true((await lstat(alias)).isSymbolicLink());
  t.is(await readFile(file, 'utf8'), 'new');
  t.is((await stat(file)).mode & 0o777, 0o640);
  // a link to a file that is not there yet makes that file
  await symlink('target.txt', later);
  await writeFileWhole(later, 'made');
  t.true((await lstat(later)).isSymbolicLink());
  t.is(await readFile(join(folder, 'target.txt'), 'utf8'), 'made');
  await symlink('circle', join(folder, 'circle'));
  const error = await t.throwsAsync(writeFileWhole(join(folder, 'circle'), 'x'));
  t.true(isWhylensError(error, 'FILE'));
});

test('devices and pipes are written to, never replaced', async (t) => {
  const folder = await emptyFolder(t);
  await symlink('/dev/null', join(folder, 'null'));
  await writeFileWhole(join(folder, 'null'), 'x');
  t.true((await stat('/dev/null')).isCharacterDevice());
  t.true((await lstat(join(folder, 'null'))).isSymbolicLink());
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const read = readFile(pipe, 'utf8');
  const long = 'x'.repeat(300_000);
  await writeFileWhole(pipe, long);
  t.is(await read, long);
  t.true((await lstat(pipe)).isFIFO());
  const error = await t.throwsAsync(writeFileWhole(pipe, 'x', { timeout: 50 }));
  t.true(isWhylensError(error, 'FILE'));
  t.regex(error!.message, /a pipe that nobody reads/);
  const full = await t.throwsAsync(writeFileWhole('/dev/full', 'x'));
  t.regex(full!.message, /no space/);
});

test('what a killed process left half written is cleaned by the next, what others write is not', async (t) => {
  const folder = await emptyFolder(t);
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const mine = temporaryName('a.png');
  const dead = mine.replace(`-${process.pid}-`, `-${gone}-`);
  const living = mine.replace(`-${process.pid}-`, `-${process.ppid}-`);
  const elsewhere = dead.replace(/whylens-./, 'whylens-x');
  for (const name of [dead, living, elsewhere]) await writeFile(join(folder, name), 'half');
  await writeFileWhole(join(folder, 'b.txt'), 'x');
  t.deepEqual((await readdir(folder)).sort(), [elsewhere, living, 'b.txt'].sort());
});
