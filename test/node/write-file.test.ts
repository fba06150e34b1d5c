import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
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

test('a missing folder is an error, or made where asked for', async (t) => {
  const folder = await emptyFolder(t);
  const path = join(folder, 'b', 'c', 'a.txt');
  const error = await t.throwsAsync(writeFileWhole(path, 'x'));
  t.true(isWhylensError(error, 'FILE'));
  t.regex(error!.message, /its folder does not exist/);
  t.deepEqual(await readdir(folder), []);
  await writeFileWhole(path, 'x', { createFolder: true });
  t.is(await readFile(path, 'utf8'), 'x');
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
