import test from 'ava';
import { fill } from '../../formatters/drawing/fill.js';
import { outlineOf } from '../../formatters/drawing/font-outlines.js';
import { truncate, widthOf, wrap } from '../../formatters/drawing/font.js';
import { titleOf } from '../../formatters/drawing/titles.js';
import { FigureFormatter, formatAsFigure, type FigureOptions } from '../../formatters/figure.js';
import { formatAsHtml } from '../../formatters/html.js';
import { formatAsSvg, SvgFormatter } from '../../formatters/svg.js';
import { isWhylensError } from '../../src/errors.js';
import {
  EXPLANATION_KINDS,
  type Explanation,
  type ImageExplanation,
  type Picture,
} from '../../src/explanation.js';
import { encodePng } from '../../src/images/png.js';
import { comparePng, compareWithPictures } from '../helpers/pictures-in-text.js';
import { hostile, imageRecord, records } from '../helpers/records.js';
import { matchSnapshot } from '../helpers/snapshot.js';

/** One target only: a pair of pictures. */
const single: ImageExplanation = { ...imageRecord, targets: [imageRecord.targets[0]] };
/** Another model's view of the same picture, three times as sure. */
const other: ImageExplanation = {
  ...single,
  method: 'layer-cam',
  targets: [
    {
      ...single.targets[0],
      heatmap: { shape: [6, 8], data: single.targets[0].heatmap.data.map((value) => value * 3) },
    },
  ],
};
/** A picture in which nothing of the others is seen. */
const elsewhere: ImageExplanation = {
  ...single,
  image: { width: 2, height: 1, mode: 'L', data: Uint8ClampedArray.of(0, 255) },
};

const png = (expl: Explanation | readonly Explanation[], options: FigureOptions = {}): Picture =>
  formatAsFigure(expl, { ...options, format: 'png', scale: 1 });

for (const kind of EXPLANATION_KINDS) {
  test(`svg of ${kind} is as committed`, (t) => {
    matchSnapshot(t, `svg/${kind}.svg`, formatAsSvg(records[kind]), {
      compare: compareWithPictures,
    });
  });

  test(`figure of ${kind} is as committed`, (t) => {
    matchSnapshot(t, `figure/${kind}.png`, encodePng(png(records[kind])), {
      compare: (expected, actual) => comparePng(expected, actual, 2),
    });
  });

  test(`${kind} with hostile strings is drawn, and its svg holds no markup of theirs`, (t) => {
    const record = hostile(records[kind]);
    const svg = formatAsSvg(record);
    t.notRegex(svg, /<script|<img|<svg onload|<!--/);

    t.notRegex(svg, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\ufffe\uffff]/);
    t.is(svg.match(/<svg/g)?.length, 1);
    t.notThrows(() => png(record));
  });
}

test('one map stands beside its original, under a title of its class and probability', (t) => {
  const svg = formatAsFigure(single);
  t.is(titleOf(single.targets[0]), 'bull mastiff, 81 %');
  t.regex(svg, />bull mastiff, 81 %</);
  t.is(svg.match(/<use /g)?.length, 2, 'the picture is there once and shown twice');
  t.is(svg.match(/data:image/g)?.length, 2, 'with one map');
});

test('several explanations are a grid: at most eight in a row, rows even, three quarters opaque', (t) => {
  const nine = Array.from({ length: 9 }, (_, i) => ({
    ...single,
    image: { ...single.image, data: single.image.data.map((value) => value ^ (i & 1)) },
  }));
  const svg = formatAsFigure(nine, { cellSize: 64, titles: false });
  const places = [
    ...svg.matchAll(/translate\((\d+\.?\d*) (\d+\.?\d*)\)|<image x="([\d.]+)" y="([\d.]+)"/g),
  ];
  const columns = new Set(places.map((match) => match[1] ?? match[3]));
  const rows = new Set(places.map((match) => match[2] ?? match[4]));
  t.is(columns.size, 5 + 1, 'nine panels: five and four, and the colour bar');
  t.is(rows.size, 2 + 1);
  const flat = (options: FigureOptions): Picture =>
    png([elsewhere, single], { ...options, colorbar: false, titles: false });
  t.deepEqual(flat({}), flat({ opacity: 0.75 }));
  t.notDeepEqual(flat({}), flat({ opacity: 0.5 }));
});

test('opacity 0 leaves the picture, opacity 1 the colours alone', (t) => {
  const size = { cellSize: 64, titles: false, original: 'none', colorbar: false } as const;
  const at = ({ data, width }: Picture, x: number, y: number): number[] => [
    ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
  ];
  const bare = png(single, { ...size, opacity: 0 });
  const { data } = single.image;
  for (const [x, y] of [
    [3, 5],
    [40, 31],
  ]) {
    t.deepEqual(at(bare, 16 + x, 16 + y), [
      ...data.subarray((y * 64 + x) * 3, (y * 64 + x) * 3 + 3),
    ]);
  }
  const covered = png(single, { ...size, opacity: 1, colormap: () => '#102030' });
  t.deepEqual(at(covered, 16 + 9, 16 + 9), [16, 32, 48]);
});

test('a shared scale makes the weaker map weaker and puts numbers at the bar', (t) => {
  const size = { cellSize: 64, titles: false, colorbar: true } as const;
  const shared = formatAsFigure([single, other], { ...size, shared: true });
  const highest = Math.max(...other.targets[0].heatmap.data);
  t.regex(shared, new RegExp(`>\\+${Number(highest.toFixed(3))}<`));
  t.regex(formatAsFigure([single, other], size), />max</);
  // without a shared scale both maps are the same picture
  const maps = (svg: string): number => new Set(svg.match(/data:image\/png[^"]+/g)).size;
  t.is(maps(shared), maps(formatAsFigure([single, other], size)) + 1);
});

test('scale is pixels of the picture for one pixel of the figure', (t) => {
  const [one, three] = [1, 3].map((scale) =>
    formatAsFigure(single, { format: 'png', scale, cellSize: 40 }),
  );
  t.true(
    Math.abs(three.width - one.width * 3) <= 2 && Math.abs(three.height - one.height * 3) <= 2,
  );
  const error = t.throws(() =>
    formatAsFigure(single, { format: 'png', scale: 32, cellSize: 4096 }),
  );
  t.true(isWhylensError(error, 'PICTURE_TOO_LARGE'));
});

const changing: [keyof FigureOptions, FigureOptions, readonly Explanation[]][] = [
  ['columns', { columns: 1 }, [single, other]],
  ['titles', { titles: false }, [single]],
  ['titles', { titles: ['mine', 'yours'] }, [single, other]],
  ['colorbar', { colorbar: true }, [single]],
  ['colorbar', { colorbar: false }, [single, other]],
  ['original', { original: 'none' }, [single]],
  ['original', { original: 'each' }, [single, other]],
  ['original', { original: 'first' }, [single, elsewhere]],
  ['shared', { shared: true }, [single, other]],
  ['colormap', { colormap: 'magma' }, [single]],
  ['filter', { filter: 'symmetric' }, [single]],
  ['alphaLimit', { alphaLimit: 0.3 }, [single]],
  ['opacity', { opacity: 0.5 }, [single]],
  ['percentile', { percentile: 60 }, [single]],
  ['percentile', { percentile: 55, shared: true }, [single, other]],
  ['resamplingFilter', { resamplingFilter: 'nearest' }, [single]],
  ['cellSize', { cellSize: 100 }, [single]],
  ['theme', { theme: 'dark' }, [single]],
  ['scheme', { scheme: 'probabilities' }, [probabilities()]],
  ['preserveDensity', { preserveDensity: true }, [records['weighted-spans']]],
];

for (const [name, options, list] of changing) {
  test(`option ${name} = ${JSON.stringify(options[name])} changes the figure`, (t) => {
    t.not(formatAsFigure(list, options), formatAsFigure(list));
  });
}

test('a fine map is scaled by its 99th percentile, a coarse one by its maximum', (t) => {
  const peak = (side: number): Explanation => ({
    ...single,
    targets: [
      {
        ...single.targets[0],
        heatmap: {
          shape: [side, side],
          data: Float32Array.from({ length: side * side }, (_, i) =>
            i === 5 ? 1000 : (i % 7) - 3,
          ),
        },
      },
    ],
  });
  const same = (side: number, percentile: number) =>
    formatAsFigure(peak(side)) === formatAsFigure(peak(side), { percentile });
  t.deepEqual([same(64, 99), same(64, 100)], [true, false]);
  t.deepEqual([same(63, 99), same(63, 100)], [false, true]);
  const words = (options: FigureOptions) => formatAsFigure([peak(64), elsewhere], options);
  t.regex(words({}), />high</, 'the bar ends at no maximum');
  t.regex(words({ percentile: 100 }), />max</);
  // whatever is shown has a scale of its own
  for (const filter of ['positive', 'negative', 'absolute', 'symmetric', 'normalize'] as const) {
    const given = { filter, percentile: 75 };
    const differs = formatAsFigure(peak(9), given) !== formatAsFigure(peak(9), { filter });
    t.is(differs, filter !== 'normalize', filter);
  }
  for (const percentile of [0, 101, 'most' as 'auto']) {
    const error = t.throws(() => formatAsFigure(single, { percentile }));
    t.true(isWhylensError(error, 'INVALID_OPTION'));
  }
});

test('every declared option is among those tested', (t) => {
  const tested = new Set<string>([...changing.map(([name]) => name), 'format', 'scale']);
  for (const formatter of [new FigureFormatter(), new SvgFormatter()]) {
    t.deepEqual(
      Object.keys(formatter.options).filter((name) => !tested.has(name)),
      [],
    );
  }
});

test('own titles go to the maps in order', (t) => {
  const svg = formatAsFigure([single, other], { titles: ['before', 'after <b>'] });
  const titles = [...svg.matchAll(/font-weight="600"[^>]*>([^<]*)</g)].map((match) => match[1]);
  t.deepEqual(titles, ['original', 'before', 'after &#60;b&#62;']);
});

test('letters of three alphabets have outlines, other signs a frame with their number', (t) => {
  const style = { size: 10 };
  // a frame has an outer and an inner edge before its digits
  const frame = (char: string): number => outlineOf(char, style)[0].contours.length;
  t.true(widthOf('大', style) > 10);
  const digits = (hex: string): number =>
    [...hex].reduce((sum, digit) => sum + outlineOf(digit, style)[0].contours.length, 0);
  t.is(frame('大'), 2 + digits('5927'));
  t.is(frame('😀'), 2 + digits('01F600'));
  t.is(frame('\u001b'), 2 + digits('1B'));
  for (const char of 'aéßçğΩЖяễ→≤±−…“€') {
    t.true(outlineOf(char, style)[0].contours.length < 8, char);
  }
  t.is(widthOf('e\u0301', style), widthOf('é', style), 'composed first');
});

test('marks sit over their letter, and what cannot be seen takes no room', (t) => {
  const style = { size: 100 };
  const middle = (text: string, at: number): number => {
    const { x, contours } = outlineOf(text, style)[at];
    const all = contours.flat().map(([px]) => x + px);
    return (Math.min(...all) + Math.max(...all)) / 2;
  };
  t.is(widthOf('x\u0301', style), widthOf('x', style));
  t.true(Math.abs(middle('x\u0301', 1) - widthOf('x', style) / 2) < 1e-9);
  t.true(Math.abs(middle('mx\u0301', 2) - widthOf('m', style) - widthOf('x', style) / 2) < 1e-9);
  t.is(outlineOf('\u0301', style).length, 1, 'with no letter before it');
  t.is(outlineOf('\u0938\u094d', style).length, 2, 'a mark that the font lacks is a box');
  t.is(widthOf('a\u00ad\u200b\u200c\u200d\u2060\ufe0f\ufeff', style), widthOf('a', style));
  t.is(widthOf('a\u00a0b', style), widthOf('a b', style));
});

test('text is measured, cut and wrapped', (t) => {
  const style = { size: 20 };
  t.is(widthOf('', style), 0);
  t.is(widthOf('ab', style), widthOf('a', style) + widthOf('b', style));
  t.is(widthOf('a', { size: 40 }), 2 * widthOf('a', style));
  t.true(widthOf('a', { size: 20, bold: true }) > widthOf('a', style));
  const cut = truncate('a rather long label', 90, style);
  t.regex(cut, /^a rath.*…$/);
  t.true(widthOf(cut, style) <= 90);
  t.is(truncate('short', 90, style), 'short');
  t.deepEqual(wrap('one two three', widthOf('one two', style), style), ['one two', 'three']);
  const two = wrap('one two three four five six', widthOf('one two', style), style, 2);
  t.is(two.length, 2);
  t.regex(two[1], /…$/);
  t.is(wrap('Donaudampfschifffahrt', 60, style).join(''), 'Donaudampfschifffahrt');
});

test('filling covers each pixel by its exact share', (t) => {
  const canvas = { width: 4, height: 3, data: new Uint8ClampedArray(36) };
  const reds = (): number[] => [...canvas.data].filter((_, i) => i % 3 === 0);
  // a box from 0.5 to 2.25 across and 1 to 2.5 down
  const box = [
    [0.5, 1],
    [2.25, 1],
    [2.25, 2.5],
    [0.5, 2.5],
  ] as const;
  fill(canvas, [box], [200, 0, 0]);
  t.deepEqual(reds(), [0, 0, 0, 0, 100, 200, 50, 0, 50, 100, 25, 0]);
  // the same with a hole of its own size leaves nothing
  canvas.data.fill(0);
  fill(canvas, [box, [...box].reverse()], [200, 0, 0]);
  t.deepEqual(reds(), Array(12).fill(0));
  // twice the same direction is painted once
  fill(canvas, [box, box], [200, 0, 0], 0.5);
  t.is(reds()[5], 100);
});

test('a slanted edge shares its pixels as a parabola does', (t) => {
  const canvas = { width: 4, height: 1, data: new Uint8ClampedArray(12) };
  // right triangle: 0,0 – 4,0 – 4,1 – an edge through four pixels
  fill(
    canvas,
    [
      [
        [0, 0],
        [4, 0],
        [4, 1],
      ] as const,
    ],
    [160, 160, 160],
  );
  t.deepEqual(
    [...canvas.data].filter((_, i) => i % 3 === 0),
    [20, 60, 100, 140],
  );
  canvas.data.fill(0);
  // partly outside on either side: what is outside is not drawn, and moves nothing
  fill(
    canvas,
    [
      [
        [-2, 0],
        [6, 0],
        [6, 1],
        [-2, 1],
      ] as const,
    ],
    [160, 160, 160],
  );
  t.deepEqual([...canvas.data], Array(12).fill(160));
});

test('bad input is refused in words', (t) => {
  const refused = (call: () => unknown, code: string, message: RegExp): void => {
    const error = t.throws(call, { message });
    t.true(isWhylensError(error, code as 'USAGE'), String(error));
  };
  refused(() => formatAsFigure([]), 'INVALID_EXPLANATION', /at least one/);
  refused(() => formatAsFigure(single, { columns: 0 }), 'INVALID_OPTION', /columns.*1 to 64/);
  refused(
    () => formatAsFigure(single, { titles: 'x' as never }),
    'INVALID_OPTION',
    /titles.*list of strings/,
  );
  refused(() => formatAsFigure(single, { colour: 'x' } as never), 'UNKNOWN_OPTION', /did you mean/);
});

test('maps that do not fit, and values that are not finite numbers, are refused', (t) => {
  const { targets } = records['feature-weights'];
  const spoilt = {
    ...records['feature-weights'],
    targets: [
      {
        ...targets[0],
        featureWeights: {
          ...targets[0].featureWeights,
          pos: [{ feature: 'x', weight: Number.NaN }],
        },
      },
    ],
  };
  const cut = (record: Explanation): Explanation => {
    const { targets: all } = record as ImageExplanation;
    const heatmap = { shape: all[0].heatmap.shape, data: all[0].heatmap.data.slice(1) };
    return { ...record, targets: [{ ...all[0], heatmap }] } as Explanation;
  };
  for (const record of [
    spoilt,
    cut(records.image),
    cut(records.signal),
    cut(records.volume),
    { ...single, targets: [{ ...single.targets[0], heatmap: records.volume.targets[0].heatmap }] },
  ]) {
    const error = t.throws(() => formatAsSvg(record));
    t.true(isWhylensError(error, 'INVALID_EXPLANATION'), String(error));
    const page = t.throws(() => formatAsHtml(record));
    t.true(isWhylensError(page, 'INVALID_EXPLANATION'), String(page));
  }
});

test('a map of zeros and a record without targets are drawn all the same', (t) => {
  const heatmap = { shape: [6, 8], data: new Float32Array(48) };
  const flat = { ...single, targets: [{ ...single.targets[0], heatmap }] };
  for (const filter of ['positive', 'negative', 'symmetric', 'absolute', 'normalize'] as const) {
    t.notRegex(formatAsFigure(flat, { filter, colorbar: true, shared: true }), /NaN|Infinity/);
    const page = formatAsHtml(flat, { filter }).replace(/<script>.*<\/script>/s, '');
    t.notRegex(page, /NaN|Infinity/);
  }
  t.regex(formatAsHtml({ ...single, targets: [] }), /No target was explained/);
  t.notThrows(() => formatAsFigure({ ...single, targets: [] }));
});

function probabilities(): Explanation {
  const record = records['weighted-spans'];
  const targets = record.targets.map((target) => ({
    ...target,
    weightedSpans: {
      documents: target.weightedSpans.documents.map((document) => ({
        ...document,
        spans: document.spans.map((span) => ({ ...span, weight: Math.abs(span.weight) / 2 })),
      })),
    },
  }));
  return { ...record, targets };
}

test('pictures of unequal shape: titles on one line, what is below them hangs from it', (t) => {
  const wide: ImageExplanation = {
    ...single,
    image: { width: 8, height: 2, mode: 'L', data: new Uint8ClampedArray(16).fill(90) },
    targets: [
      { ...single.targets[0], label: 'a name that is so long that it needs a second line' },
    ],
  };
  const svg = formatAsFigure([single, wide], { cellSize: 120 });
  const lines = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" font-size="13"/g)];
  const first = new Map(lines.reverse().map(([, x, y]) => [x, y]));
  t.is(first.size, 2);
  t.is(new Set(first.values()).size, 1, 'the first line of both titles is at one height');
  const tops = [...svg.matchAll(/<image x="[\d.]+" y="([\d.]+)" width="120"/g)].map(([, y]) => y);
  t.is(new Set(tops).size, 1, 'and the pictures begin at one height');
  // originals on request
  const uses = (options: FigureOptions) =>
    formatAsFigure([single, wide], options).match(/<use /g)?.length ?? 0;
  t.true(uses({ original: 'each' }) > uses({}));
});

test('the layer stands in the titles where it tells maps apart', (t) => {
  const layer = { path: 'body/conv_2', shape: [6, 8, 4], reason: 'named', runnersUp: [] };
  t.notRegex(formatAsFigure(single), /layer/);
  const svg = formatAsFigure([single, { ...single, layer }]);
  t.regex(svg, />bull mastiff, 81 %, layer/);
  t.regex(svg, /<title>[^<]*layer conv_2/);
});

test('of another class than the top one, the title says what the model says', (t) => {
  const [dog, cat] = imageRecord.targets;
  const top = { target: 243, label: 'bull mastiff, x', proba: 0.8125 };
  const second = { ...cat, rank: 1, top };
  t.is(titleOf(second), 'tiger cat, 3 % (the model says bull mastiff, 81 %)');
  t.is(titleOf(second, [dog, second]), 'tiger cat, 3 %', 'the top class is shown beside it');
  t.is(titleOf({ ...dog, rank: 0 }), 'bull mastiff, 81 %');
  t.regex(formatAsFigure({ ...imageRecord, targets: [second] }), /the model says/);
});
