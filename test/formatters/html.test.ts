import test from 'ava';
import { formatAsHtml, HtmlFormatter, type HtmlOptions } from '../../formatters/html.js';
import { runsOf } from '../../formatters/drawing/spans.js';
import { formatAsSvg } from '../../formatters/svg.js';
import { isWhylensError } from '../../src/errors.js';
import {
  EXPLANATION_KINDS,
  type Explanation,
  type ImageExplanation,
} from '../../src/explanation.js';
import { compareWithPictures } from '../helpers/pictures-in-text.js';
import { HOSTILE_STRINGS, hostile, imageRecord, records } from '../helpers/records.js';
import { matchSnapshot } from '../helpers/snapshot.js';

for (const kind of EXPLANATION_KINDS) {
  test(`html of ${kind} is as committed`, (t) => {
    matchSnapshot(t, `html/${kind}.html`, formatAsHtml(records[kind]), {
      compare: compareWithPictures,
    });
  });
}

test('several explanations make one page with a list of contents', (t) => {
  const page = formatAsHtml([records.image, records['decision-tree'], records.image]);
  t.is(page.match(/<article /g)?.length, 3);
  t.is(page.match(/<h1/g)?.length, 1);
  t.deepEqual(
    [...page.matchAll(/<li><a href="#(e\d)">/g)].map((match) => match[1]),
    ['e0', 'e1', 'e2'],
  );
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
  t.is(new Set(ids).size, ids.length, 'every id is there once');
});

test('what does not move carries no script, and the policy forbids any', (t) => {
  const page = formatAsHtml(records['feature-weights']);
  t.notRegex(page, /<script/);
  t.regex(page, /script-src &#39;none&#39;|script-src 'none'/);
});

const changing: [keyof HtmlOptions, HtmlOptions, Explanation][] = [
  ['title', { title: 'A title <of> my own' }, records.image],
  ['theme', { theme: 'dark' }, records.image],
  ['theme', { theme: 'light' }, records.image],
  ['colormap', { colormap: 'YlGnBu_r' }, records.image],
  ['alphaLimit', { alphaLimit: 0.25 }, records.image],
  ['resamplingFilter', { resamplingFilter: 'box' }, records.image],
  ['filter', { filter: 'negative' }, records.image],
  ['percentile', { percentile: 60 }, records.image],
  ['under', { under: 'grey' }, records.image],
  ['under', { under: 'nothing' }, records.image],
  ['original', { original: false }, records.image],
  ['pictureSize', { pictureSize: 32 }, records.image],
  ['scheme', { scheme: 'probabilities' }, probabilities()],
  ['preserveDensity', { preserveDensity: true }, records['weighted-spans']],
];

for (const [name, options, record] of changing) {
  test(`option ${name} = ${JSON.stringify(options[name])} changes the page`, (t) => {
    t.not(formatAsHtml(record, options), formatAsHtml(record));
  });
}

test('every declared option is among those tested', (t) => {
  const tested = new Set(changing.map(([name]) => name as string));
  t.deepEqual(
    Object.keys(new HtmlFormatter().options).filter((name) => !tested.has(name)),
    [],
  );
});

test('a fine map has full strength at its 99th percentile in the page too', (t) => {
  const data = new Float32Array(64 * 64).fill(1);
  data[7] = 50;
  const { targets, ...rest } = records.image as ImageExplanation;
  const fine = { ...rest, targets: [{ ...targets[0], heatmap: { shape: [64, 64], data } }] };
  t.regex(formatAsHtml(fine), /<span data-high\s*>\+1</);
  t.regex(formatAsHtml(fine, { percentile: 100 }), /<span data-high\s*>\+50</);
});

test('an empty map says so over the picture, in page and figure', (t) => {
  const { targets, ...rest } = records.image as ImageExplanation;
  const heatmap = { shape: [2, 2], data: Float32Array.of(-1, -2, -3, 0) };
  const empty = { ...rest, targets: [{ ...targets[0], heatmap }] };
  t.regex(formatAsHtml(empty), /class="empty"\s*>Empty map: nothing speaks for it</);
  t.regex(formatAsHtml(empty, { filter: 'negative' }), /class="empty" hidden/);
  t.regex(formatAsSvg(empty), />empty map: nothing speaks for it</);
  t.notRegex(formatAsSvg(empty, { filter: 'negative' }), />empty map/);
});

test('both sides of the evidence take a colormap with a middle unless another is named', (t) => {
  t.regex(formatAsHtml(records.image, { filter: 'symmetric' }), /"colormap":"RdBu_r"/);
  t.regex(
    formatAsHtml(records.image, { filter: 'symmetric', colormap: 'PuOr' }),
    /"colormap":"PuOr"/,
  );
});

test('no hostile string survives as markup, in any record', (t) => {
  for (const kind of EXPLANATION_KINDS) {
    const page = formatAsHtml(hostile(records[kind]), { title: HOSTILE_STRINGS[0] });
    t.notRegex(page, /<script>globalThis|<img src=x|<svg onload|<\/title><\/textarea>/);

    t.notRegex(page, /[\u0000-\u0008\u001b\u007f-\u009f\u202a-\u202e]/);
    t.is(page.match(/<\/script>/g)?.length ?? 0, page.match(/<script/g)?.length ?? 0);
    t.is(page.match(/<\/style>/g)?.length, 1);
  }
});

test('the raw map is in the page, to the bit', (t) => {
  const page = formatAsHtml(imageRecord);
  const block = /<script type="application\/json" data-maps>(.*?)<\/script>/s.exec(page)?.[1];
  const { maps } = JSON.parse(block ?? '') as { maps: { shape: number[]; values: string }[] };
  for (const [i, { heatmap }] of imageRecord.targets.entries()) {
    t.deepEqual(maps[i].shape, [6, 8]);
    const bytes = Buffer.from(maps[i].values, 'base64');
    t.deepEqual(
      Float32Array.from(heatmap.data, (_, at) => bytes.readFloatLE(at * 4)),
      heatmap.data,
    );
  }
});

test('runs of a text: overlaps add, density shares, probabilities average', (t) => {
  const document = {
    document: 'abcdef',
    spans: [
      { feature: 'abcd', spans: [[0, 4]] as const, weight: 1 },
      { feature: 'cd', spans: [[2, 4]] as const, weight: 0.5 },
    ],
  };
  t.deepEqual(runsOf(document), {
    most: 1.5,
    runs: [{ text: 'ab', weight: 1 }, { text: 'cd', weight: 1.5 }, { text: 'ef' }],
  });
  t.deepEqual(runsOf(document, 'weights', true).runs.slice(0, 2), [
    { text: 'ab', weight: 0.25 },
    { text: 'cd', weight: 0.5 },
  ]);
  t.deepEqual(runsOf(document, 'probabilities').runs.slice(0, 2), [
    { text: 'ab', weight: 1 },
    { text: 'cd', weight: 0.5 },
  ]);
});

test('runs never cut a character in two, nor leave the text', (t) => {
  const { runs } = runsOf({
    document: 'a😀b',
    spans: [{ feature: 'x', spans: [[2, 99]], weight: 1 }],
  });
  t.deepEqual(runs, [{ text: 'a' }, { text: '😀b', weight: 1 }]);
});

test('bad input is refused in words', (t) => {
  const refused = (call: () => unknown, code: string, message: RegExp): void => {
    const error = t.throws(call, { message });
    t.true(isWhylensError(error, code as never), String(error));
  };
  refused(() => formatAsHtml([]), 'INVALID_EXPLANATION', /at least one/);
  refused(
    () => formatAsHtml(imageRecord, { colormap: 'virdis' }),
    'UNKNOWN_COLORMAP',
    /did you mean 'viridis'/,
  );
  refused(
    () => formatAsHtml(imageRecord, { alphaLimit: 1.5 }),
    'INVALID_OPTION',
    /alphaLimit.*0 to 1/,
  );
  refused(
    () => formatAsHtml(records['weighted-spans'], { scheme: 'probabilities' }),
    'INVALID_EXPLANATION',
    /from 0 to 1/,
  );
  const heatmap = { shape: [1, 2], data: Float32Array.of(1, Number.NaN) };
  const broken = { ...imageRecord, targets: [{ ...imageRecord.targets[0], heatmap }] };
  refused(() => formatAsHtml(broken), 'INVALID_EXPLANATION', /finite/);
});

function probabilities(): Explanation {
  const record = records['weighted-spans'];
  const positive = record.targets.map((target) => ({
    ...target,
    weightedSpans: {
      documents: target.weightedSpans.documents.map((document) => ({
        ...document,
        spans: document.spans.map((span) => ({ ...span, weight: Math.abs(span.weight) / 2 })),
      })),
    },
  }));
  return { ...record, targets: positive };
}

test('one class: what the model says, bright places, where in words, numbers in the details', (t) => {
  const [target] = imageRecord.targets;
  const label = 'boxer, bulldog';
  const boxer: ImageExplanation = {
    ...imageRecord,
    targets: [{ ...target, target: 242, label, proba: 0.384, rank: 0 }],
  };
  const page = formatAsHtml(boxer);
  t.regex(page, /<title>The model says boxer, 38 %<\/title>/);
  t.regex(page, /<h1>The model says <b><bdi>boxer<\/bdi><\/b>, 38 %<\/h1>/);
  t.regex(page, /data-lead="e0">Bright places made it say so\.</);
  t.regex(formatAsHtml(boxer, { filter: 'negative' }), />Bright places spoke against it\.</);
  t.regex(page, /lies in the \w+( \w+)?, inside the box, which is \d+ % of the picture/);
  t.regex(page, /<svg\s+class="half"[^>]*>\s*<rect/);
  t.notRegex(page.replace(/<script[^]*$/, ''), /\brow \d|\bcolumn \d/);
  const [before, details] = page.split('<details class="how">');
  t.notRegex(before, /bulldog|>242</, 'number and other names are for the details');
  t.regex(details, /242: boxer, bulldog/);
  // another class than the top one: the model is not said to say it
  const cat = {
    ...target,
    ...{ target: 282, label: 'tiger cat', proba: 0.121, rank: 1 },
    top: { target: 242, label, proba: 0.384 },
  };
  const other = formatAsHtml({ ...boxer, targets: [cat] });
  t.regex(other, /<title>For tiger cat \(12 %; the model says boxer, 38 %\)<\/title>/);
  t.regex(other, /<h1>For <b><bdi>tiger cat<\/bdi><\/b> \(12 %; <bdi>the model says boxer, 38 %</);
  t.regex(other, /data-lead="e0">Bright places speak for it\.</);
  t.notRegex(other, /made it say so/, 'nor after another part of the evidence is chosen');
  t.regex(other, /ranked 2 among the classes/);
  // an older record does not say which class is the top one
  const { rank, ...older } = boxer.targets[0];
  t.is(rank, 0);
  t.regex(formatAsHtml({ ...boxer, targets: [older] }), /<title>Why boxer\?<\/title>/);
  t.regex(
    formatAsHtml({ ...boxer, targets: [{ ...older, proba: 0.51 }] }),
    /<title>The model says boxer, 51 %<\/title>/,
  );
  // several classes: the first synonym of each
  const two = formatAsHtml({
    ...boxer,
    targets: [boxer.targets[0], { ...target, label: 'dog, x' }],
  });
  t.regex(two, /<h1><bdi>Why boxer or dog\?<\/bdi>/);
  const none = { ...target, heatmap: { shape: [6, 8], data: new Float32Array(48) } };
  const empty = formatAsHtml({ ...boxer, targets: [none] });
  t.regex(empty, /Nothing in the picture speaks for it/);
  t.notRegex(empty, /class="half"/);
});
