import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { METRICS } from '../../src/evaluate/metrics.js';
import { METRIC_OPTIONS } from '../../src/evaluate/options.js';
import { emptyFolder, MODULES, whylensHere, writePicture } from '../helpers/command.js';

/** The model's first score is how bright the left half is. */
async function bright(t: ExecutionContext, name = 'left.png') {
  const folder = await emptyFolder(t);
  // 6 × 4 like the model's input, so that nothing is resized
  const image = await writePicture(join(folder, name), (x) => x < 3, [6, 4]);
  const args = ['evaluate', '-m', MODULES.sidesModel, '-i', image, '--target', 'left'];
  return { folder, image, args };
}

const pixels = ['--method', 'occlusion', '--opt', 'patch=1', '--opt', 'stride=1'];
const black = ['--opt', 'baseline=black', '--metric-opt', 'baseline=black'];

test('a row a method, a column a metric, and which way is better', async (t) => {
  const { args } = await bright(t);
  const { code, stdout, stderr } = await whylensHere([
    ...args,
    ...['--method', 'occlusion,rise', '--opt', 'masks=50', '-q'],
    ...['--metric', 'deletion,insertion,infidelity'],
  ]);
  t.is(code, 0, stderr);
  const [head, ...rows] = stdout.trimEnd().split('\n');
  t.regex(head, /^method +deletion ↓ +insertion ↑ +infidelity ↓$/);
  t.deepEqual(
    rows.map((row) => row.split(/ +/)[0]),
    ['occlusion', 'rise'],
  );
  t.true(rows.every((row) => /^\S+( +\d\.\d{3}){3}$/.test(row)));
});

test('boxes come from a file, by picture and class', async (t) => {
  const { args, folder } = await bright(t);
  const boxes = join(folder, 'boxes.json');
  const run = async (content: unknown) => {
    await writeFile(boxes, JSON.stringify(content));
    const metric = ['--metric', 'pointing,energy,iou', '--boxes', boxes, '-q'];
    return whylensHere([...args, ...pixels, ...black, ...metric]);
  };
  const left = { left: 0, top: 0, right: 3, bottom: 4 };
  const right = { left: 3, top: 0, right: 6, bottom: 4 };
  t.regex((await run({ 'left.png': [left] })).stdout, /occlusion( +1\.000){3}/);
  t.regex((await run({ 'left.png': [right] })).stdout, /occlusion( +0\.000){3}/);
  const objects = [
    { name: 'right', box: right },
    { name: 'left', box: left },
  ];
  t.regex((await run([{ file: 'left.png', objects }])).stdout, /occlusion( +1\.000){3}/);
  const other = await run({ 'left.png': [{ index: 1, box: right }] });
  t.is(other.code, 4);
  t.regex(other.stderr, /boxes of 1, and 'left' was explained/);
  t.regex((await run({ 'other.png': [left] })).stderr, /no entry 'left.png'; there are other.png/);
  t.is((await run({ 'left.png': [{ left: 0 }] })).code, 2);
  t.is((await whylensHere([...args, '--metric', 'iou'])).code, 2);
  t.regex(
    (await whylensHere([...args, '--boxes', join(folder, 'none.json')])).stderr,
    /cannot read/,
  );
});

test('several pictures give means with intervals, and JSON has each of them', async (t) => {
  const { args, folder } = await bright(t);
  const second = await writePicture(join(folder, 'top.png'), (_, y) => y < 2, [6, 4]);
  const broken = join(folder, 'x.png');
  await writeFile(broken, 'x');
  const json = join(folder, 'all.json');
  const more = ['-i', second, '--metric', 'deletion', '--json', json];
  const { code, stdout, stderr } = await whylensHere([...args, ...pixels, ...more]);
  t.is(code, 0, stderr);
  t.regex(stdout, /occlusion +\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]/);
  t.regex(stdout, /means over 2 pictures/);
  const { metrics, results } = JSON.parse(await readFile(json, 'utf8')) as {
    metrics: string[];
    results: { image: string; evaluation: { values: { deletion: number } } }[];
  };
  t.deepEqual(metrics, ['deletion']);
  t.deepEqual(
    results.map(({ image }) => image),
    [args[4], second],
  );
  const piped = await whylensHere([...args, ...pixels, '--metric', 'deletion', '--json', '-']);
  t.is((JSON.parse(piped.stdout) as { results: unknown[] }).results.length, 1);
  const failing = await whylensHere([...args, ...pixels, '-i', broken, '--metric', 'deletion']);
  t.is(failing.code, 1);
  t.regex(failing.stderr, /1 of 2 pictures failed/);
});

test('settings of the metrics change what comes out; unknown ones are errors', async (t) => {
  const { args } = await bright(t);
  const run = async (...more: string[]) =>
    (await whylensHere([...args, ...pixels, '-q', '--metric', 'deletion', ...more])).stdout;
  t.not(await run(), await run('--metric-opt', 'baseline=white'));
  t.not(await run(), await run('--metric-opt', 'steps=3'));
  const wrong = await whylensHere([...args, '--metric-opt', 'stepz=3']);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /stepz/);
  t.is((await whylensHere([...args, '--metric', 'deletoin'])).code, 2);
  t.is((await whylensHere([...args, '--opt', 'nothing=1'])).code, 2);
});

test('the randomisation check names those that fail', async (t) => {
  const folder = await emptyFolder(t);
  const image = await writePicture(join(folder, 'x.png'), (x, y) => x > y);
  const args = ['evaluate', '-m', MODULES.fakeModel, '--plugin', MODULES.adapter, '-i', image];
  const { code, stdout, stderr } = await whylensHere([
    ...args,
    ...['--method', 'random-cam', '--metric', 'randomisation'],
  ]);
  t.is(code, 0, stderr);
  t.regex(stdout, /random-cam fails the randomisation check .*head of the model/);
});

test('the help lists every metric and setting', async (t) => {
  const { stdout } = await whylensHere(['evaluate', '--help']);
  for (const [name, { help }] of Object.entries(METRICS)) {
    t.true(stdout.includes(name) && stdout.includes(help), name);
  }
  for (const name of Object.keys(METRIC_OPTIONS)) t.true(stdout.includes(`  ${name}`), name);
});
