import { Ajv } from 'ajv';
import test from 'ava';
import { readFileSync } from 'node:fs';
import {
  explanationFromDict,
  explanationFromJson,
  formatAsDict,
  formatAsJson,
  JsonFormatter,
} from '../../formatters/json.js';
import { formatAsText } from '../../formatters/text.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import type { DecisionTreeExplanation, ImageExplanation, TreeNode } from '../../src/explanation.js';
import { toBase64 } from '../../src/images/base64.js';
import { encodePng } from '../../src/images/png.js';
import { seededRandom } from '../helpers/lcg.js';
import { hostile, imageRecord, records } from '../helpers/records.js';
import { matchSnapshot } from '../helpers/snapshot.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const storedImage = (): Record<string, Json> =>
  JSON.parse(formatAsJson(imageRecord, { arrays: 'numbers' })) as Record<string, Json>;

/** The stored image with `value` at a path such as `targets.0.score`. */
function broken(path: string, value: Json | undefined): unknown {
  const dict = storedImage();
  const keys = path.split('.');
  const last = keys.pop()!;
  const parent = keys.reduce<Json>((at, key) => (at as Record<string, Json>)[key], dict);
  Object.defineProperty(parent, last, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return dict;
}

const code = 'INVALID_EXPLANATION';

for (const [kind, record] of Object.entries(records)) {
  test(`${kind} as JSON`, (t) => {
    // the bytes of a PNG depend on the zlib of the machine, its samples do not
    const text = (bytes: Uint8Array) =>
      Buffer.from(bytes)
        .toString()
        .replace(/"png": "[^"]*"/, '"png": ""');
    matchSnapshot(t, `json/${kind}.json`, formatAsJson(record), {
      compare: (a, b) => (text(a) === text(b) ? undefined : 'the texts differ'),
    });
    t.deepEqual(
      explanationFromJson(readFileSync(`test/snapshots/json/${kind}.json`, 'utf8')),
      record,
    );
  });

  test(`${kind} comes back exactly, in both ways to write arrays, hostile strings too`, (t) => {
    for (const expl of [record, hostile(record)]) {
      t.deepEqual(explanationFromJson(formatAsJson(expl)), expl);
      t.deepEqual(explanationFromJson(formatAsJson(expl, { arrays: 'numbers', indent: 0 })), expl);
      t.deepEqual(explanationFromDict(structuredClone(formatAsDict(expl))), expl);
    }
  });

  test(`${kind}: what is written is pure JSON`, (t) => {
    const dict = formatAsDict(record);
    t.deepEqual(JSON.parse(JSON.stringify(dict)), dict);
    t.deepEqual(Object.keys(dict).slice(0, 3), ['schema', 'version', 'kind']);
  });
}

test('maps come back to the bit: subnormal, negative zero, the largest, arrays that are views', (t) => {
  const values = [1e-45, -0, 3.4028234663852886e38, 0.1, -1 / 3, 16777217];
  const data = new Float32Array([9, ...values, 9]).subarray(1, 7);
  const record: ImageExplanation = {
    ...imageRecord,
    targets: [{ ...imageRecord.targets[0], heatmap: { shape: [2, 3], data } }],
  };
  const back = explanationFromJson(formatAsJson(record)) as ImageExplanation;
  t.deepEqual(
    [...new Uint32Array(back.targets[0].heatmap.data.buffer)],
    [...new Uint32Array(data.slice().buffer)],
  );
  const plain = explanationFromJson(formatAsJson(record, { arrays: 'numbers' }));
  t.deepEqual(
    [...(plain as ImageExplanation).targets[0].heatmap.data],
    [...data].map((value) => value + 0),
  );
});

test('pictures of every mode come back sample by sample', (t) => {
  const next = seededRandom(3);
  for (const [mode, channels] of [
    ['L', 1],
    ['RGB', 3],
    ['RGBA', 4],
  ] as const) {
    const data = Uint8ClampedArray.from({ length: 5 * 3 * channels }, () => next() * 256);
    const image = { width: 5, height: 3, mode, data };
    const record = { ...imageRecord, image };
    t.deepEqual((explanationFromJson(formatAsJson(record)) as ImageExplanation).image, image);
  }
  const opaque = new Uint8ClampedArray(4 * 2).fill(255);
  const image = { width: 2, height: 1, mode: 'RGBA' as const, data: opaque };
  t.deepEqual(
    (explanationFromJson(formatAsJson({ ...imageRecord, image })) as ImageExplanation).image,
    image,
  );
});

test('a signal without channels is a signal too', (t) => {
  const record = {
    ...records.signal,
    signal: { shape: [3], data: Float32Array.from([1, 2, 3]) },
  };
  t.deepEqual(explanationFromJson(formatAsJson(record)), record);
  t.true(formatAsText(record).includes('ch 0'));
});

test('arrays and indent change the text', (t) => {
  const base64 = formatAsJson(imageRecord);
  const numbers = formatAsJson(imageRecord, { arrays: 'numbers' });
  t.regex(base64, /"data": "[A-Za-z0-9+/=]+"/);
  t.regex(numbers, /"data": \[[-\d.e, ]+\]/);
  t.true(base64.includes('\n  "kind": "image"'));
  t.is(formatAsJson(imageRecord, { indent: 0 }).trimEnd().split('\n').length, 1);
  t.true(base64.includes('"shape": [6, 8]'));
  t.throws(() => formatAsJson(imageRecord, { arrays: 'csv' as never }), { code: 'INVALID_OPTION' });
});

test('nothing that could not be read back is written', (t) => {
  const [first] = imageRecord.targets;
  const write = (change: object) => () =>
    formatAsJson({ ...imageRecord, targets: [{ ...first, ...change }] });
  t.throws(write({ score: NaN }), { code, message: /'targets\[0\]\.score'.*finite.*NaN/ });
  t.throws(write({ proba: Infinity }), { code });
  t.throws(write({ heatmap: { shape: [1, 2], data: Float32Array.from([0, NaN]) } }), {
    code,
    message: /'targets\[0\]\.heatmap\.data\[1\]'.*NaN/,
  });
  t.throws(write({ heatmap: { shape: [2, 2], data: new Float32Array(3) } }), { code });
  t.throws(write({ heatmap: { shape: [4], data: new Float32Array(4) } }), {
    code,
    message: /2 axes/,
  });
  t.throws(write({ heatmap: { shape: [1, 1], data: [1] } }), { code, message: /a Float32Array/ });
  t.throws(write({ surprise: 1 }), { code, message: /surprise.*no such field/ });
  t.throws(() => formatAsJson({ ...imageRecord, parameters: { sigma: NaN } }), { code });
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  t.throws(() => formatAsJson({ ...imageRecord, parameters: cyclic as never }), {
    code,
    message: /refer to itself/,
  });
});

test('an older version is read', (t) => {
  const record = explanationFromJson(readFileSync('test/fixtures/explanation-v0.json', 'utf8'));
  t.deepEqual(record, {
    kind: 'image',
    estimator: 'draft-net',
    method: 'grad-cam',
    description: 'Positive values are where the layer saw evidence for the target.',
    isRegression: false,
    parameters: { seed: 0, probability: 'a parameter keeps its name' },
    warnings: [],
    image: {
      width: 3,
      height: 2,
      mode: 'RGB',
      data: Uint8ClampedArray.from({ length: 18 }, (_, i) => 10 * i),
    },
    targets: [
      {
        target: 7,
        definition: { kind: 'mask', index: 1, mask: { shape: [1, 2], data: [0, 1] } },
        label: 'cock',
        score: 2.5,
        proba: 0.75,
        heatmap: { shape: [1, 2], data: Float32Array.from([0.5, -0.25]) },
      },
    ],
  });
  t.throws(
    () =>
      explanationFromDict({
        format: 'whylens-explanation',
        version: 0,
        image: { mode: 'L', data: '*' },
      }),
    { code },
  );
});

test('a newer version has an error of its own, and so has a text that is not a record', (t) => {
  t.throws(() => explanationFromDict(broken('version', 2)), {
    code: 'UNSUPPORTED_VERSION',
    message: /version 2.*reads versions 0 to 1.*newer whylens/,
  });
  for (const version of ['1', 1.5, -1, null, undefined]) {
    t.throws(() => explanationFromDict(broken('version', version)), { code });
  }
  t.throws(() => explanationFromDict(broken('schema', 'other')), { code });
  for (const thing of [null, 3, 'x', [], {}]) t.throws(() => explanationFromDict(thing), { code });
  for (const text of ['', '{', 'null', '[]', '\u0000']) {
    t.throws(() => explanationFromJson(text), { code });
  }
  t.throws(() => explanationFromJson({} as never), { code, message: /explanationFromDict/ });
  t.notThrows(() => explanationFromJson('\uFEFF' + formatAsJson(imageRecord)));
});

const ONE_PIXEL = { width: 1, height: 1, mode: 'L' as const, data: new Uint8ClampedArray(1) };

for (const [what, path, value] of [
  ['values missing from a map', 'targets.0.heatmap.data', [1, 2, 3]],
  ['a map of another rank', 'targets.0.heatmap.shape', [48]],
  ['an empty map', 'targets.0.heatmap', { shape: [0, 4], dtype: 'float32', data: [] }],
  ['a negative size', 'targets.0.heatmap.shape', [-6, -8]],
  ['a size that overflows', 'targets.0.heatmap.shape', [2 ** 40, 2 ** 40]],
  [
    'a value beyond float32',
    'targets.0.heatmap',
    { shape: [1, 1], dtype: 'float32', data: [1e300] },
  ],
  ['another number type', 'targets.0.heatmap.dtype', 'float64'],
  ['text that is not base64', 'targets.0.heatmap.data', '*%$'],
  ['half a number', 'targets.0.heatmap', { shape: [1, 1], dtype: 'float32', data: 'AAA=' }],
  ['a NaN in base64', 'targets.0.heatmap', { shape: [1, 1], dtype: 'float32', data: 'AADAfw==' }],
  ['a map for a picture', 'image', { shape: [1], dtype: 'float32', data: [1] }],
  ['a PNG that is none', 'image.png', 'AAAA'],
  ['an empty PNG', 'image.png', ''],
  ['a PNG of another size', 'image.png', toBase64(encodePng(ONE_PIXEL))],
  ['a picture of another mode', 'image.mode', 'RGBA'],
  ['a gigabyte of pixels claimed', 'image.width', 2 ** 20],
  ['a prototype among the fields', '__proto__', { polluted: true }],
  ['a prototype among the parameters', 'parameters.__proto__', { polluted: true }],
  ['a constructor among the parameters', 'parameters.constructor', { prototype: 1 }],
  ['an unknown field', 'targets.0.scores', 1],
  ['a missing score', 'targets.0.score', undefined],
  ['a string for a score', 'targets.0.score', '1'],
  ['null for a list', 'targets', null],
  ['a string for a list', 'warnings', 'none'],
  ['an object for a list', 'warnings', { length: 3 }],
  ['an unknown kind', 'kind', 'hologram'],
  ['a kind from the prototype', 'kind', 'toString'],
  ['a target of no kind', 'targets.0.definition', { kind: 'constructor' }],
  [
    'a mask that does not fit',
    'targets.0.definition',
    { kind: 'mask', index: 0, mask: { shape: [2], data: [1] } },
  ],
] as [string, string, Json | undefined][]) {
  test(`damaged or hostile: ${what}`, (t) => {
    const error = t.throws(() => explanationFromDict(broken(path, value)), { code });
    t.true(error.message.length < 600);
    t.is(({} as { polluted?: boolean }).polluted, undefined);
  });
}

test('a small file that claims a gigabyte of pixels is refused before it is decoded', (t) => {
  const png = encodePng(ONE_PIXEL);
  const view = new DataView(png.buffer, png.byteOffset);
  view.setUint32(16, 32768);
  view.setUint32(20, 32768);
  const image = { width: 32768, height: 32768, mode: 'L', png: toBase64(png) };
  t.throws(() => explanationFromDict(broken('image', image)), {
    code,
    message: /'image\.png'.*32768/,
  });
  t.throws(() => explanationFromDict(storedImage(), { maxPixels: 100 }), { code });
});

test('depth: a deep tree is read, an abyss is not', (t) => {
  const treeOf = (depth: number): TreeNode => {
    let tree: TreeNode = { id: 0, isLeaf: true };
    for (let i = 1; i < depth; i++) {
      tree = { id: i, isLeaf: false, left: tree, right: { id: 5000 + i, isLeaf: true } };
    }
    return tree;
  };
  const record = (depth: number): DecisionTreeExplanation => ({
    ...records['decision-tree'],
    tree: treeOf(depth),
  });
  t.deepEqual(explanationFromJson(formatAsJson(record(300), { indent: 0 })), record(300));
  t.throws(() => formatAsJson(record(1001)), { code, message: /1000 levels/ });
  const abyss = JSON.stringify(storedImage()).replace(
    '"warnings":',
    `"x":${'['.repeat(100_000)}${']'.repeat(100_000)},"warnings":`,
  );
  t.throws(() => explanationFromJson(abyss), { code });
  const inside = JSON.stringify(storedImage()).replace(
    '"parameters":{',
    `"parameters":{"x":${'['.repeat(100_000)}${']'.repeat(100_000)},`,
  );
  t.throws(() => explanationFromJson(inside), { code, message: /1000 levels/ });
  t.throws(() => explanationFromJson(inside.replace('"version":1', '"version":0')), { code });
});

test('spans beyond their document, trees of one child and ragged matrices are refused', (t) => {
  const spans = JSON.parse(formatAsJson(records['weighted-spans'])) as never as {
    targets: { weightedSpans: { documents: { spans: { spans: number[][] }[] }[] } }[];
  };
  spans.targets[0].weightedSpans.documents[0].spans[0].spans[0] = [5, 5000];
  t.throws(() => explanationFromDict(spans), { code, message: /place in a document/ });
  const tree = JSON.parse(formatAsJson(records['decision-tree'])) as { tree: { left?: unknown } };
  delete tree.tree.left;
  t.throws(() => explanationFromDict(tree), { code, message: /two children/ });
  const matrix = JSON.parse(formatAsJson(records['transition-features'])) as {
    coefficients: number[][];
  };
  matrix.coefficients[1].pop();
  t.throws(() => explanationFromDict(matrix), { code, message: /3 rows of 3/ });
});

test('whatever is read fits the schema: one random place of a stored record is spoilt', (t) => {
  const schema = JSON.parse(readFileSync('schema/explanation.schema.json', 'utf8')) as object;
  const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema);
  const next = seededRandom(11);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)];
  const spoils: (Json | undefined)[] = [null, -1, 0.5, 'x', true, [], {}, [1], undefined, 1e20];
  let refused = 0;
  for (let round = 0; round < 1500; round++) {
    const dict = JSON.parse(
      formatAsJson(pick(Object.values(records)), { arrays: pick(['base64', 'numbers'] as const) }),
    ) as Json;
    let at = dict as Record<string, Json>;
    for (;;) {
      const key = pick(Object.keys(at));
      const inner = at[key];
      if (
        typeof inner === 'object' &&
        inner !== null &&
        Object.keys(inner).length > 0 &&
        next() < 0.8
      ) {
        at = inner as Record<string, Json>;
        continue;
      }
      const spoil = pick(spoils);
      if (spoil === undefined && !Array.isArray(at)) delete at[key];
      else at[key] = spoil as Json;
      break;
    }
    try {
      explanationFromDict(dict);
    } catch (error) {
      refused++;
      const known = ['INVALID_EXPLANATION', 'UNSUPPORTED_VERSION'];
      if (!known.includes((error as { code: string }).code)) throw error;
      continue;
    }
    const plain = JSON.parse(JSON.stringify(dict)) as object;
    if (!validate(plain)) t.fail(`${JSON.stringify(validate.errors)} in round ${round}`);
  }
  t.true(refused > 500, `${refused} refused`);
});

test('is registered for every kind and .json', (t) => {
  const formatter = registryOf(createContainer()).formatter('json');
  t.true(formatter instanceof JsonFormatter);
  t.deepEqual(formatter.extensions, ['json']);
  t.is(formatter.format(imageRecord, { indent: 0 }), formatAsJson(imageRecord, { indent: 0 }));
});
