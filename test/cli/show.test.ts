import test from 'ava';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatAsFigure } from '../../formatters/figure.js';
import { formatAsImage } from '../../formatters/image.js';
import { formatAsJson } from '../../formatters/json.js';
import { formatAsSvg } from '../../formatters/svg.js';
import { formatAsCsv } from '../../formatters/table.js';
import { formatAsText } from '../../formatters/text.js';
import { decodePng } from '../../src/images/png.js';
import { emptyFolder, whylens } from '../helpers/command.js';
import { decisionTreeRecord, imageRecord } from '../helpers/records.js';

test('prints text; options of the text are flags', async (t) => {
  const cwd = await emptyFolder(t);
  await writeFile(join(cwd, 'e.json'), formatAsJson(imageRecord));
  const plain = await whylens(['show', 'e.json'], { cwd });
  t.is(plain.stderr, '');
  t.is(plain.stdout, formatAsText(imageRecord));
  const map = await whylens(['show', 'e.json', '--show', 'map', '--width', '40'], { cwd });
  t.is(map.stdout, formatAsText(imageRecord, { show: 'map', width: 40 }));
  const forced = await whylens(['show', 'e.json', '--color', '256'], { cwd });
  t.is(forced.stdout, formatAsText(imageRecord, { color: '256' }));
  t.deepEqual(await readdir(cwd), ['e.json']);
});

test('writes the picture of each target, chosen by ending or by --as, with its options', async (t) => {
  const cwd = await emptyFolder(t);
  await writeFile(join(cwd, 'e.json'), formatAsJson(imageRecord));
  const named = await whylens(
    ['show', 'e.json', '--out', 'x.png', '--colormap', 'jet', '--target', '282'],
    { cwd },
  );
  t.is(named.code, 0, named.stderr);
  t.deepEqual(
    decodePng(await readFile(join(cwd, 'x.png'))),
    formatAsImage(imageRecord, { colormap: 'jet', target: 282 }),
  );
  const as = await whylens(['show', 'e.json', '--as', 'png'], { cwd });
  t.is(as.code, 0, as.stderr);
  t.deepEqual((await readdir(cwd)).sort(), [
    'e-grad-cam-bull-mastiff.png',
    'e-grad-cam-tiger-cat.png',
    'e.json',
    'x.png',
  ]);
  t.deepEqual(
    decodePng(await readFile(join(cwd, 'e-grad-cam-tiger-cat.png'))),
    formatAsImage(imageRecord, { target: 282 }),
  );
});

test('every formatter that can render the kind, without a model; standard output by -', async (t) => {
  const cwd = await emptyFolder(t);
  await writeFile(join(cwd, 't.json'), formatAsJson(decisionTreeRecord));
  const csv = await whylens(['show', 't.json', '--as', 'csv', '--out', '-'], { cwd });
  t.is(csv.stdout, formatAsCsv(decisionTreeRecord));
  const json = await whylens(['show', 't.json', '--out', 'copy.json', '--indent', '0'], { cwd });
  t.is(json.code, 0, json.stderr);
  t.is(
    await readFile(join(cwd, 'copy.json'), 'utf8'),
    formatAsJson(decisionTreeRecord, { indent: 0 }),
  );
  const html = await whylens(['show', 't.json', '--out', 't.html'], { cwd });
  t.is(html.code, 0, html.stderr);
  t.regex(await readFile(join(cwd, 't.html'), 'utf8'), /^<!doctype html>[^]*petal width/i);
  const again = await whylens(['show', 't.json', '--as', 'table'], { cwd });
  t.is(again.code, 0);
  const third = await whylens(['show', 't.json', '--as', 'table'], { cwd });
  t.regex(third.stderr, /exists and is not overwritten/);
  t.is((await whylens(['show', 't.json', '--as', 'table', '--force'], { cwd })).code, 0);
});

test('a file that cannot be shown gives one line of error and leaves nothing behind', async (t) => {
  const cwd = await emptyFolder(t);
  await writeFile(join(cwd, 'bad.json'), '{"schema": "whylens/explanation"');
  await writeFile(join(cwd, 'new.json'), '{"schema": "whylens/explanation", "version": 99}');
  await writeFile(join(cwd, 't.json'), formatAsJson(decisionTreeRecord));
  const fails = async (args: string[], code: number, message: RegExp): Promise<void> => {
    const result = await whylens(['show', ...args], { cwd });
    t.is(result.code, code, args.join(' '));
    t.regex(result.stderr, message);
    t.is(result.stdout, '');
    t.is(result.stderr.trimEnd().split('\n').length, 1, result.stderr);
  };
  await fails(['bad.json', '--out', 'x.html'], 4, /^whylens: a stored explanation must be JSON/);
  await fails(['new.json'], 4, /version 99.*newer whylens/);
  await fails(['none.json'], 5, /cannot read 'none.json': there is no such file/);
  await fails(['.'], 5, /cannot read '.': it is a folder/);
  await fails(['t.json', '--as', 'hologram'], 2, /unknown formatter 'hologram'/);
  await fails(['t.json', '--width', '3'], 2, /option 'width'.*at least|from 24/);
  t.deepEqual((await readdir(cwd)).sort(), ['bad.json', 'new.json', 't.json']);
});

test('a kind that lies over no picture becomes a picture all the same: the figure', async (t) => {
  const cwd = await emptyFolder(t);
  await writeFile(join(cwd, 'tree.json'), formatAsJson(decisionTreeRecord));
  for (const flags of [
    ['--as', 'png', '--out', 'a.png'],
    ['--out', 'b.png'],
    ['--as', 'figure', '--out', 'c.png', '--theme', 'light'],
  ]) {
    const { code, stderr } = await whylens(['show', 'tree.json', ...flags], { cwd });
    t.is(code, 0, stderr);
    const name = flags[flags.indexOf('--out') + 1];
    t.deepEqual(
      decodePng(await readFile(join(cwd, name))),
      formatAsFigure(decisionTreeRecord, { format: 'png' }),
      name,
    );
  }
  const drawn = await whylens(['show', 'tree.json', '--as', 'svg', '--out', '-'], { cwd });
  t.is(drawn.stdout, formatAsSvg(decisionTreeRecord));
});
