import test from 'ava';
import { modelOfRows, modelOfTexts } from '../../../src/index.js';
import type { Rows } from '../../../src/index.js';

const rows = (...list: number[][]): Rows => ({
  count: list.length,
  columns: list[0].length,
  data: Float64Array.from(list.flat()),
});

test('a function of rows gets lists, with missing values as null', async (t) => {
  const seen: unknown[] = [];
  const model = modelOfRows(
    (given: (number | null)[][]) => {
      seen.push(...given);
      return given.map(([a, b]) => 2 * (a ?? 10) - b!);
    },
    { features: ['a', 'b'], name: 'twice' },
  );
  const { values, margins } = await model.predict(rows([1, 0.1], [NaN, 3]));
  t.deepEqual([...values.data], [1.9, 17]);
  t.deepEqual(margins, values);
  t.deepEqual(seen, [
    [1, 0.1],
    [null, 3],
  ]);
  t.is(model.task, 'regression');
});

test('a function of objects gets categories by name', async (t) => {
  const seen: unknown[] = [];
  const model = modelOfRows(
    (given: { plan: string; age: number }[]) => {
      seen.push(...given);
      return given.map(({ plan, age }) => [plan === 'pro' ? 0.75 : 0.25, age]);
    },
    { features: [{ name: 'plan', categories: ['basic', 'pro'] }, 'age'], rows: 'objects' },
  );
  const { values } = await model.predict(rows([1, 30], [0, 40]));
  t.deepEqual(seen, [
    { plan: 'pro', age: 30 },
    { plan: 'basic', age: 40 },
  ]);
  t.deepEqual([values.columns, ...values.data], [2, 0.75, 30, 0.25, 40]);
});

test('probabilities have logits with all digits', async (t) => {
  const tiny = 1e-12;
  const softmax = modelOfTexts((texts) => texts.map(() => [tiny, 1 - tiny]), {
    outputActivation: 'softmax',
  });
  const { margins } = await softmax.predict(['a']);
  t.deepEqual([...margins.data], [Math.log(tiny), Math.log(1 - tiny)]);
  const sigmoid = modelOfTexts(async (texts) => texts.map(() => 1 - tiny), {
    outputActivation: 'sigmoid',
  });
  const [logit] = (await sigmoid.predict(['a'])).margins.data;
  t.true(Math.abs(logit - Math.log((1 - tiny) / tiny)) < 1e-4);
});

test('what a function returns wrongly is a typed error', async (t) => {
  const failing = modelOfTexts(() => {
    throw new RangeError('no');
  });
  // the function's own error comes through as it is
  await t.throwsAsync(failing.predict(['a']), { instanceOf: RangeError, message: 'no' });
  const cases: [unknown, RegExp][] = [
    [[1], /2 samples/],
    [[[1, 2], [3]], /unequal length/],
    [[NaN, 1], /finite/],
    ['text', /got string/],
    [{ shape: [2, 1, 1], data: [1, 2] }, /one row of scores/],
  ];
  for (const [returned, message] of cases) {
    const model = modelOfTexts(() => returned as number[]);
    await t.throwsAsync(model.predict(['a', 'b']), { code: 'MODEL_OUTPUT', message });
  }
  const named = modelOfTexts((texts) => texts.map(() => [1, 2, 3]), { classNames: ['a', 'b'] });
  await t.throwsAsync(named.predict(['a']), { code: 'MODEL_OUTPUT', message: /3 scores/ });
  const model = modelOfTexts((texts) => texts.map(() => [2, -1]), { outputActivation: 'softmax' });
  await t.throwsAsync(model.predict(['a']), { code: 'MODEL_OUTPUT', message: /softmax/ });
  t.throws(() => modelOfRows(() => [], { features: ['a', 'a'] }), { code: 'INVALID_OPTION' });
  t.throws(() => modelOfTexts(3 as never), { code: 'UNSUPPORTED_MODEL' });
  t.throws(() => modelOfTexts(() => [], { outputActivation: 'relu' as never }), {
    code: 'INVALID_OPTION',
  });
});
