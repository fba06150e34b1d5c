/** What a model says: values, logits and the highest classes, in the library as in the command. */
import test from 'ava';
import { predict } from '../../src/explain/predict.js';
import type { NdArray } from '../../src/explanation.js';

const LABELS = ['left', 'right', 'below'];

/** Three classes from two pixels: asymmetric, and easily worked by hand. */
const model = (batch: NdArray) => {
  const rows = Array.from({ length: batch.shape[0] }, (_, n) => batch.data.subarray(2 * n));
  return { shape: [rows.length, 3], data: rows.flatMap(([a, b]) => [a, 2 * b, a - b]) };
};

test('values and classes of one document', async (t) => {
  const document = { shape: [1, 1, 2, 1], data: [3, 1] };
  const { values, top, outputs, warnings } = await predict(model, document, {
    labels: LABELS,
    top: 2,
  });
  t.deepEqual(values.shape, [1, 3]);
  t.deepEqual([...values.data], [3, 2, 2]);
  t.deepEqual(top, [
    [
      { index: 0, label: 'left', score: 3 },
      { index: 1, label: 'right', score: 2 },
    ],
  ]);
  t.is(outputs.length, 1);
  t.false(outputs[0].probabilities);
  t.deepEqual(warnings, []);
});

test('a batch and a list give one list of classes a document', async (t) => {
  const batch = { shape: [2, 1, 2, 1], data: [3, 1, 0, 5] };
  const many = await predict(model, batch);
  t.deepEqual(
    many.top.map((list) => list.map(({ index }) => index)),
    [
      [0, 1, 2],
      [1, 0, 2],
    ],
  );
  t.is(many.top[0][0].label, 'class 0');
  const list = [
    { shape: [1, 1, 2, 1], data: [3, 1] },
    { shape: [1, 1, 2, 1], data: [0, 5] },
  ];
  t.deepEqual(await predict(model, list), many);
});

test('logits are the values before the softmax', async (t) => {
  const softmax = ({ data }: NdArray) => {
    const powers = [Math.exp(data[0]), Math.exp(data[1])];
    return [powers.map((power) => power / (powers[0] + powers[1]))];
  };
  const document = { shape: [1, 1, 2, 1], data: [1, 3] };
  const { values, logits, outputs } = await predict(softmax, document, {
    outputActivation: 'softmax',
  });
  t.true(outputs[0].probabilities);
  t.true(Math.abs(logits.data[1] - logits.data[0] - 2) < 1e-5);
  t.true(Math.abs(values.data[0] + values.data[1] - 1) < 1e-6);
});

test('documents that are not read and a top of no class are refused', async (t) => {
  const document = { shape: [1, 1, 2, 1], data: [1, 3] };
  await t.throwsAsync(predict(model, document, { top: 0 }), { code: 'INVALID_OPTION' });
  await t.throwsAsync(predict(model, 'cat.jpg'), {
    code: 'INVALID_DOCUMENT',
    message: /loadImage/,
  });
});
