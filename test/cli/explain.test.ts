import { readdir, readFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { decodePng } from '../../src/images/png.js';
import { emptyFolder, MODULES, whylens, whylensHere, writePicture } from '../helpers/command.js';

const FAKE = ['-m', MODULES.fakeModel, '--plugin', MODULES.adapter];
const SIDES = [
  '-m',
  MODULES.sidesModel,
  '--plugin',
  MODULES.explainer,
  '--method',
  'grid-occlusion',
];

async function pictures(t: ExecutionContext): Promise<string> {
  const folder = await emptyFolder(t);
  await mkdir(join(folder, 'in'));
  await writePicture(join(folder, 'in', 'a.png'), (x) => x < 30);
  await writePicture(join(folder, 'in', 'b.png'), (_, y) => y > 20);
  return folder;
}

test('one picture: written beside, paths and what was inferred printed', async (t) => {
  const cwd = await pictures(t);
  const { code, stdout, stderr } = await whylens(['explain', ...FAKE, '-i', 'in/a.png'], { cwd });
  t.is(code, 0, stderr);
  t.is(stderr, '');
  for (const line of [
    /^model: +fake network$/m,
    /^labels: +4 names that came with the model$/m,
    /^preprocess: +tf, which came with the model$/m,
    /^layer: +relu2 \[3, 4, 5\], the last layer .* next would be conv2, relu1$/m,
    /^target: +the top class/m,
    /^a-grad-cam\.png$/m,
  ]) {
    t.regex(stdout, line);
  }
  const { width, height } = decodePng(await readFile(join(cwd, 'a-grad-cam.png')));
  t.deepEqual([width, height], [60, 40]);
});

test('what is given is not inferred; --quiet says nothing', async (t) => {
  const folder = await pictures(t);
  const args = ['explain', ...FAKE, '-i', join(folder, 'in/a.png'), '-o', join(folder, 'x.png')];
  const given = await whylensHere([...args, '-l', 'relu1', '-t', '2', '--preprocess', 'unit']);
  t.notRegex(given.stdout, /^(layer|target|preprocess):/m);
  const quiet = await whylensHere([...args, '-q']);
  t.deepEqual(quiet, { code: 0, stdout: '', stderr: '' });
});

test('layer, target, score, method and options change the record', async (t) => {
  const folder = await pictures(t);
  const record = async (...more: string[]) => {
    const { code, stdout, stderr } = await whylensHere([
      ...['explain', ...FAKE, '-i', join(folder, 'in/a.png'), '--as', 'json', '-o', '-', '-q'],
      ...more,
    ]);
    t.is(code, 0, stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const plain = JSON.stringify(await record());
  for (const more of [
    ['-l', 'relu1'],
    ['-l', '-3'],
    ['-t', 'bull mastiff - tiger cat'],
    ['--target', 'not 3'],
    ['--target', 'all'],
    ['--score', 'output'],
    ['--method', 'layer-cam'],
    ['--preprocess', 'unit'],
    ['--method', 'random-cam', '--seed', '7'],
  ]) {
    t.not(JSON.stringify(await record(...more)), plain, more.join(' '));
  }
  const seven = JSON.stringify(await record('--method', 'random-cam', '--seed', '7'));
  t.not(JSON.stringify(await record('--method', 'random-cam', '--seed', '8')), seven);
  t.is(JSON.stringify(await record('--method', 'random-cam', '--seed', '7')), seven);
  const saliency = JSON.stringify(await record('--method', 'saliency'));
  t.not(JSON.stringify(await record('--method', 'saliency', '--opt', 'reduce=mean')), saliency);
});

test('options of the output change the picture', async (t) => {
  const folder = await pictures(t);
  const picture = async (...more: string[]) => {
    const out = join(folder, 'x.png');
    const { code, stderr } = await whylensHere([
      ...['explain', ...FAKE, '-i', join(folder, 'in/b.png'), '-o', out],
      ...more,
    ]);
    t.is(code, 0, stderr);
    return (await readFile(out)).toString('base64');
  };
  const plain = await picture();
  for (const more of [
    ['--colormap', 'jet'],
    ['--alpha-limit', '0.4'],
    ['--resampling-filter', 'box'],
    ['--format-opt', 'colormap=jet'],
  ]) {
    t.not(await picture(...more), plain, more.join(' '));
  }
  t.is(await picture('--colormap', 'jet'), await picture('--format-opt', 'colormap=jet'));
});

test('a folder: one output a picture, the failing ones reported at the end, exit code 1', async (t) => {
  const folder = await pictures(t);
  await writeFile(join(folder, 'in', 'broken.png'), 'no picture');
  await writeFile(join(folder, 'in', 'notes.txt'), 'not looked at');
  const out = join(folder, 'maps');
  const missing = join(folder, 'missing.png');
  const args = ['explain', ...FAKE, '-i', join(folder, 'in'), missing, '-o', out];
  const { code, stdout, stderr } = await whylensHere(args);
  t.is(code, 1);
  t.deepEqual((await readdir(out)).sort(), ['a-grad-cam.png', 'b-grad-cam.png']);
  t.regex(stdout, /^\[1\/4\] .*a\.png: grad-cam: /m);
  t.regex(stdout, /^\[4\/4\] .*missing\.png: failed$/m);
  t.regex(stderr, /^whylens: 2 of 4 pictures failed\n {2}.*broken\.png: .*\n {2}.*missing\.png: /);
  t.notRegex(stderr, /\n\s+at /);

  const again = await whylensHere(args);
  t.regex(again.stderr, /4 of 4 pictures failed/, 'generated names are not overwritten');
  t.regex(again.stderr, /exists and is not overwritten.*--force/);
  t.regex((await whylensHere([...args, '--force'])).stderr, /2 of 4 pictures failed/);
});

test('several targets of one picture: a file each', async (t) => {
  const folder = await pictures(t);
  const out = join(folder, 'maps/');
  const { stdout, stderr } = await whylensHere([
    ...['explain', ...FAKE, '-i', join(folder, 'in/a.png'), '-o', out],
    ...['-t', 'tiger cat - bull mastiff', '-t', '3'],
  ]);
  t.is(stderr.replace(/^whylens: .*no positive value.*\n/gm, ''), '');
  const files = ['a-grad-cam-black-and-tan-hound.png', 'a-grad-cam-tiger-cat-bull-mastiff.png'];
  t.deepEqual((await readdir(out)).sort(), files);
  for (const file of files) t.true(stdout.includes(file));
  const [one, other] = await Promise.all(files.map((file) => readFile(join(out, file), 'base64')));
  t.not(one, other);
  // looked at before anything is explained: the name that was given is not one of those written
  const named = join(folder, 'x.png');
  const twice = ['explain', ...FAKE, join(folder, 'in/a.png'), '-o', named, '-t', '2', '-t', '3'];
  t.is((await whylensHere(twice)).code, 0);
  t.deepEqual((await readdir(folder)).sort(), [
    'in',
    'maps',
    'x-black-and-tan-hound.png',
    'x-tabby-tabby-cat.png',
  ]);
  const again = await whylensHere(twice);
  t.is(again.code, 5);
  t.regex(again.stderr, /x-[a-z-]+\.png' exists and is not overwritten.*--force/);
  t.notRegex(again.stdout, /explained|score/);
  t.is((await whylensHere([...twice, '--force'])).code, 0);
});

test('pictures of one name from two folders do not overwrite each other', async (t) => {
  const folder = await pictures(t);
  await mkdir(join(folder, 'other'));
  await writePicture(join(folder, 'other', 'a.png'), () => true);
  const out = join(folder, 'maps');
  await whylensHere([
    ...['explain', ...FAKE, '-o', out],
    ...['-i', join(folder, 'in/a.png'), join(folder, 'other/a.png')],
  ]);
  t.deepEqual((await readdir(out)).sort(), ['a-grad-cam-2.png', 'a-grad-cam.png']);
});

test('a plain function is a model too; a method that it cannot serve names those that it can', async (t) => {
  const folder = await pictures(t);
  const args = ['-i', join(folder, 'in/a.png'), '-o', '-', '--as', 'text'];
  const { code, stdout } = await whylensHere(['explain', ...SIDES, '--opt', 'rows=2', ...args]);
  t.is(code, 0);
  t.regex(stdout, /rows=2, columns=4/);
  t.regex(stdout, /'left' \(class 0, score 0\.4/);
  const refused = await whylensHere(['explain', '-m', MODULES.sidesModel, ...args]);
  t.is(refused.code, 3);
  t.is(refused.stdout, '');
  t.regex(refused.stderr, /^whylens: method 'grad-cam' needs .* Methods that would work: /);
});

test('folders that the output needs are made, nested ones too', async (t) => {
  const folder = await pictures(t);
  const args = ['explain', ...FAKE, '-q', '-i', join(folder, 'in/a.png')];
  for (const out of ['one', 'two/three/', 'four/five/x.png', 'four/six']) {
    const { code, stderr } = await whylensHere([...args, '-o', join(folder, out)]);
    t.is(code, 0, stderr);
  }
  const several = [...args, join(folder, 'in/b.png'), '-o', join(folder, 'seven/eight')];
  t.is((await whylensHere(several)).code, 0);
  const files = await readdir(folder, { recursive: true });
  t.deepEqual(files.filter((name) => name.endsWith('.png') && !name.startsWith('in')).sort(), [
    'four/five/x.png',
    'four/six/a-grad-cam.png',
    'one/a-grad-cam.png',
    'seven/eight/a-grad-cam.png',
    'seven/eight/b-grad-cam.png',
    'two/three/a-grad-cam.png',
  ]);
});

test('labels that are too few are not a silent mistake', async (t) => {
  const folder = await pictures(t);
  const labels = join(folder, 'labels.txt');
  await writeFile(labels, 'cat\ndog\n');
  for (const command of ['explain', 'predict']) {
    const args = [command, ...FAKE, '-i', join(folder, 'in/a.png'), '--labels', labels];
    const more = command === 'explain' ? ['-o', join(folder, 'x.png')] : [];
    const { code, stderr } = await whylensHere([...args, ...more]);
    t.is(code, 0);
    t.regex(stderr, /there are 2 labels, but output '.*' has 4 classes/);
  }
});

test('--show prints the explanation', async (t) => {
  const folder = await pictures(t);
  const args = ['explain', ...FAKE, '-i', join(folder, 'in/a.png'), '-o', join(folder, 'x.png')];
  const { stdout } = await whylensHere([...args, '--show']);
  t.regex(stdout, /Explained as: grad-cam/);
  t.notRegex(stdout, /\u001b/, 'no colours in a pipe');
});

test('each kind of failure has its exit code; one message, no stack, no output', async (t) => {
  const folder = await pictures(t);
  const out = join(folder, 'x.png');
  const image = join(folder, 'in/a.png');
  await writeFile(join(folder, 'empty.png'), '');
  const cases: [number, RegExp, string[]][] = [
    [2, /unknown method 'grad-kam'; did you mean 'grad-cam'/, ['--method', 'grad-kam']],
    [2, /has no option 'alpha'/, ['--opt', 'alpha=1']],
    [2, /--opt must be name=value, got 'alpha'/, ['--opt', 'alpha']],
    [2, /'reduce' .* one of max, mean, got 'sum'/, ['--method', 'saliency', '--opt', 'reduce=sum']],
    [2, /'alphaLimit' .* from 0 to 1, got 1\.5/, ['--alpha-limit', '1.5']],
    [2, /colormap .?rainboww.*'rainbow'.*viridis/, ['--colormap', 'rainboww']],
    [2, /'resamplingFilter' .*lanczos, got 'cubic'/, ['--resampling-filter', 'cubic']],
    [2, /unknown formatter 'pgn'/, ['--as', 'pgn']],
    [2, /option '--score <kind>' argument 'loss' is invalid/, ['--score', 'loss']],
    [
      2,
      /option '--seed <number>' argument 'x' is invalid\. It must be a whole number/,
      ['--seed', 'x'],
    ],
    [2, /'not' must stand before a class index or a label/, ['--target', 'not top']],
    [2, /no class is called 'tigre'.*nearest.*'tiger cat'/, ['--target', 'tigre']],
    [2, /from 0 to 3 .*, got 99/, ['--target', '99']],
    [2, /no layer 'relu9'; the nearest names are relu/, ['--layer', 'relu9']],
    [2, /'pool' \[5\] has no spatial extent/, ['--layer', 'pool']],
    [3, /no such file/, ['-m', join(folder, 'nothing.js')]],
    [4, /empty\.png|PNG/, ['-i', join(folder, 'empty.png')]],
    [5, /holds no picture/, ['-i', join(folder, 'none')]],
    [5, /a part of the path is a file/, ['-o', join(folder, 'empty.png/x.png')]],
    [2, /index must be at least 0, got -1; .*'not 1'/, ['-t', '-1']],
    [2, /'alphaLimit' .* from 0 to 1, got 'high'/, ['--alpha-limit', 'high']],
  ];
  await mkdir(join(folder, 'none'));
  for (const [expected, message, more] of cases) {
    const args = more[0] === '-i' ? [...more] : ['-i', image, ...more];
    const { code, stdout, stderr } = await whylensHere(['explain', ...FAKE, '-o', out, ...args]);
    t.is(code, expected, `${more.join(' ')}: ${stderr}`);
    t.regex(stderr, message);
    t.true(stderr.startsWith('whylens: '));
    t.notRegex(stderr, /\n\s+at /);
    t.is(stdout, '', more.join(' '));
  }
  t.deepEqual((await readdir(folder)).sort(), ['empty.png', 'in', 'none']);
  const verbose = await whylensHere(['explain', ...FAKE, '-i', image, '-t', '99', '-v', '-o', out]);
  t.regex(verbose.stderr, /\n\s+at /);
});

test('an interrupt leaves nothing behind and says how far it came', async (t) => {
  const folder = await pictures(t);
  const out = join(folder, 'x.png');
  const args = ['explain', ...SIDES, '-i', join(folder, 'in/a.png'), '-o', out];
  const { code, stderr } = await whylensHere(args, { signal: AbortSignal.abort() });
  t.is(code, 130);
  t.regex(stderr, /aborted after 0 of /);
  t.deepEqual(await readdir(folder), ['in']);
});

test('--max-memory refuses what needs more before it runs', async (t) => {
  const folder = await pictures(t);
  const picture = join(folder, 'in/a.png');
  const model = ['-m', 'demo/model/model.json', '-q'];
  const shape = ['--method', 'grad-cam', '-o', join(folder, 'x.png')];
  for (const [command, ...more] of [
    ['explain', ...shape],
    ['predict'],
    ['evaluate', ...shape.slice(0, 2)],
  ]) {
    const args = [command, ...model, picture, ...more];
    const small = await whylensHere([...args, '--max-memory', '1.5k']);
    t.not(small.code, 0, command);
    t.regex(small.stderr, /needs .* of memory .* more than the 1536 bytes that maxMemory allows/);
    const wrong = await whylensHere([...args, '--max-memory', 'lots']);
    t.is(wrong.code, 2);
    t.regex(wrong.stderr, /512M/);
    const enough = await whylensHere([...args, '--max-memory', '2G']);
    t.is(enough.code, 0, enough.stderr);
  }
});
