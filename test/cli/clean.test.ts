/** Nothing that comes from outside steers the terminal. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { cleanJson } from '../../src/cli/clean.js';
import { emptyFolder, MODULES, whylens, whylensHere, writePicture } from '../helpers/command.js';

const EVIL = 'a\u001b]0;owned\u0007b\u009bc\u202ed\re\nf';
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

test('labels, file names and errors are printed without their control characters', async (t) => {
  const folder = await emptyFolder(t);
  const picture = await writePicture(join(folder, 'a\u001b]0;x\u0007.png'), (x) => x < 30);
  const labels = join(folder, 'labels.json');
  await writeFile(labels, JSON.stringify([EVIL, `${EVIL}2`, `${EVIL}3`, `${EVIL}4`].slice(0, 2)));
  const model = ['-m', MODULES.sidesModel, '--labels', labels];
  const commands = [
    ['predict', ...model, '-i', picture],
    ['predict', ...model, '-i', picture, '--json'],
    [
      'explain',
      ...model,
      '-i',
      picture,
      '--method',
      'rise',
      '--opt',
      'masks=4',
      '-o',
      join(folder, 'o.png'),
    ],
    ['explain', ...model, '-i', picture, '-t', 'z\u001b[2J', '--method', 'rise'],
    ['layers', `none\u001b[2J.json`],
    ['predict', '-m', MODULES.sidesModel, '-i', 'no\u001b[2J\u202e.png'],
    ['explain', '--no-such\u001b[2J'],
  ];
  for (const args of commands) {
    const { stdout, stderr } = await whylensHere(args);
    t.notRegex(stdout + stderr, STEERING, args.join(' '));
    t.true((stdout + stderr).length > 0);
  }
});

test('JSON escapes what steers, and says the same', (t) => {
  const text = cleanJson({ label: EVIL });
  t.notRegex(text, STEERING);
  t.deepEqual(JSON.parse(text), { label: EVIL });
});

test('a model or a plugin that never answers ends the command with a message', async (t) => {
  const folder = await emptyFolder(t);
  const picture = await writePicture(join(folder, 'a.png'), (x) => x < 30);
  const model = join(folder, 'never.mjs');
  await writeFile(
    model,
    'export default () => new Promise(() => {});\nexport const inputShape = [4, 4, 3];',
  );
  const stuck = join(folder, 'stuck.mjs');
  await writeFile(stuck, 'await new Promise(() => {});');
  for (const args of [
    ['predict', '-m', model, '-i', picture],
    ['methods', '--plugin', stuck],
    ['layers', stuck],
  ]) {
    const { code, stderr } = await whylens(args);
    t.regex(stderr, /never answers/, args.join(' '));
    t.is(code, 3);
  }
});
