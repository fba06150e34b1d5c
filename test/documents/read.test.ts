/** What a caller hands in is looked at once, at the door. */
import test from 'ava';
import { readDocument, readDocuments } from '../../src/documents/read.js';
import type { ImageExplanation } from '../../src/explanation.js';
import { evaluateExplanation } from '../../src/evaluate/evaluate.js';
import { explainPrediction } from '../../src/explain/explain.js';
import { exposeModel } from '../../src/explain/expose.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { seedWeights, tfl } from '../helpers/tfjs.js';

/** An object whose properties count how often they are read. */
function counted<T extends object>(
  values: T,
): { readonly doc: T; readonly reads: Map<string, number> } {
  const reads = new Map<string, number>();
  const doc = Object.defineProperties(
    {},
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        {
          enumerable: true,
          get: () => {
            reads.set(name, (reads.get(name) ?? 0) + 1);
            return value as unknown;
          },
        },
      ]),
    ),
  ) as T;
  return { doc, reads };
}

const pixels = () => ({
  width: 5,
  height: 6,
  mode: 'RGB' as const,
  data: Uint8ClampedArray.from({ length: 90 }, (_, i) => (i * 7) % 256),
});

function small(): tfl.Sequential {
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [6, 5, 3], filters: 2, kernelSize: 3, name: 'conv' }),
      tfl.layers.globalAveragePooling2d({}),
      tfl.layers.dense({ units: 3, name: 'scores' }),
    ],
  });
  seedWeights(model);
  return model;
}

test('every kind of document has its kind', async (t) => {
  const picture = pixels();
  const kinds = await readDocuments([
    picture,
    { width: 1, height: 1, data: new Uint8ClampedArray(4) },
    { shape: [1, 2], data: [1, 2.5] },
    [
      [1, 2],
      [3, true],
    ],
    [0.1, 0.2],
    { shape: [2], dataSync: () => new Int32Array([1, 2]) },
    { shape: [2], data: async () => new Float32Array([1, 2]) },
    'a text',
    { age: 3, name: 'x' },
    [1, 'red', null],
  ]);
  t.deepEqual(kinds, [
    { kind: 'image', picture },
    {
      kind: 'image',
      picture: { width: 1, height: 1, mode: 'RGBA', data: new Uint8ClampedArray(4) },
    },
    { kind: 'array', shape: [1, 2], data: [1, 2.5] },
    { kind: 'array', shape: [2, 2], data: Float64Array.of(1, 2, 3, 1) },
    // not rounded to 32 bits: a decision tree compares in 64
    { kind: 'array', shape: [2], data: Float64Array.of(0.1, 0.2) },
    { kind: 'array', shape: [2], data: Int32Array.of(1, 2) },
    { kind: 'array', shape: [2], data: Float32Array.of(1, 2) },
    { kind: 'text', text: 'a text' },
    { kind: 'features', values: { age: 3, name: 'x' } },
    { kind: 'features', values: [1, 'red', null] },
  ]);
});

test('what is not a document is refused with what it is', async (t) => {
  for (const [value, got] of [
    [undefined, 'undefined'],
    [null, 'null'],
    [3, 'a number'],
    [() => 1, 'a function'],
  ] as const) {
    const error = await t.throwsAsync(readDocument(value), { code: 'INVALID_DOCUMENT' });
    t.true(error.message.includes(`got ${got}.`), error.message);
  }
  await t.throwsAsync(readDocument({ shape: [2], data: 'xy' }), { message: /got the string 'xy'/ });
  await t.throwsAsync(readDocument({ shape: [2], data: [1, 'x'] }), {
    message: /one with the string 'x'/,
  });
});

test('a property of a picture, an array or a row is read once', async (t) => {
  for (const values of [pixels(), { shape: [1, 2], data: [1, 2] }, { age: 3, name: 'x' }]) {
    const { doc, reads } = counted(values);
    await readDocument(doc);
    t.deepEqual(
      [...reads.values()],
      Object.keys(values).map(() => 1),
    );
  }
});

test.serial('explaining, exposing and evaluating read a picture once', async (t) => {
  await selectBackend('cpu');
  const model = small();
  const once = { width: 1, height: 1, mode: 1, data: 1 };
  const explained = counted(pixels());
  const image = counted(pixels());
  const explanation = (await explainPrediction(model, explained.doc, {
    image: image.doc,
    targets: [0, 1],
  })) as ImageExplanation;
  t.deepEqual(Object.fromEntries(explained.reads), once);
  t.deepEqual(Object.fromEntries(image.reads), once);
  t.deepEqual(explanation.image, pixels());

  const evaluated = counted(pixels());
  await evaluateExplanation(model, evaluated.doc, explanation, { metrics: ['drop'] });
  t.deepEqual(Object.fromEntries(evaluated.reads), once);

  const exposed = counted(pixels());
  await (await exposeModel(model, 'conv')).run(exposed.doc);
  t.deepEqual(Object.fromEntries(exposed.reads), once);
  model.dispose();
});

test.serial('a row for a model over pictures is refused as no picture', async (t) => {
  await selectBackend('cpu');
  const model = small();
  await t.throwsAsync(explainPrediction(model, { age: 3 }), {
    code: 'INVALID_DOCUMENT',
    message: /must be a picture.*with keys age/,
  });
  await t.throwsAsync(explainPrediction(model, [1, 'red']), {
    message: /a list with the string 'red'/,
  });
  model.dispose();
});

test('nested arrays: as deep as an array has axes, and nothing is made before it is there', async (t) => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  await t.throwsAsync(async () => readDocument(deep, 'd'), {
    code: 'INVALID_DOCUMENT',
    message: /nested more than 32 levels deep/,
  });
  // the first rows promise 10^10 numbers
  const ragged = Array.from({ length: 100_000 }, (_, i) => (i === 0 ? new Array(100_000) : [1]));
  await t.throwsAsync(async () => readDocument(ragged, 'd'), { code: 'INVALID_DOCUMENT' });
  const six = [[[[[[1, 2]]]]]];
  t.deepEqual((await readDocument(six, 'd')) as unknown, {
    kind: 'array',
    shape: [1, 1, 1, 1, 1, 2],
    data: Float64Array.of(1, 2),
  });
});
