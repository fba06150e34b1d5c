import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { evenColumns } from '../../formatters/drawing/figure.js';
import { cellsOf } from '../../src/cli/compare-cells.js';
import { decodePng } from '../../src/images/png.js';
import { emptyFolder, MODULES, whylensHere, writePicture } from '../helpers/command.js';

const FAKE = ['-m', MODULES.fakeModel, '--plugin', MODULES.adapter];

test('every combination, the last axis fastest; rows of the last axis that varies', (t) => {
  const axis = (name: string, ...values: string[]) => ({ name, values });
  const one = cellsOf([axis('model', 'm'), axis('method', 'a', 'b', 'c')]);
  t.deepEqual(
    one.cells.map(({ title }) => title),
    ['a', 'b', 'c'],
  );
  t.deepEqual([one.columns, one.aligned], [undefined, false]);
  const two = cellsOf([
    axis('target', 'x', 'y'),
    axis('score', 's'),
    axis('method', 'a', 'b', 'c'),
  ]);
  t.deepEqual(
    two.cells.map(({ at, title }) => [at.join(''), title]),
    [
      ['000', 'x, a'],
      ['001', 'x, b'],
      ['002', 'x, c'],
      ['100', 'y, a'],
      ['101', 'y, b'],
      ['102', 'y, c'],
    ],
  );
  t.deepEqual([two.columns, two.aligned], [3, true]);
  t.deepEqual([...two.cells[0].varies], ['target', 'method']);
  t.is(cellsOf([axis('layer', 'a')]).cells[0].title, '');
});

test('panels are spread evenly over their rows', (t) => {
  const widest = (most: number) => Array.from({ length: 12 }, (_, i) => evenColumns(i + 1, most));
  t.deepEqual(widest(5), [1, 2, 3, 4, 5, 3, 4, 4, 5, 5, 4, 4]);
  t.deepEqual(widest(8), [1, 2, 3, 4, 5, 6, 7, 8, 5, 5, 6, 6]);
});

test('methods, layers, targets, scores and models: one labelled figure each', async (t) => {
  const folder = await emptyFolder(t);
  const image = await writePicture(join(folder, 'a.png'), (x) => x < 30);
  const out = join(folder, 'compared.svg');
  const cases: [string[], string[]][] = [
    [
      ['--method', 'grad-cam,layer-cam,hires-cam'],
      ['grad-cam', 'layer-cam', 'hires-cam'],
    ],
    [
      ['--layer', 'relu1,relu2'],
      ['relu1', 'relu2'],
    ],
    [
      ['--target', 'tiger cat,bull mastiff - tiger cat'],
      ['tiger cat', 'bull mastiff − tiger cat'],
    ],
    [
      ['--score', 'logit,output', '--method', 'grad-cam,fem'],
      ['logit, grad-cam', 'output, fem'],
    ],
    [
      ['-m', `${MODULES.fakeModel},${MODULES.fakeModel}`],
      ['fake-model', 'fake-model'],
    ],
  ];
  for (const [flags, titles] of cases) {
    const { code, stdout, stderr } = await whylensHere([
      ...['compare', ...FAKE, '-i', image, '-o', out],
      ...flags,
    ]);
    t.is(code, 0, stderr);
    const svg = await readFile(out, 'utf8');
    for (const title of titles) {
      t.true(svg.includes(title), `${flags.join(' ')}: ${title}`);
      t.true(stdout.includes(title), stdout);
    }
    t.true(stdout.endsWith(`${out}\n`));
  }
});

test('options of methods go to those that have them; PNG by default', async (t) => {
  const folder = await emptyFolder(t);
  const image = await writePicture(join(folder, 'a.png'), (x) => x < 30);
  const draw = async (...more: string[]) => {
    const out = join(folder, 'x.png');
    const { code, stderr } = await whylensHere([
      ...['compare', ...FAKE, '-i', image, '-o', out, '--method', 'layer-cam,finer-cam'],
      ...more,
    ]);
    t.is(code, 0, stderr);
    const bytes = await readFile(out);
    t.true(decodePng(bytes).width > 100);
    return bytes.toString('base64');
  };
  const plain = await draw();
  for (const more of [
    ['--opt', 'alpha=0'],
    ['--columns', '1'],
    ['--colormap', 'jet'],
  ]) {
    t.not(await draw(...more), plain, more.join(' '));
  }
  const { code, stderr } = await whylensHere([
    ...['compare', ...FAKE, '-i', image, '--method', 'layer-cam,finer-cam', '--opt', 'alhpa=0'],
  ]);
  t.is(code, 2);
  t.regex(stderr, /has no option 'alhpa'/);
});

test('a panel that fails is reported, the others are drawn; if all fail, nothing is written', async (t) => {
  const folder = await emptyFolder(t);
  const image = await writePicture(join(folder, 'a.png'), (x) => x < 30);
  const out = join(folder, 'x.svg');
  const args = ['compare', ...FAKE, '-i', image, '-o', out];
  const some = await whylensHere([...args, '--layer', 'relu1,pool']);
  t.is(some.code, 1);
  t.regex(some.stderr, /^whylens: 1 of 2 panels failed\n {2}pool: .*no spatial extent/);
  t.true((await readFile(out, 'utf8')).includes('relu1'));
  const none = await whylensHere([
    ...args.slice(0, -1),
    join(folder, 'y.svg'),
    '-l',
    'pool,logits',
  ]);
  t.is(none.code, 2);
  t.deepEqual((await readdir(folder)).sort(), ['a.png', 'x.svg']);
  t.is((await whylensHere([...args, '--score', 'logit,loss'])).code, 2);
  t.is((await whylensHere([...args, '--method', 'grad-cam,,fem'])).code, 2);
});
