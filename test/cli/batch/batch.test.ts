import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parquetReadObjects } from 'hyparquet';
import { seededRandom } from '../../helpers/lcg.js';
import {
  contentOf,
  journalHas,
  jsonLines,
  pictures,
  SIDES,
  SLOWLY,
  start,
} from '../../helpers/batch.js';
import { emptyFolder, MODULES, whylens, writePicture } from '../../helpers/command.js';

test.serial(
  'a folder becomes outputs, a journal and tables in the order of the documents',
  async (t) => {
    const cwd = await pictures(t, 3);
    await writeFile(join(cwd, 'in', 'p001b.png'), 'no picture');
    const args = [
      'batch',
      ...SIDES,
      'in',
      '-o',
      'out',
      '--as',
      'png,json',
      '--table',
      'jsonl,parquet',
    ];
    const { code, stdout, stderr } = await whylens([...args, '-w', '2'], { cwd });
    t.is(code, 1, stderr);
    t.regex(stdout, /^4 documents to do with 2 workers$/m);
    t.regex(stdout, /^3 of 4 documents done, 1 failed, 0 to do/m);
    t.regex(stderr, /p001b\.png: INVALID_PICTURE: /);
    const names = await readdir(join(cwd, 'out'));
    for (const name of ['p000.png', 'p000.json', 'p002.png', 'journal.jsonl', 'batch.json']) {
      t.true(names.includes(name), name);
    }
    const lines = await jsonLines(join(cwd, 'out', 'results.jsonl'));
    t.deepEqual(
      lines.map(({ index, state, outputs }) => [index, state, outputs]),
      [
        [0, 'done', ['p000.png', 'p000.json']],
        [1, 'done', ['p001.png', 'p001.json']],
        [2, 'failed', []],
        [3, 'done', ['p002.png', 'p002.json']],
      ],
    );
    const record = JSON.parse(await readFile(join(cwd, 'out', 'p000.json'), 'utf8')) as {
      targets: { score: number }[];
    };
    t.is(lines[0].score, record.targets[0].score);
    const bytes = await readFile(join(cwd, 'out', 'results.parquet'));
    const rows = await parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
    });
    t.deepEqual(
      rows.map(({ document, score, error }) => [document, score, error]),
      lines.map(({ document, score = null, error }) => [document, score, error]),
    );
  },
);

test.serial('again: nothing is done twice; what is gone or changed is done again', async (t) => {
  const cwd = await pictures(t, 3);
  const args = ['batch', ...SIDES, 'in', '-o', 'out', '-w', '1'];
  t.is((await whylens(args, { cwd })).code, 0);
  const journal = join(cwd, 'out', 'journal.jsonl');
  const before = await contentOf(join(cwd, 'out'));
  const again = await whylens(args, { cwd });
  t.regex(again.stdout, /^nothing to do, 3 settled before$/m);
  t.is((await jsonLines(journal)).length, 3);
  await rm(join(cwd, 'out', 'p001.png'));
  t.is((await whylens(['batch', '--resume', 'out'], { cwd })).code, 0);
  t.deepEqual(
    (await jsonLines(journal)).map(({ index }) => index),
    [0, 1, 2, 1],
  );
  t.deepEqual(await contentOf(join(cwd, 'out')), before);
  await writePicture(join(cwd, 'in', 'p002.png'), (x) => x > 40, [60, 44]);
  t.is((await whylens(['batch', '--resume', 'out', '-w', '1'], { cwd })).code, 0);
  t.deepEqual((await jsonLines(journal)).map(({ index }) => index).slice(4), [2]);
});

test.serial(
  'another option, model or list is refused with the difference, unless forced',
  async (t) => {
    const cwd = await pictures(t, 2);
    const args = ['batch', ...SIDES, 'in', '-o', 'out', '-w', '1', '-q'];
    t.is((await whylens(args, { cwd })).code, 0);
    const method = await whylens([...args, '--as', 'json'], { cwd });
    t.is(method.code, 2);
    t.regex(method.stderr, /as: was \["png"\], is \["json"\]/);
    const seed = await whylens(['batch', '--resume', 'out', '--seed', '7'], { cwd });
    t.is(seed.code, 2);
    t.regex(seed.stderr, /seed: was not set, is 7/);
    await writePicture(join(cwd, 'in', 'p009.png'), (x) => x > 40);
    const listed = await whylens(args, { cwd });
    t.regex(listed.stderr, /documents: was "2, list \w+", is "3, list \w+"/);
    const forced = await whylens([...args, '--as', 'json', '--force'], { cwd });
    t.is(forced.code, 0, forced.stderr);
    t.true((await readdir(join(cwd, 'out'))).includes('p009.json'));
  },
);

test.serial('a changed model is refused', async (t) => {
  const cwd = await pictures(t, 1);
  const model = join(cwd, 'model.js');
  const source = `export { default, labels } from ${JSON.stringify(MODULES.sidesModel)};\n`;
  await writeFile(model, source);
  const args = ['batch', '-m', model, ...SIDES.slice(2), 'in', '-o', 'out', '-w', '1', '-q'];
  const first = await whylens(args, { cwd });
  t.is(first.code, 0, first.stderr);
  await writeFile(model, `${source}// another\n`);
  const { code, stderr } = await whylens(['batch', '--resume', 'out'], { cwd });
  t.is(code, 2);
  t.regex(stderr, /model's content: was \w+, is \w+/);
});

test.serial('failed documents: reported, counted, retried only if asked for', async (t) => {
  const cwd = await pictures(t, 2);
  const bad = join(cwd, 'in', 'bad.png');
  await writeFile(bad, 'no picture');
  const args = ['batch', ...SIDES, 'in', '-o', 'out', '-w', '1'];
  t.is((await whylens(args, { cwd })).code, 1);
  await rm(bad);
  const resumed = await whylens(['batch', '--resume', 'out'], { cwd });
  t.is(resumed.code, 1, 'a failed document stays failed');
  t.regex(resumed.stdout, /nothing to do/);
  const status = await whylens(['batch', '--status', 'out', '--json'], { cwd });
  t.like(JSON.parse(status.stdout), {
    documents: 3,
    done: 2,
    failed: 1,
    pending: 0,
    errors: { INVALID_PICTURE: 1 },
    running: null,
  });
  await writePicture(bad, (x) => x > 10);
  const retried = await whylens(['batch', '--resume', 'out', '--retry-failed'], { cwd });
  t.is(retried.code, 0, retried.stderr);
  t.is((await jsonLines(join(cwd, 'out', 'journal.jsonl'))).length, 4);
});

test.serial('--max-failures stops, and says how to go on', async (t) => {
  const cwd = await emptyFolder(t);
  await mkdir(join(cwd, 'in'));
  for (let i = 0; i < 6; i++) await writeFile(join(cwd, 'in', `${i}.png`), 'no picture');
  const args = ['batch', ...SIDES, 'in', '-o', 'out', '-w', '1', '--max-failures', '1'];
  const { code, stderr } = await whylens(args, { cwd });
  t.is(code, 1);
  t.regex(
    stderr,
    /more than --max-failures 1; stopped, what is done is safe; go on with: whylens batch --resume/,
  );
  const lines = (await jsonLines(join(cwd, 'out', 'journal.jsonl'))).length;
  t.true(lines >= 2 && lines < 6, String(lines));
});

test.serial(
  'a model that does not load is told with its code before anything is journalled',
  async (t) => {
    const cwd = await pictures(t, 2);
    await writeFile(join(cwd, 'model.json'), '{}');
    const { code, stderr } = await whylens(['batch', '-m', 'model.json', 'in', '-o', 'out'], {
      cwd,
    });
    t.is(code, 3, stderr);
    t.is((await readFile(join(cwd, 'out', 'journal.jsonl'), 'utf8')).length, 0);
  },
);

test.serial(
  'an output folder that is not empty, or that is the input, is left alone',
  async (t) => {
    const cwd = await pictures(t, 1);
    const full = await whylens(['batch', ...SIDES, 'in', '-o', 'in'], { cwd });
    t.is(full.code, 5);
    t.regex(full.stderr, /not empty and holds no batch/);
    const forced = await whylens(['batch', ...SIDES, 'in', '-o', 'in', '--force'], { cwd });
    t.is(forced.code, 5);
    t.regex(forced.stderr, /is read and cannot be an output too/);
  },
);

test.serial('each document its own target, from a table', async (t) => {
  const cwd = await pictures(t, 2);
  await writeFile(
    join(cwd, 'list.csv'),
    'image,target\nin/p000.png,1\nin/p001.png,0\nin/p001.png,99\n',
  );
  const { code, stdout } = await whylens(['batch', ...SIDES, 'list.csv', '-o', 'out', '--json'], {
    cwd,
  });
  t.is(code, 1);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          index?: number;
          end?: object;
          rows?: { target: string }[];
          error?: { code: string };
        },
    );
  t.is(lines.length, 4, 'a line each, and one for the end');
  const byIndex = (index: number) => lines.find((line) => line.index === index)!;
  t.is(byIndex(0).rows?.[0].target, '1');
  t.is(byIndex(1).rows?.[0].target, '0');
  t.is(byIndex(2).error?.code, 'INVALID_TARGET');
  t.like(lines[3].end, { done: 2, failed: 1, pending: 0 });
});

test.serial(
  'kill -9 at random moments: resumed, every output is there once and the same',
  async (t) => {
    const count = Number(process.env.WHYLENS_BATCH_DOCUMENTS ?? 24);
    const kills = Number(process.env.WHYLENS_BATCH_KILLS ?? 4);
    const cwd = await pictures(t, count);
    const args = (out: string) => [
      'batch',
      ...SIDES,
      'in',
      '-o',
      out,
      '--as',
      'png,json',
      '-w',
      '2',
      '-q',
    ];
    t.is((await whylens(args('calm'), { cwd })).code, 0);
    const random = seededRandom(5);
    let killed = 0;
    for (let i = 0; i < kills; i++) {
      const { child, ended } = start(t, cwd, args('out'));
      const soFar = await jsonLines(join(cwd, 'out', 'journal.jsonl')).then(
        (l) => l.length,
        () => 0,
      );
      // at a random place of the work that is left for this and the coming kills
      const share = Math.ceil((count - soFar) / (kills - i));
      await journalHas(join(cwd, 'out'), soFar + Math.floor(random() * share), ended);
      for (let turns = Math.floor(random() * 200); turns > 0; turns--) {
        await new Promise((soon) => setImmediate(soon));
      }
      if (child.kill('SIGKILL')) killed++;
      await ended;
    }
    t.log(`${killed} processes killed`);
    t.true(killed > 0);
    t.is((await whylens(['batch', '--resume', 'out', '-q'], { cwd })).code, 0);
    const entries = await jsonLines(join(cwd, 'out', 'journal.jsonl'));
    t.deepEqual(
      entries.map(({ index }) => index).sort((a, b) => Number(a) - Number(b)),
      Array.from({ length: count }, (_, i) => i),
      'no document is done again after its line was written',
    );
    t.deepEqual(await contentOf(join(cwd, 'out')), await contentOf(join(cwd, 'calm')));
  },
);

test.serial('Ctrl-C finishes what is in hand and says how to go on', async (t) => {
  const cwd = await pictures(t, 40);
  const { child, ended, said } = start(t, cwd, ['batch', ...SLOWLY, 'in', '-o', 'out', '-w', '1']);
  await journalHas(join(cwd, 'out'), 2, ended);
  child.kill('SIGINT');
  t.is(await ended, 130, said());
  t.regex(said(), /finishing the documents that were begun/);
  t.regex(said(), /interrupted; what is done is safe; go on with: whylens batch --resume/);
  const before = await jsonLines(join(cwd, 'out', 'journal.jsonl'));
  t.true(before.length >= 2 && before.length < 40);
  t.is((await readdir(join(cwd, 'out'))).filter((name) => name.endsWith('.tmp')).length, 0);
  t.is((await whylens(['batch', '--resume', 'out', '-q'], { cwd })).code, 0);
  t.is((await jsonLines(join(cwd, 'out', 'results.jsonl'))).length, 40);
});

test.serial('two processes do not work on one folder', async (t) => {
  const cwd = await pictures(t, 40);
  const { child, ended } = start(t, cwd, ['batch', ...SLOWLY, 'in', '-o', 'out', '-w', '1']);
  await journalHas(join(cwd, 'out'), 1, ended);
  // it holds still, so that it cannot end before the second has looked
  child.kill('SIGSTOP');
  const second = await whylens(['batch', '--resume', 'out'], { cwd });
  t.is(second.code, 5);
  t.regex(second.stderr, /process \d+ on .* works on 'out'/);
  child.kill('SIGKILL');
  await ended;
});

test.serial('a removed output folder stops the batch', async (t) => {
  const cwd = await pictures(t, 60);
  const { ended, said } = start(t, cwd, ['batch', ...SLOWLY, 'in', '-o', 'out', '-w', '1']);
  await journalHas(join(cwd, 'out'), 1, ended);
  await rm(join(cwd, 'out'), { recursive: true, force: true, maxRetries: 5 });
  const code = await ended;
  t.not(code, 0, said());
  t.regex(said(), /cannot write/);
});

test.serial('gallery: a page over the results', async (t) => {
  const cwd = await pictures(t, 2);
  await writeFile(join(cwd, 'in', 'bad<b>.png'), 'no picture');
  await whylens(['batch', ...SIDES, 'in', '-o', 'out', '-q'], { cwd });
  const { code, stdout } = await whylens(['gallery', 'out'], { cwd });
  t.is(code, 0);
  t.regex(stdout, /gallery\.html/);
  const page = await readFile(join(cwd, 'out', 'gallery.html'), 'utf8');
  t.true(page.includes('"p":"p000.png"'));
  t.false(page.includes('bad<b>'), 'names are data, not markup');
  t.true(page.includes('INVALID_PICTURE'));
});
