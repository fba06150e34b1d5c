import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { COMMANDS } from '../../src/cli/commands.js';
import { emptyFolder, whylens } from '../helpers/command.js';

test('without arguments: the help, listing every command', async (t) => {
  const { code, stdout, stderr } = await whylens([]);
  t.is(code, 0);
  t.is(stderr, '');
  for (const { name, summary } of COMMANDS) t.regex(stdout, new RegExp(`${name}.*${summary}`));
  t.is((await whylens(['--help'])).stdout, stdout);
});

test('every command has a help of its own', async (t) => {
  for (const { name } of COMMANDS) {
    const { code, stdout, stderr } = await whylens([name, '--help']);
    t.is(code, 0, stderr);
    t.true(stdout.startsWith(`Usage: whylens ${name}`), stdout);
  }
});

test('the version is the one of the package', async (t) => {
  const { stdout } = await whylens(['--version']);
  t.regex(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('wrong usage: one message on stderr, exit code 2', async (t) => {
  const unknown = await whylens(['explode']);
  t.is(unknown.code, 2);
  t.is(unknown.stdout, '');
  t.regex(unknown.stderr, /^whylens: unknown command 'explode'/);
  const option = await whylens(['methods', '--jsn']);
  t.is(option.code, 2);
  t.regex(option.stderr, /^whylens: unknown option '--jsn'\n\(Did you mean --json\?\)/);
  // a flag is no value: a file named -o would be written
  const swallowed = ['evaluate', '-m', 'm.json', 'a.png', '--json', '-o', 'a.png'];
  const taken = await whylens(swallowed);
  t.is(taken.code, 2);
  t.regex(taken.stderr, /^whylens: --json needs a value, got the flag '-o'.*--json=-o/);
  const other = await whylens(['explain', '--method', '--target', 'cat']);
  t.regex(other.stderr, /--method needs a value, got the flag '--target'/);
  const method = await whylens(['methods', 'grad-kam']);
  t.is(method.code, 2);
  t.regex(
    method.stderr,
    /^whylens: unknown method 'grad-kam'; did you mean 'grad-cam'\? Registered: /,
  );
  t.notRegex(method.stderr, /\n\s+at /);
});

test('a plugin that cannot be loaded lists what is registered', async (t) => {
  const cwd = await emptyFolder(t);
  await writeFile(join(cwd, 'empty.mjs'), 'export const x = 1;');
  await writeFile(join(cwd, 'broken.mjs'), 'export default (;');
  await writeFile(join(cwd, 'wrong.mjs'), 'export default 42;');
  const cases: [string, RegExp][] = [
    ['./missing.mjs', /does not load: there is no such file/],
    ['./empty.mjs', /no default export/],
    ['./broken.mjs', /does not load: /],
    ['./wrong.mjs', /must be an inversify ContainerModule, got number/],
  ];
  for (const [plugin, expected] of cases) {
    const { code, stdout, stderr } = await whylens(['methods', '--plugin', plugin], { cwd });
    t.is(code, 7, stderr);
    t.is(stdout, '');
    t.regex(stderr, expected);
    t.regex(stderr, /Registered methods: grad-cam/);
    t.is(stderr.trim().split('\n').length, 1);
  }
  const verbose = await whylens(['methods', '--plugin=./wrong.mjs', '-v'], { cwd });
  t.regex(verbose.stderr, /\n\s+at /);
});
