/** The command as people expect one: how pictures are named, where results go, what the help says. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Command } from 'commander';
import { explanationFromJson } from '../../formatters/json.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { EXIT, EXIT_MEANINGS, exitCodeOf } from '../../src/cli/io.js';
import { progressLine } from '../../src/cli/progress.js';
import { createContainer } from '../../src/container/container.js';
import { WhylensError } from '../../src/errors.js';
import { colormapNames } from '../../src/images/colormaps.js';
import { emptyFolder, MODULES, whylens, whylensHere, writePicture } from '../helpers/command.js';

const FAKE = ['-m', MODULES.fakeModel, '--plugin', MODULES.adapter];
const SIDES = ['-m', MODULES.sidesModel];

async function pictures(t: ExecutionContext): Promise<string> {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'in'));
  await writePicture(join(folder, 'in', 'a.png'), (x) => x < 30);
  await writePicture(join(folder, 'in', 'b.png'), (_, y) => y > 20);
  await writePicture(join(folder, 'in', 'c 1.png'), (x, y) => x > y);
  return folder;
}

test('pictures are arguments', async (t) => {
  const cwd = await pictures(t);
  const two = await whylens(['explain', ...FAKE, 'in/a.png', 'in/b.png', '-o', 'maps'], { cwd });
  t.is(two.code, 0, two.stderr);
  t.deepEqual((await readdir(join(cwd, 'maps'))).sort(), ['a-grad-cam.png', 'b-grad-cam.png']);
  const mixed = await whylens(['predict', ...SIDES, 'in/a.png', '-i', 'in/b.png'], { cwd });
  t.deepEqual(mixed.stdout.match(/^in\/.*$/gm), ['in/a.png', 'in/b.png']);
  for (const command of ['compare', 'evaluate']) {
    const method = ['--method', 'occlusion', '--opt', 'patch=20', '-q'];
    const more = command === 'compare' ? ['-o', 'grid.png'] : ['--metric', 'drop'];
    const { code, stderr } = await whylens([command, ...SIDES, 'in/a.png', ...method, ...more], {
      cwd,
    });
    t.is(code, 0, stderr);
  }
});

test('a pattern that the shell left alone is expanded here', async (t) => {
  const cwd = await pictures(t);
  const { stdout } = await whylens(['predict', ...SIDES, 'in/*.png'], { cwd });
  t.deepEqual(stdout.match(/^in\/.*$/gm), ['in/a.png', 'in/b.png', 'in/c 1.png']);
  const braces = await whylens(['predict', ...SIDES, '-i', join(cwd, '**/{a,b}.png')], { cwd });
  t.is(braces.stdout.match(/[ab]\.png$/gm)?.length, 2, braces.stderr);
  const none = await whylens(['predict', ...SIDES, 'in/*.jpg'], { cwd });
  t.is(none.code, EXIT.file);
  t.is(none.stderr, "whylens: no file matches 'in/*.jpg'\n");
  // a file whose name looks like a pattern is that file
  await writePicture(join(cwd, 'in', '[ab].png'), () => true);
  const odd = await whylens(['predict', ...SIDES, 'in/[ab].png'], { cwd });
  t.deepEqual(odd.stdout.match(/^in\/.*$/gm), ['in/[ab].png']);
});

test('- is standard input', async (t) => {
  const cwd = await pictures(t);
  const stdin = await readFile(join(cwd, 'in', 'b.png'));
  const named = await whylens(['predict', ...SIDES, 'in/b.png', '--json'], { cwd });
  for (const args of [['-i', '-'], ['-']]) {
    const piped = await whylens(['predict', ...SIDES, ...args, '--json'], { cwd, stdin });
    t.is(piped.stdout, named.stdout.replace('in/b.png', '-'), piped.stderr);
  }
  const { code, stderr } = await whylens(['explain', ...FAKE, '-', '-q'], { cwd, stdin });
  t.is(code, 0, stderr);
  t.true((await readdir(cwd)).includes('stdin-grad-cam.png'));
  const empty = await whylens(['predict', ...SIDES, '-'], { cwd, stdin: '' });
  t.is(empty.code, EXIT.file);
  t.regex(empty.stderr, /expected on standard input, which is empty/);
  const wrong = await whylens(['predict', ...SIDES, '-'], { cwd, stdin: 'no picture' });
  t.is(wrong.code, EXIT.document);
  const terminal = await whylensHere(['predict', ...SIDES, '-'], { isTTY: true });
  t.is(terminal.code, EXIT.usage);
  t.regex(terminal.stderr, /'-' reads a picture from standard input, which is a terminal/);
});

test('a picture is not written onto a terminal', async (t) => {
  const folder = await pictures(t);
  const args = ['explain', ...FAKE, join(folder, 'in/a.png'), '-q', '-o', '-'];
  const refused = await whylensHere(args, { isTTY: true });
  t.is(refused.code, EXIT.usage);
  t.is(refused.stdout, '');
  t.regex(refused.stderr, /'--out -' writes the bytes of a picture .* terminal.*--show/);
  const figure = await whylensHere(['compare', ...args.slice(1)], { isTTY: true });
  t.is(figure.code, EXIT.usage);
  t.is(figure.stdout, '');
  const text = await whylensHere([...args, '--as', 'text'], { isTTY: true });
  t.is(text.code, 0);
  t.true(text.stdout.length > 0);
  const { stdout, stderr } = await whylensHere([...args, '--as', 'json'], { isTTY: true });
  t.is(explanationFromJson(stdout).kind, 'image', stderr);
});

test('several results on one stream are JSON lines', async (t) => {
  const folder = await pictures(t);
  const args = ['explain', ...FAKE, join(folder, 'in'), '-q', '-o', '-'];
  const { stdout, code, stderr } = await whylensHere([...args, '--as', 'json']);
  t.is(code, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  t.is(lines.length, 3);
  const records = lines.map((line) => explanationFromJson(line));
  t.deepEqual(
    records.map(({ kind }) => kind),
    ['image', 'image', 'image'],
  );
  t.notDeepEqual(records[0], records[1]);
  for (const more of [[], ['--as', 'svg'], ['--as', 'table']]) {
    const refused = await whylensHere([...args, ...more]);
    t.is(refused.code, EXIT.usage);
    t.is(refused.stdout, '');
    t.regex(refused.stderr, /several results on standard output must be JSON lines/);
  }
  const targets = ['-t', '0', '-t', '1'];
  const one = ['explain', ...FAKE, join(folder, 'in/a.png'), '-q', '-o', '-'];
  t.is((await whylensHere([...one, ...targets])).code, EXIT.usage);
  t.is((await whylensHere([...one, ...targets, '--as', 'json'])).code, 0);
});

test('-h is short, --help is long', async (t) => {
  for (const { name } of COMMANDS) {
    const short = await whylensHere([name, '-h']);
    const long = await whylensHere([name, '--help']);
    t.is(short.code, 0);
    t.true(short.stdout.length < long.stdout.length, name);
    t.true(short.stdout.split('\n').length <= 32, `${name}\n${short.stdout}`);
    t.regex(short.stdout, new RegExp(`whylens ${name} --help`));
    t.is((await whylensHere(['help', name])).stdout, long.stdout);
  }
  const short = (await whylensHere(['explain', '-h'])).stdout;
  t.regex(short, /--target <what> +What is explained: /);
  t.notRegex(short, /--alpha-limit|--batch-size|Examples/);
  const long = (await whylensHere(['explain', '--help'])).stdout;
  t.regex(
    long,
    /More options:[^]*--batch-size[^]*Options of the output:[^]*--alpha-limit[^]*Examples/,
  );
});

test('every option and argument is explained in sentences', async (t) => {
  for (const { name, summary, load } of COMMANDS) {
    const command = new Command(name);
    await (
      await load()
    ).define(command, {
      io: { stdout: process.stdout, stderr: process.stderr, signal: new AbortController().signal },
      container: () => Promise.resolve(createContainer()),
      declared: () => Promise.resolve([]),
      addLongHelp: () => undefined,
      exitWith: () => undefined,
    });
    t.regex(summary, /^[A-Z].*\.$/);
    for (const { description } of [...command.options, ...command.registeredArguments]) {
      t.regex(description, /^([A-Z'`]|[a-z]+:).*\.$/s, `${name}: ${description}`);
    }
  }
});

test('the help reaches every colormap', async (t) => {
  const words = new Set((await whylensHere(['explain', '--help'])).stdout.split(/[\s,.]+/));
  const missing = colormapNames().filter((name) => !words.has(name));
  t.deepEqual(missing, []);
});

test('a flag that may stand alone leaves the picture after it alone', async (t) => {
  const folder = await pictures(t);
  const out = join(folder, 'x.svg');
  const image = join(folder, 'in/a.png');
  for (const flag of [['--shared'], ['--shared', 'false'], ['--shared=true']]) {
    const args = ['explain', ...FAKE, '-o', out, ...flag, image];
    const { code, stderr } = await whylensHere(args);
    t.is(code, 0, `${flag.join(' ')}: ${stderr}`);
  }
});

test('WHYLENS_MODEL and WHYLENS_LABELS stand in for the flags', async (t) => {
  const cwd = await pictures(t);
  await writeFile(join(cwd, 'names.txt'), 'west\neast\nsouth\nnorth\n');
  await writeFile(join(cwd, 'others.txt'), 'p\nq\nr\ns\n');
  const env = { WHYLENS_MODEL: MODULES.sidesModel, WHYLENS_LABELS: 'names.txt' };
  const both = await whylens(['predict', 'in/a.png', '--top', '1'], { cwd, env });
  t.is(both.code, 0, both.stderr);
  t.regex(both.stdout, / 0 {2}west$/m);
  const flag = await whylens(['predict', 'in/a.png', '--labels', 'others.txt'], { cwd, env });
  t.regex(flag.stdout, / 0 {2}p$/m);
  t.is((await whylens(['layers'], { cwd, env })).code, 0);
  const method = ['--method', 'occlusion', '--opt', 'patch=20', '-o', 'x.png'];
  const compared = await whylens(['compare', 'in/a.png', ...method], { cwd, env });
  t.is(compared.code, 0, compared.stderr);
  const none = await whylens(['predict', 'in/a.png'], { cwd, env: { WHYLENS_MODEL: '' } });
  t.is(none.code, EXIT.usage);
  t.regex(none.stderr, /required option '-m, --model <path>' not specified/);
});

test('--verbose says more, on stderr', async (t) => {
  const folder = await pictures(t);
  const image = join(folder, 'in/a.png');
  const args = ['explain', ...FAKE, image, '--as', 'json', '-o', '-'];
  const plain = await whylensHere(args);
  const verbose = await whylensHere([...args, '-v']);
  t.is(verbose.stdout, plain.stdout);
  for (const line of [
    /^whylens \d+\.\d+\.\d+, Node v\d+/m,
    /fake-model\.js: loaded in \d+\.\d{3} s$/m,
    /^fake-model: input .*, engine /m,
    /a\.png: 60×40 RGB$/m,
    /a\.png: explained in \d+\.\d{3} s$/m,
    /a\.png: grad-cam with score "logit", seed 0, /m,
  ]) {
    t.regex(verbose.stderr, line);
    t.notRegex(plain.stderr, line);
  }
  const predict = ['predict', ...SIDES, image, '--json'];
  const told = await whylensHere([...predict, '-v']);
  t.is(told.stdout, (await whylensHere(predict)).stdout);
  t.regex(told.stderr, /a\.png: predicted in /);
  const occlusion = [...SIDES, image, '--method', 'occlusion', '--opt', 'patch=20', '-v'];
  const grid = await whylensHere(['compare', ...occlusion, '-o', join(folder, 'x.png')]);
  t.regex(grid.stderr, /: explained in /);
  const measured = await whylensHere(['evaluate', ...occlusion, '--metric', 'drop']);
  t.regex(measured.stderr, /a\.png: occlusion evaluated in /);
});

test('one exit code a kind; the long help lists them', async (t) => {
  const codes = Object.values(EXIT);
  t.is(new Set(codes).size, codes.length);
  t.is(exitCodeOf(new WhylensError('ABORTED', '')), 130);
  t.is(exitCodeOf(new WhylensError('USAGE', '')), 2);
  t.is(exitCodeOf(new WhylensError('BACKEND', '')), 6);
  t.is(exitCodeOf(new TypeError('a bug')), 70);
  const { stdout } = await whylensHere(['--help']);
  for (const [kind, code] of Object.entries(EXIT)) {
    const words = EXIT_MEANINGS[kind as keyof typeof EXIT].split(/\s+/).join('\\s+');
    t.regex(stdout, new RegExp(`^ +${code} +${words.replace(/[().]/g, '\\$&')}$`, 'm'));
  }
  const docs = await readFile('docs/command.md', 'utf8');
  for (const [kind, code] of Object.entries(EXIT)) {
    t.true(docs.includes(`| ${code} | ${EXIT_MEANINGS[kind as keyof typeof EXIT]} |`), kind);
  }
});

test('the bar names the method, and no time before it can be known', (t) => {
  const at = (value: number, now: number) =>
    progressLine('occlusion', { progress: value / 200, value, total: 200, startTime: 0 }, now);
  t.is(at(0, 0), ` occlusion ${'░'.repeat(40)} 0/200 model runs`);
  t.notRegex(at(8, 100), /left/);
  t.is(at(50, 4000), ` occlusion ${'█'.repeat(10)}${'░'.repeat(30)} 50/200 model runs, 12 s left`);
  t.regex(at(1, 3000), /1\/200 model runs, 10 min left$/);
  t.notRegex(at(200, 9000), /left/);
});
