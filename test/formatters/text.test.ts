import test from 'ava';
import stringWidth from 'string-width';
import { stripVTControlCharacters } from 'node:util';
import { formatAsText, TextFormatter } from '../../formatters/text.js';
import { characterWeights } from '../../formatters/text/spans.js';
import { truncate, wrap } from '../../formatters/text/layout.js';
import { createContainer } from '../../src/container/container.js';
import { registryOf } from '../../src/container/container.js';
import type {
  FeatureWeightsExplanation,
  ImageExplanation,
  TreeNode,
} from '../../src/explanation.js';
import { featureWeightsRecord, hostile, imageRecord, records } from '../helpers/records.js';
import { matchSnapshot } from '../helpers/snapshot.js';

for (const [kind, record] of Object.entries(records)) {
  test(`${kind} as plain text`, (t) => {
    matchSnapshot(t, `text/${kind}.txt`, formatAsText(record));
  });

  test(`${kind} in true colour`, (t) => {
    matchSnapshot(t, `text/${kind}-color.txt`, formatAsText(record, { color: true, width: 60 }));
  });

  test(`${kind} keeps to its width, hostile strings and all`, (t) => {
    for (const width of [24, 40, 80, 132]) {
      for (const expl of [record, hostile(record)]) {
        const text = formatAsText(expl, { width });
        const long = text.split('\n').filter((line) => stringWidth(line) > width);
        // a table has a least width: the numbers and six columns of every text
        const allowed = width < 40 ? long.filter((line) => stringWidth(line) > 40) : long;
        t.deepEqual(allowed, [], `width ${width}`);
      }
    }
  });

  test(`${kind}: no control character gets through`, (t) => {
    const forbidden = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029]/u;
    t.notRegex(formatAsText(hostile(record)), forbidden);
    const colored = formatAsText(hostile(record), { color: 'truecolor' });
    t.notRegex(stripVTControlCharacters(colored), forbidden);
    t.false(colored.includes('\u001b]'), 'no operating system command');
  });
}

test('without colour there is no escape sequence, with it there is', (t) => {
  for (const record of Object.values(records)) {
    t.false(formatAsText(record).includes('\u001b'));
    t.false(formatAsText(record, { color: false }).includes('\u001b'));
    t.true(formatAsText(record, { color: '16' }).includes('\u001b'));
  }
});

test('plain drawings are ASCII', (t) => {
  const ascii = {
    ...imageRecord,
    warnings: [],
    layer: undefined,
  } as unknown as ImageExplanation;

  t.regex(formatAsText(ascii), /^[\n\u0020-\u007e]*$/);
  t.true(formatAsText(ascii, { glyphs: 'blocks' }).includes('█'));
});

test('each colour level writes its own codes', (t) => {
  const map = (color: '16' | '256' | 'truecolor') =>
    formatAsText(imageRecord, { show: 'map', color });
  t.regex(map('truecolor'), /\u001b\[38;2;\d+;\d+;\d+;48;2;\d+;\d+;\d+m▀/);
  t.regex(map('256'), /\u001b\[38;5;\d+;48;5;\d+m▀/);
  t.regex(map('16'), /\u001b\[31m█/);
  t.notRegex(map('16'), /▀/);
});

test('the picture lies under the map: the hottest cell is red, a far one keeps its colour', (t) => {
  const { image } = imageRecord;
  const flat: ImageExplanation = {
    ...imageRecord,
    image: { ...image, data: new Uint8ClampedArray(image.data.length).fill(100) },
    targets: [
      {
        ...imageRecord.targets[0],
        heatmap: { shape: [1, 2], data: Float32Array.from([0, 4]) },
      },
    ],
  };
  const line = formatAsText(flat, { show: 'map', color: true, width: 40 }).split('\n')[1];
  t.true(line.includes('\u001b[38;2;100;100;100;48;2;100;100;100m'));
  // 100 · 0.35 + [255, 40, 20] · 0.65
  t.true(line.includes('\u001b[38;2;201;61;48;48;2;201;61;48m'));
  t.true(line.indexOf('100;100;100') < line.indexOf('201;61;48'));
});

test('show picks parts and presets', (t) => {
  const map = formatAsText(imageRecord, { show: 'map' });
  t.true(map.startsWith('+--'));
  t.false(map.includes('Estimator'));
  const info = formatAsText(imageRecord, { show: ['info'] });
  t.true(info.includes('Explained as: grad-cam') && info.includes('seed=0'));
  t.false(info.includes('bull mastiff'));
  const heat = formatAsText(imageRecord, { show: 'heat' }).split('\n\n');
  t.is(heat.length, 2, 'one block a target');
  const weights = formatAsText(imageRecord, { show: 'weights' });
  t.false(weights.includes('Estimator'));
  t.true(weights.includes('bull mastiff'));
  t.throws(() => formatAsText(imageRecord, { show: 'all the things' as never }), {
    code: 'INVALID_OPTION',
    message: /got 'all the things'; did you mean 'all'\? There are all, info, weights/,
  });
});

test('width is checked', (t) => {
  t.throws(() => formatAsText(imageRecord, { width: 3 }), { code: 'INVALID_OPTION' });
  t.throws(() => formatAsText(imageRecord, { color: 'many' as never }), { code: 'INVALID_OPTION' });
});

test('wide and combining characters keep the columns aligned', (t) => {
  const record: FeatureWeightsExplanation = {
    ...featureWeightsRecord,
    targets: [
      {
        target: 0,
        featureWeights: {
          pos: [
            { feature: '大阪', weight: 3, value: 'a' },
            { feature: 'e\u0301te\u0301', weight: 2, value: 'b' },
            { feature: '👩‍👩‍👧 family', weight: 1, value: 'c' },
          ],
          neg: [],
          posRemaining: 0,
          negRemaining: 0,
        },
      },
    ],
  };
  const rows = formatAsText(record, { show: 'targets' }).trimEnd().split('\n').slice(-3);
  t.deepEqual(
    rows.map((row) => stringWidth(row)),
    [stringWidth(rows[0]), stringWidth(rows[0]), stringWidth(rows[0])],
  );
});

test('a deep tree stops indenting and says how deep it is', (t) => {
  const leaf = (id: number): TreeNode => ({ id, isLeaf: true, value: [id] });
  let tree = leaf(0);
  for (let depth = 1; depth < 40; depth++) {
    const [left, right] = [leaf(depth), tree];
    tree = { id: 1000 + depth, isLeaf: false, featureId: depth, threshold: 0.5, left, right };
  }
  const { classNames: _names, importances: _importances, ...rest } = records['decision-tree'];
  const text = formatAsText(
    { ...rest, isClassification: false, tree },
    { show: 'tree', width: 60 },
  );
  t.true(text.includes('\n        feature 37 <= 0.5  ---> 37\n'));
  t.true(text.includes('[depth 38] feature 1 > 0.5  ---> 0\n'));
  t.true(text.split('\n').every((line) => line.length <= 60));
});

test('single pixels of a fine map are seen in characters', (t) => {
  const data = Float32Array.from({ length: 96 * 96 }, (_, i) => (i % 97 === 0 ? 1 : 0));
  data[4000] = 200;
  const record: ImageExplanation = {
    ...imageRecord,
    targets: [{ ...imageRecord.targets[0], heatmap: { shape: [96, 96], data } }],
  };
  const inked = (percentile?: number) =>
    formatAsText(record, { show: ['map'], ...(percentile !== undefined && { percentile }) })
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .join('')
      .replace(/[ |]/g, '').length;
  t.true(inked() > 20, `${inked()} characters`);
  t.true(inked(100) <= 2);
});

test('a map without positive values says so', (t) => {
  const record: ImageExplanation = {
    ...imageRecord,
    targets: [
      {
        ...imageRecord.targets[0],
        heatmap: { shape: [2, 3], data: Float32Array.from([0, -1, 0, 0, 0, 0]) },
      },
    ],
  };
  const text = formatAsText(record, { show: ['heat', 'map'] });
  t.true(text.includes('none: no value is positive'));
  t.true(text.includes('-1 in row 1, column 2'));
  t.true(text.includes('-~= against; full strength is 1'));
});

test('a map of zeros is drawn blank and says so', (t) => {
  const record: ImageExplanation = {
    ...imageRecord,
    targets: [{ ...imageRecord.targets[0], heatmap: { shape: [2, 3], data: new Float32Array(6) } }],
  };
  const text = formatAsText(record, { show: ['heat', 'map'], color: true });
  t.false(text.includes('NaN'));
  t.true(text.includes('every value of the map is 0'));
});

test('density shares the weight of a feature over its characters', (t) => {
  const spans = [{ feature: 'abc', spans: [[1, 4]], weight: 3 }] as const;
  t.deepEqual([...characterWeights({ document: 'xabcx', spans })], [0, 3, 3, 3, 0]);
  t.deepEqual(
    [...characterWeights({ document: 'xabcx', spans, preserveDensity: true })],
    [0, 1, 1, 1, 0],
  );
});

test('lines break at spaces, and inside a word only where it does not fit', (t) => {
  t.deepEqual(wrap('aa bbb cccccccc d', 6), ['aa bbb', 'cccccc', 'cc d']);
  t.deepEqual(wrap('', 6), ['']);
  t.deepEqual(wrap('大阪市民', 4), ['大阪', '市民']);
});

test('cutting never splits a character', (t) => {
  t.is(truncate('大阪市民', 5, '..'), '大..');
  t.is(truncate('cafe\u0301s', 5, '.'), 'cafe\u0301s');
  t.is(truncate('cafe\u0301s', 4, ''), 'cafe\u0301');
});

test('is registered for every kind and .txt', (t) => {
  const formatter = registryOf(createContainer()).formatter('text');
  t.true(formatter instanceof TextFormatter);
  t.deepEqual(formatter.extensions, ['txt']);
  t.is(
    formatter.format(imageRecord, { show: ['map'] }),
    formatAsText(imageRecord, { show: 'map' }),
  );
});

test('of another class than the top one, what the model says instead', (t) => {
  const [dog, cat] = imageRecord.targets;
  const top = { target: 243, label: 'bull mastiff, x', proba: 0.8125 };
  const second = { ...cat, rank: 1, top };
  const only = formatAsText({ ...imageRecord, targets: [second] }, { width: 200 });
  t.regex(only, /score 6\.25, the model says bull mastiff, 81 %\)/);
  t.notRegex(formatAsText({ ...imageRecord, targets: [dog, second] }), /the model says/);
});
