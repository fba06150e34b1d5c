/* eslint-disable @typescript-eslint/no-explicit-any -- JSON that is damaged on purpose */
import test from 'ava';
import { zipSync } from 'fflate';
import { isWhylensError, loadModel, predict, type LoadedModel } from '../../../src/index.js';
import type { TextModel } from '../../../src/model/tabular/interface.js';
import { sentimentFiles, type Kind } from '../../helpers/tiny-transformer.js';

const KINDS: readonly Kind[] = ['bert', 'distilbert', 'roberta'];
const TEXTS = ['Not bad at all, but slow.', 'good', 'a good 😀 Crème brûlée; played goods 日本!'];

const modelOf = ({ model }: LoadedModel): TextModel => model as TextModel;
const near = (a: number, b: number, most = 2e-6) => Math.abs(a - b) < most;

for (const kind of KINDS) {
  test(`${kind}: predictions are those of plain loops, together and alone`, async (t) => {
    const { files, tiny } = sentimentFiles(kind);
    const loaded = await loadModel(files);
    const { tokens } = modelOf(loaded);
    t.deepEqual(loaded.labels, ['negative', 'positive']);
    t.is(modelOf(loaded).form, 'transformer');
    const together = await predict(loaded, TEXTS);
    for (const [n, text] of TEXTS.entries()) {
      const expected = tiny.logits([...tokens!.encode(text).ids]);
      const alone = await predict(loaded, text);
      expected.forEach((v, k) => {
        t.true(near(alone.logits.data[k], v), `${text} ${k}: ${alone.logits.data[k]} for ${v}`);
        t.true(near(together.logits.data[2 * n + k], v), text);
      });
      const [a, b] = expected.map(Math.exp);
      t.true(near(alone.values.data[0], a / (a + b)));
    }
    t.is(together.top[0].length, 2);
    loaded.dispose();
    loaded.dispose();
  });

  test(`${kind}: derivatives are those of plain loops`, async (t) => {
    const { files, tiny } = sentimentFiles(kind);
    const loaded = await loadModel(files);
    const tokens = modelOf(loaded).tokens!;
    t.is(tokens.withoutGradients, undefined);
    const encoded = tokens.encode('Not bad, but good!');
    const ids = [...encoded.ids];
    const own = await tokens.embed(encoded, 'tokens');
    t.deepEqual([...own], tiny.embedded(ids));
    const { gradients, scores } = await tokens.differentiate({
      at: 'tokens',
      input: encoded,
      count: 1,
      write: (_, into) => into.set(own),
      targets: [
        { kind: 'class', index: 1 },
        { kind: 'class', index: 0 },
      ],
      score: 'logit',
      batch: {},
    });
    t.true(near(scores[0][0], tiny.logits(ids)[1]));
    const step = 1e-5;
    for (const i of [0, 3, 8, own.length - 1]) {
      const moved = (by: number): number[] =>
        tiny.logits(ids, { embedded: Array.from(own, (v, j) => (j === i ? v + by : v)) });
      const [up, down] = [moved(step), moved(-step)];
      t.true(near(gradients[0][i], (up[1] - down[1]) / (2 * step), 2e-5), `${kind} ${i}`);
      t.true(near(gradients[1][i], (up[0] - down[0]) / (2 * step), 2e-5), `${kind} ${i}`);
    }
    loaded.dispose();
  });
}

test('what the file fixes: length, batch, activation, positions, no mask', async (t) => {
  for (const options of [
    { length: 16 },
    { batch: 1 },
    { batch: 3, length: 12 },
    { activation: 'Softmax' },
    { positions: true },
    { maskless: true },
  ] as const) {
    const { files, tiny } = sentimentFiles('distilbert', options);
    const loaded = await loadModel(files);
    const { tokens } = modelOf(loaded);
    const short = ['good', 'not bad at all', 'bad'];
    const { logits, values } = await predict(loaded, short);
    short.forEach((text, n) => {
      const expected = tiny.logits([...tokens!.encode(text).ids]);
      const told = JSON.stringify(options);
      expected.forEach((v, k) => t.true(near(logits.data[2 * n + k], v), told));
      const whole = expected.reduce((sum, v) => sum + Math.exp(v), 0);
      t.true(near(values.data[2 * n], Math.exp(expected[0]) / whole), told);
    });
    if ('length' in options) t.is(tokens!.maxLength, options.length ?? -1);
    if ('maskless' in options) t.false(tokens!.hidesTokens);
    const encoded = tokens!.encode('not bad');
    const own = await tokens!.embed(encoded, 'tokens');
    t.deepEqual([...own], tiny.embedded([...encoded.ids]));
    const { gradients, scores } = await tokens!.differentiate({
      at: 'tokens',
      input: encoded,
      count: 2,
      write: (point, into) => into.set(own.map((v) => v * (1 - point / 2))),
      targets: [{ kind: 'class', index: 0 }],
      score: 'output',
      batch: {},
    });
    t.is(gradients[0].length, 2 * own.length);
    const expected = tiny.logits([...encoded.ids]).map(Math.exp);
    t.true(near(scores[0][0], expected[0] / (expected[0] + expected[1])));
    loaded.dispose();
  }
});

test('what the outputs are: several labels, one logit, a regression, a guess', async (t) => {
  const load = (config: Record<string, unknown>, classes: number) =>
    loadModel(sentimentFiles('bert', { classes, config }).files);
  const several = await load({ problem_type: 'multi_label_classification' }, 2);
  const p = await predict(several, 'good');
  p.logits.data.forEach((v, k) => t.true(near(p.values.data[k], 1 / (1 + Math.exp(-v)))));
  const single = await load({}, 1);
  t.is(modelOf(single).valueCount, 2);
  const [no, yes] = Array.from((await predict(single, 'good')).values.data);
  t.true(near(no + yes, 1));
  const value = await load({ problem_type: 'regression', id2label: { 0: 'stars' } }, 1);
  t.is(modelOf(value).task, 'regression');
  t.deepEqual((await predict(value, 'good')).warnings, []);
  const guessed = await load({ problem_type: null }, 2);
  const { warnings } = await predict(guessed, 'good');
  t.regex(warnings.join(' '), /problem_type/);
  for (const loaded of [several, single, value, guessed]) loaded.dispose();
});

test('a text that is too long is cut, and a warning says so', async (t) => {
  const { files } = sentimentFiles('bert');
  const loaded = await loadModel(files, { maxLength: 8 });
  const tokens = modelOf(loaded).tokens!;
  const long = 'good bad good bad good bad good bad';
  const encoded = tokens.encode(long);
  t.is(encoded.ids.length, 8);
  t.is(encoded.cut, 2);
  t.is(encoded.tokens.at(-1), '[SEP]');
  const { warnings, logits } = await predict(loaded, ['good', long]);
  t.regex(warnings.join(' '), /text 1: .* at most 8 tokens: the last 2 .* character 26/);
  const { logits: same } = await predict(loaded, 'good bad good bad good bad');
  t.true(near(logits.data[2], same.data[0]));
  for (const maxLength of [2, 33, 7.5]) {
    const error = await t.throwsAsync(loadModel(files, { maxLength }));
    t.true(isWhylensError(error, 'INVALID_OPTION'), String(maxLength));
  }
  loaded.dispose();
});

test('a folder `onnx`, a zip, and names of classes', async (t) => {
  const { files } = sentimentFiles('distilbert');
  const inside = files.map(({ name, bytes }) => ({
    name: name === 'model.onnx' ? 'mood/onnx/model.onnx' : `mood/${name}`,
    bytes,
  }));
  const folder = await loadModel(inside, { classNames: ['bad', 'good'] });
  t.deepEqual(folder.labels, ['bad', 'good']);
  const zip = zipSync(Object.fromEntries(inside.map(({ name, bytes }) => [name, bytes])));
  const zipped = await loadModel([{ name: 'mood.zip', bytes: zip }]);
  t.deepEqual(
    [...(await predict(zipped, 'good')).logits.data],
    [...(await predict(folder, 'good')).logits.data],
  );
  folder.dispose();
  zipped.dispose();
  const error = await t.throwsAsync(loadModel(files, { classNames: ['a', 'b', 'c'] }));
  t.true(isWhylensError(error, 'INVALID_OPTION'));
  const picture = await t.throwsAsync(loadModel(files, { preprocess: 'tf' }));
  t.true(isWhylensError(picture, 'INVALID_OPTION'));
});

test('damaged and hostile files are typed errors', async (t) => {
  const { files } = sentimentFiles('bert');
  const tokenizer = JSON.parse(new TextDecoder().decode(files[1].bytes)) as Record<string, any>;
  const withTokenizer = (change: (json: Record<string, any>) => unknown) => {
    const copy = structuredClone(tokenizer);
    const changed = change(copy) ?? copy;
    const bytes =
      changed instanceof Uint8Array ? changed : new TextEncoder().encode(JSON.stringify(changed));
    return files.map((file) => (file.name === 'tokenizer.json' ? { ...file, bytes } : file));
  };
  const cases: [string, (json: Record<string, any>) => unknown][] = [
    ['no JSON', () => new TextEncoder().encode('{"model":')],
    ['no text', () => Uint8Array.of(0xff, 0xfe, 0x00)],
    ['a list', () => [1]],
    ['no model', (json) => void delete json.model],
    ['no vocabulary', (json) => void delete json.model.vocab],
    ['an empty vocabulary', (json) => void (json.model.vocab = {})],
    ['a number that is none', (json) => void (json.model.vocab.good = 'seven')],
    ['a huge number', (json) => void (json.model.vocab.good = 2 ** 40)],
    ['an unknown kind', (json) => void (json.pre_tokenizer = { type: 'Nonsense' })],
    ['tokens without text', (json) => void (json.added_tokens = [{ id: 3 }])],
    ['a decoder that is a text', (json) => void (json.decoder = 'x')],
    [
      'a pattern without end',
      (json) =>
        void (json.pre_tokenizer = {
          type: 'Split',
          pattern: { Regex: '(a+)+$' },
          behavior: 'Isolated',
          invert: false,
        }),
    ],
    ['merges that are none', (json) => void Object.assign(json.model, { type: 'BPE', merges: 3 })],
    [
      'nesting',
      (json) => {
        const deep = `${'{"type":"Sequence","normalizers":['.repeat(3000)}${']}'.repeat(3000)}`;
        json.normalizer = null;
        const whole = JSON.stringify(json).replace('"normalizer":null', `"normalizer":${deep}`);
        return new TextEncoder().encode(whole);
      },
    ],
  ];
  for (const [what, change] of cases) {
    const error = await t.throwsAsync(loadModel(withTokenizer(change)), undefined, what);
    t.true(isWhylensError(error, 'MODEL_LOAD'), `${what}: ${error?.message}`);
  }
  const others: [string, RegExp, typeof files][] = [
    ['no tokenizer', /tokenizer\.json/, files.filter(({ name }) => name !== 'tokenizer.json')],
    [
      'labels of another model',
      /id2label/,
      sentimentFiles('bert', { config: { id2label: { 0: 'a' } } }).files,
    ],
    [
      'labels with a gap',
      /id2label/,
      sentimentFiles('bert', { config: { id2label: { 0: 'a', 2: 'b' } } }).files,
    ],
    [
      'a problem that is none',
      /problem_type/,
      sentimentFiles('bert', { config: { problem_type: 'x' } }).files,
    ],
  ];
  for (const [what, message, list] of others) {
    const error = await t.throwsAsync(loadModel(list), undefined, what);
    t.true(isWhylensError(error, 'MODEL_LOAD'), `${what}: ${error?.message}`);
    t.regex(error!.message, message);
  }
  // a tokenizer with more tokens than the model has embeddings
  const wide = withTokenizer((json) => void (json.model.vocab.zebra = 500));
  const loaded = await loadModel(wide);
  const error = await t.throwsAsync(predict(loaded, 'a zebra'));
  t.true(isWhylensError(error, 'INVALID_DOCUMENT'));
  t.regex(error!.message, /500.*33 tokens/);
  loaded.dispose();
});

test('a pattern of the tokenizer that tries every way is given up, and the next text goes well', async (t) => {
  const { files } = sentimentFiles('bert');
  const tokenizer = files.find(({ name }) => name === 'tokenizer.json')!;
  const content: any = JSON.parse(new TextDecoder().decode(tokenizer.bytes));
  const split = {
    type: 'Split',
    pattern: { Regex: '(?:a|aa)+$' },
    behavior: 'Isolated',
    invert: false,
  };
  content.pre_tokenizer = { type: 'Sequence', pretokenizers: [split, content.pre_tokenizer] };
  tokenizer.bytes = new TextEncoder().encode(JSON.stringify(content));
  const loaded = await loadModel(files);
  const error = await t.throwsAsync(predict(loaded, `${'a'.repeat(100)}b`));
  t.true(isWhylensError(error) && error.code === 'INVALID_DOCUMENT', String(error));
  t.regex(error!.message, /101 characters into tokens has not come to an end .*tokenizer\.json/);
  t.is((await predict(loaded, 'a good text')).top[0].length, 2);
  loaded.dispose();
});
