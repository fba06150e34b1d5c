import { readFileSync } from 'node:fs';
import { conceptColour } from '../../formatters/display/concepts.js';
import { formatAsHtml } from '../../formatters/html.js';
import test from 'ava';
import {
  commonMaximum,
  expandHeatmap,
  formatAsImage,
  heatmapToImage,
  ImageFormatter,
  type FormatAsImageOptions,
} from '../../formatters/image.js';
import { isWhylensError } from '../../src/errors.js';
import type { Heatmap, ImageExplanation, Picture } from '../../src/explanation.js';
import { colormapTable } from '../../src/images/colormaps.js';
import { displayMaximum } from '../../formatters/display/full-strength.js';
import { createPicture, convertPicture } from '../../src/images/picture.js';
import { decodePng } from '../../src/images/png.js';
import type { ResamplingFilter } from '../../src/images/resample.js';
import { fixture, matplotlibColormap } from '../helpers/fixtures.js';
import { largestDifference, noise, noisePicture, sha256 } from '../helpers/noise.js';
import {
  conceptsRecord,
  imageRecord,
  signalRecord,
  decisionTreeRecord,
  volumeRecord,
} from '../helpers/records.js';
import { sharedFile } from '../helpers/shared.js';

const png = (path: string) => decodePng(readFileSync(path));

function record(image: Picture, heatmap: Heatmap): ImageExplanation {
  return { ...imageRecord, image, targets: [{ target: 1, score: 1, heatmap }] };
}

function mapOf(rows: readonly (readonly number[])[]): Heatmap {
  return { shape: [rows.length, rows[0].length], data: Float32Array.from(rows.flat()) };
}

const eli5 = (path: string) =>
  mapOf((JSON.parse(readFileSync(path, 'utf8')) as { values: number[][] }).values);

test("heatmapToImage and expandHeatmap equal ELI5's published pictures to the byte", (t) => {
  const file = sharedFile(t, 'golden/eli5/heatmap.json');
  if (file === undefined) return;
  const map = eli5(file);
  const small = png(sharedFile(t, 'golden/eli5/heatmap_to_image.png')!);
  t.deepEqual(heatmapToImage(map), small);
  const box = png(sharedFile(t, 'golden/eli5/expand_heatmap_box.png')!);
  t.deepEqual(expandHeatmap(map, { width: 224, height: 224 }, { resamplingFilter: 'box' }), box);
  t.not(sha256(expandHeatmap(map, box).data), sha256(box.data));
});

test("formatAsImage is ELI5's published picture to the byte, with defaults and with matplotlib's colours", (t) => {
  const file = sharedFile(t, 'golden/eli5/heatmap.json');
  if (file === undefined) return;
  const expl = record(png(sharedFile(t, 'golden/eli5/image.png')!), eli5(file));
  const expected = png(sharedFile(t, 'golden/eli5/format_as_image.png')!);
  for (const options of [
    {},
    { colormap: matplotlibColormap('viridis'), filter: 'none' } as const,
  ]) {
    const got = formatAsImage(expl, options);
    t.deepEqual(largestDifference(got.data, expected.data), { difference: 0, at: -1 });
    t.is(got.mode, 'RGBA');
  }
});

interface PeerExplanation {
  readonly heatmap: number[][];
  readonly pictures?: readonly {
    readonly file: string;
    readonly call: string;
    readonly sha256Pixels: string;
  }[];
  readonly picturesHashOnly?: readonly [string, string, number | null, string][];
}

for (const name of ['cat_dog', 'elephants']) {
  test(`formatAsImage equals ELI5 on ${name}: six filters, colormaps and alpha limits`, (t) => {
    const file = sharedFile(t, `golden/peers/eli5/${name}.json`);
    if (file === undefined) return;
    const image = png(sharedFile(t, `golden/mobilenet_v1_0.25_224/${name}.png`)!);
    const { explanations } = JSON.parse(readFileSync(file, 'utf8')) as {
      explanations: PeerExplanation[];
    };
    let checked = 0;
    for (const { heatmap, pictures = [], picturesHashOnly = [] } of explanations) {
      for (const { file: picture, call, sha256Pixels } of pictures) {
        const jet = /colormap jet, alpha_limit 0.4, (\w+)/.exec(call);
        const options: FormatAsImageOptions =
          jet === null ? {} : { alphaLimit: 0.4, resamplingFilter: jet[1] as ResamplingFilter };
        const expl = record(image, mapOf(heatmap));
        const colormap = matplotlibColormap(jet === null ? 'viridis' : 'jet');
        const got = formatAsImage(expl, { ...options, colormap, filter: 'none' });
        t.is(sha256(got.data), sha256Pixels, picture);
        // an empty map says so, other than ELI5's
        if (heatmap.flat().every((value) => value === 0)) continue;
        const published = png(sharedFile(t, `golden/peers/eli5/${picture}`)!);
        const own = formatAsImage(expl, { ...options, colormap: jet === null ? 'viridis' : 'jet' });
        const { difference, at } = largestDifference(
          convertPicture(own, 'RGB').data,
          published.data,
        );
        t.is(difference, 0, `${picture}: at ${at}`);
      }
      for (const [filter, colormap, limit, hash] of picturesHashOnly) {
        const got = formatAsImage(record(image, mapOf(heatmap)), {
          colormap: matplotlibColormap(colormap as 'viridis'),
          resamplingFilter: filter.toLowerCase() as ResamplingFilter,
          alphaLimit: limit ?? 1,
          filter: 'none',
        });
        t.is(sha256(got.data), hash, `${filter} ${colormap} ${limit}`);
        checked++;
      }
    }
    t.true(checked >= 90, `only ${checked} pictures were compared`);
  });
}

test('formatAsImage: the worked case of one cell, height not width', (t) => {
  // value 0.5 of the maximum: colour 128 of the table, opacity trunc(0.5 · 255) = 127
  const image = createPicture(1, 2, 'RGB', [10, 20, 30, 40, 50, 60]);
  const expl = record(image, mapOf([[1], [2]]));
  const got = formatAsImage(expl, {
    colormap: (v) => [v === 128 / 255 ? 200 : 0, 100, 0],
    alphaLimit: 1,
  });
  // (200·127 + 10·128) / 255 = 104.6, (100·127 + 20·128) / 255 = 59.8, 30·128/255 = 15.06; then opaque
  t.deepEqual([...got.data], [105, 60, 15, 255, 0, 100, 0, 255]);
});

test('every option changes the picture', (t) => {
  const plain = sha256(formatAsImage(imageRecord).data);
  const options: FormatAsImageOptions[] = [
    { colormap: 'turbo' },
    { alphaLimit: 0.3 },
    { resamplingFilter: 'nearest' },
    { filter: 'negative' },
    { maximum: 7 },
    { percentile: 80 },
    { target: 282 },
    { blend: 'add' },
  ];
  const hashes = options.map((given) => sha256(formatAsImage(imageRecord, given).data));
  t.is(new Set([plain, ...hashes]).size, options.length + 1);
  t.is(
    sha256(formatAsImage(volumeRecord).data),
    sha256(formatAsImage(volumeRecord, { slice: volumeRecord.volume.shape[0] >> 1 }).data),
  );
  t.not(
    sha256(formatAsImage(volumeRecord).data),
    sha256(formatAsImage(volumeRecord, { slice: 0 }).data),
  );
  const { width, height } = formatAsImage(signalRecord, { width: 90, height: 33 });
  t.deepEqual([width, height], [90, 33]);
});

test('every display filter gives its own picture, and each has the meaning of its name', (t) => {
  const image = createPicture(4, 1, 'L', [0, 0, 0, 0]);
  const expl = record(image, mapOf([[-4, -1, 0, 2]]));
  const white = (filter: FormatAsImageOptions['filter'], maximum?: number) => {
    const got = formatAsImage(expl, { filter, maximum, alphaLimit: 1, colormap: () => 'white' });
    return [0, 4, 8, 12].map((i) => got.data[i]);
  };
  t.deepEqual(white('positive'), [0, 0, 0, 255]);
  t.deepEqual(white('maxScale'), [0, 0, 0, 255]);
  t.deepEqual(white('negative'), [255, 63, 0, 0]);
  t.deepEqual(white('absolute'), [255, 63, 0, 127]);
  t.deepEqual(white('symmetric'), [255, 63, 0, 127]);
  t.deepEqual(white('normalize'), [0, 127, 170, 255]);
  t.deepEqual(white('positiveNormalize'), [0, 0, 0, 255]);
  t.deepEqual(white('negativeNormalize'), [255, 63, 0, 0]);
  t.deepEqual(white('absoluteNormalize'), [255, 63, 0, 127]);
  t.deepEqual(white('none'), [0, 0, 0, 255]);
  t.deepEqual(white('positive', 8), [0, 0, 0, 63]);
  t.deepEqual(white('symmetric', 8), [127, 31, 0, 63]);
});

test('the percentile has full strength; values above it are not stronger', (t) => {
  const image = createPicture(5, 1, 'L', [0, 0, 0, 0, 0]);
  const expl = record(image, mapOf([[1, 2, 3, 4, 1000]]));
  const shades = (options: FormatAsImageOptions) => {
    const got = formatAsImage(expl, { alphaLimit: 1, colormap: () => 'white', ...options });
    return [0, 4, 8, 12, 16].map((i) => got.data[i]);
  };
  t.deepEqual(shades({}), [0, 0, 0, 1, 255]);
  t.deepEqual(shades({ percentile: 100 }), shades({}), 'ELI5, byte for byte');
  t.deepEqual(shades({ percentile: 75 }), [63, 127, 191, 255, 255]);
  // rank 0.6 · 4 = 2.4, between 3 and 4
  t.is(displayMaximum(expl.targets[0].heatmap, 'positive', 60), 3.4);
  const signed = mapOf([[-9, -4, 0, 1, 2]]);
  t.is(displayMaximum(signed, 'negative', 75), 4);
  t.is(displayMaximum(signed, 'symmetric', 50), 2);
  t.is(displayMaximum(mapOf([[0, 0, 0, 0, 8]]), 'positive', 50), 8, 'never nothing to divide by');
  t.is(commonMaximum([expl], { percentile: 75 }), 4);
  t.is(displayMaximum(expl.targets[0].heatmap, 'negative', 75), 0);
  const refused = (run: () => unknown, code: 'INVALID_OPTION', message: RegExp) => {
    const error = t.throws(run);
    t.true(isWhylensError(error, code));
    t.regex(error.message, message);
  };
  refused(() => formatAsImage(expl, { percentile: 0 }), 'INVALID_OPTION', /percentile.*above 0/);
  refused(() => formatAsImage(expl, { percentile: 101 }), 'INVALID_OPTION', /percentile/);
  const both = { percentile: 99, maximum: 2 };
  refused(() => formatAsImage(expl, both), 'INVALID_OPTION', /maximum.*percentile/);
  const stretched = { percentile: 99, filter: 'normalize' } as const;
  refused(() => formatAsImage(expl, stretched), 'INVALID_OPTION', /filters positive, negative/);
});

test('symmetric puts zero in the middle of a diverging colormap', (t) => {
  const image = createPicture(3, 1, 'L', [0, 0, 0]);
  const seen: number[] = [];
  formatAsImage(record(image, mapOf([[-2, 0, 1]])), {
    filter: 'symmetric',
    alphaLimit: 1,
    colormap: (v) => {
      seen.push(v);
      return 'white';
    },
  });
  t.is(seen.length, 256);
  const got = formatAsImage(record(image, mapOf([[-2, 0, 1]])), {
    filter: 'symmetric',
    alphaLimit: 1,
    colormap: (v) => (v < 0.5 ? 'blue' : 'red'),
  });
  t.deepEqual([...got.data], [0, 0, 255, 255, 0, 0, 0, 255, 127, 0, 0, 255]);
});

test('a shared maximum makes pictures comparable', (t) => {
  const image = createPicture(1, 1, 'L', [0]);
  const weak = record(image, mapOf([[1]]));
  const strong = record(image, mapOf([[4]]));
  const maximum = commonMaximum([weak, strong]);
  t.is(maximum, 4);
  const shade = (expl: ImageExplanation, given: FormatAsImageOptions) =>
    formatAsImage(expl, { alphaLimit: 1, colormap: () => 'white', ...given }).data[0];
  t.is(shade(weak, {}), 255);
  t.is(shade(weak, { maximum }), 63);
  t.is(shade(strong, { maximum }), 255);
  t.is(commonMaximum([record(image, mapOf([[-3]]))]), undefined);
  t.is(commonMaximum([record(image, mapOf([[-3]]))], { filter: 'negative' }), 3);
});

test('an empty map says so at the foot of the picture and leaves the rest as it is', (t) => {
  const image = noisePicture('RGB', 240, 90, 4);
  const seen = new Set<string>();
  const drawn = (rows: number[][], options: FormatAsImageOptions = {}) =>
    formatAsImage(record(image, mapOf(rows)), options);
  for (const [rows, options] of [
    [[[0, 0]], {}],
    [[[-1, -2]], {}],
    [[[1, 2]], { filter: 'negative' }],
  ] as [number[][], FormatAsImageOptions][]) {
    const got = convertPicture(drawn(rows, options), 'RGB');
    const foot = 240 * 3 * 69;
    t.deepEqual(got.data.subarray(0, foot), image.data.subarray(0, foot));
    t.notDeepEqual(got.data.subarray(foot), image.data.subarray(foot));
    seen.add(sha256(got.data.subarray(foot)));
  }
  t.is(seen.size, 3, 'each says why');
  // what is shown of a map, in whatever way, is not called empty
  const shown = drawn([[-1, -2]], { filter: 'symmetric' });
  t.notDeepEqual(shown.data.subarray(0, 4), drawn([[-1, -2]]).data.subarray(0, 4));
  // a picture too small for letters is crossed out
  const small = noisePicture('RGB', 9, 5, 4);
  const crossed = convertPicture(formatAsImage(record(small, mapOf([[0]]))), 'RGB');
  t.deepEqual([...crossed.data.subarray(0, 3)], [255, 255, 255]);
  t.deepEqual(crossed.data.subarray(3 * 3, 5 * 3), small.data.subarray(3 * 3, 5 * 3));
  t.is(drawn([[0]], { blend: 'add' }).mode, 'RGB');
});

test("a fine map is seen by itself: 'auto' is 99 from 64×64 cells on, else ELI5's 100", (t) => {
  const peak = (side: number) => {
    const data = new Float32Array(side * side).fill(1);
    data[5] = 100;
    return record(createPicture(side, side, 'L', new Array<number>(side * side).fill(0)), {
      shape: [side, side],
      data,
    });
  };
  const opacity = (side: number, options: FormatAsImageOptions = {}) =>
    formatAsImage(peak(side), { alphaLimit: 1, colormap: () => 'white', ...options }).data[0];
  t.is(opacity(64), 255, 'the one that stands out does not darken the rest');
  t.is(opacity(64, { percentile: 100 }), 2);
  t.is(opacity(63), 2);
  t.is(opacity(63, { percentile: 'auto' }), opacity(63, { percentile: 100 }));
  // filters without a common zero and a maximum of the caller's have no percentile
  t.notThrows(() => formatAsImage(peak(64), { filter: 'normalize' }));
  t.is(opacity(64, { maximum: 100 }), 2);
  t.is(commonMaximum([peak(64), peak(64)]), 1);
});

test("blend 'add' equals the Keras tutorial's own code", (t) => {
  const image = noisePicture('RGB', 64, 48, 3);
  const values = noise(35, 5);
  const add = (scale: (value: number) => number) =>
    formatAsImage(record(image, { shape: [5, 7], data: Float32Array.from(values, scale) }), {
      blend: 'add',
      filter: 'none',
    });
  // colours over a part of the range are stretched by the tutorial before they are added
  const part = add((value) => value / 1024 + 0.125);
  t.is(part.mode, 'RGB');
  t.deepEqual(part, png(fixture('tutorial-1.png')));
  // the tutorial rounds jet to float32 before it cuts it to 8 bits: one sample in a hundred differs by 1
  const whole = largestDifference(
    add((value) => value / 256).data,
    png(fixture('tutorial-0.png')).data,
  );
  t.is(whole.difference, 1, `at ${whole.at}`);
});

test('targets are chosen by class index, name and position', (t) => {
  const [first, second] = imageRecord.targets;
  const only = (target: typeof first) => formatAsImage({ ...imageRecord, targets: [target] });
  t.deepEqual(formatAsImage(imageRecord), only(first));
  for (const target of [282, '282', 'tiger cat', 'Tiger Cat', '#1']) {
    t.deepEqual(formatAsImage(imageRecord, { target }), only(second), String(target));
  }
  for (const [target, code, pattern] of [
    [1, 'INVALID_TARGET', /#0: 243 \(bull mastiff\), #1: 282 \(tiger cat\)/],
    ['#2', 'INVALID_TARGET', /holds/],
    ['tiger bat', 'UNKNOWN_LABEL', /'tiger cat'/],
  ] as const) {
    const error = t.throws(() => formatAsImage(imageRecord, { target }));
    t.true(isWhylensError(error, code), String(target));
    t.regex(error.message, pattern);
  }
});

test('signals, volumes and concepts are drawn too', (t) => {
  const drawn = formatAsImage(signalRecord);
  t.deepEqual([drawn.width, drawn.height, drawn.mode], [640, 160, 'RGBA']);
  t.true(new Set(drawn.data).size > 20);
  const [depth, height, width] = volumeRecord.volume.shape;
  const slice = formatAsImage(volumeRecord, { slice: depth - 1 });
  t.deepEqual([slice.width, slice.height], [width, height]);
  t.true(
    isWhylensError(
      t.throws(() => formatAsImage(volumeRecord, { slice: depth })),
      'INVALID_OPTION',
    ),
  );
  const all = formatAsImage(conceptsRecord);
  const one = formatAsImage(conceptsRecord, { target: conceptsRecord.concepts[1].name });
  t.deepEqual([all.width, all.height], [conceptsRecord.image.width, conceptsRecord.image.height]);
  t.notDeepEqual(all, one);
  t.deepEqual(one, formatAsImage(conceptsRecord, { target: '#1' }));
});

test('each concept has the colour of every formatter, where it is the strongest', (t) => {
  const concept = (name: string, rows: number[][]) => ({ name, heatmap: mapOf(rows), scores: [] });
  const expl = {
    ...conceptsRecord,
    image: createPicture(2, 1, 'L', [0, 0]),
    concepts: [concept('a', [[4, 1]]), concept('b', [[1, 2]])],
  };
  const { data } = formatAsImage(expl, { alphaLimit: 1, maximum: 4 });
  // b is at half strength: 127 of 255
  const [a, b] = [0, 1].map((i) => [...colormapTable(() => conceptColour(i)).subarray(0, 3)]);
  t.deepEqual([...data.subarray(0, 3)], a);
  const half = b.map((sample) => Math.round((sample * 127) / 255));
  t.deepEqual([...data.subarray(4, 7)], half);
  // as the page has it
  t.regex(formatAsHtml(expl), new RegExp(`fill="${conceptColour(0)}"`));
  t.deepEqual(formatAsImage(expl, { alphaLimit: 1 }).data, data, 'all concepts share a maximum');
  t.notDeepEqual(formatAsImage(expl, { alphaLimit: 1, maximum: 8 }).data, data);
});

test('bad maps, options and kinds are typed errors that say what is allowed', (t) => {
  const throws = (
    work: () => unknown,
    code: Parameters<typeof isWhylensError>[1],
    text: RegExp,
  ) => {
    const error = t.throws(work);
    t.true(isWhylensError(error, code), String(error));
    t.regex(error.message, text);
  };
  throws(() => formatAsImage(imageRecord, { alphaLimit: 1.5 }), 'INVALID_OPTION', /from 0 to 1/);
  throws(() => formatAsImage(imageRecord, { alphaLimit: NaN }), 'INVALID_OPTION', /from 0 to 1/);
  throws(() => formatAsImage(imageRecord, { colormap: 'virdis' }), 'UNKNOWN_COLORMAP', /viridis/);
  throws(
    () => formatAsImage(imageRecord, { colormap: () => 'nonsense' }),
    'UNKNOWN_COLORMAP',
    /CSS/,
  );
  throws(
    () => formatAsImage(imageRecord, { resamplingFilter: 'cubic' as 'bicubic' }),
    'INVALID_OPTION',
    /bicubic/,
  );
  throws(
    () => formatAsImage(imageRecord, { filter: 'plus' as 'positive' }),
    'INVALID_OPTION',
    /positive/,
  );
  throws(() => formatAsImage(imageRecord, { maximum: 0 }), 'INVALID_OPTION', /above 0/);
  throws(
    () => formatAsImage(imageRecord, { maximum: 2, filter: 'normalize' }),
    'INVALID_OPTION',
    /normalize/,
  );
  throws(() => formatAsImage(imageRecord, { colour: 1 } as never), 'UNKNOWN_OPTION', /colormap/);
  throws(() => formatAsImage(decisionTreeRecord), 'INVALID_EXPLANATION', /image, concepts/);
  throws(
    () => formatAsImage(record(imageRecord.image, mapOf([[1, NaN]]))),
    'INVALID_EXPLANATION',
    /heatmap.data\[1\].*got NaN/,
  );
  throws(
    () => formatAsImage(record(imageRecord.image, { shape: [3], data: new Float32Array(3) })),
    'INVALID_EXPLANATION',
    /2 axes.*\[3\]/,
  );
  throws(
    () => formatAsImage({ ...imageRecord, targets: [] }),
    'INVALID_EXPLANATION',
    /at least one/,
  );
  throws(() => heatmapToImage(mapOf([[0.5, 3]])), 'INVALID_EXPLANATION', /filter: 'positive'/);
  throws(
    () => heatmapToImage({ shape: [2], data: new Float32Array(2) }),
    'INVALID_EXPLANATION',
    /\[h, w\]/,
  );
});

test('heatmapToImage takes raw maps with a filter and coloured maps as they are', (t) => {
  t.deepEqual([...heatmapToImage(mapOf([[-1, 2, 4]]), { filter: 'positive' }).data], [0, 127, 255]);
  const coloured = { shape: [1, 1, 4], data: Float32Array.from([0.25, 0.5, 1, 0.75]) };
  t.deepEqual(heatmapToImage(coloured), createPicture(1, 1, 'RGBA', [63, 127, 255, 191]));
});

test('the formatter class gives what the function gives, and the record is not written to', (t) => {
  const before = structuredClone(imageRecord);
  const formatter = new ImageFormatter();
  t.deepEqual(
    formatter.format(imageRecord, { target: 282 }),
    formatAsImage(imageRecord, { target: 282 }),
  );
  t.deepEqual(imageRecord, before);
});

test('what is not a map at all is refused by name', (t) => {
  for (const map of [null, undefined, [[0, 1]], { shape: [1, 1] }]) {
    const error = t.throws(() => heatmapToImage(map as never));
    t.true(isWhylensError(error, 'INVALID_EXPLANATION'), error.message);
    t.regex(error.message, /\{ shape, data \}/);
  }
});
