/** A model that is disposed of, twice, in the middle of a run or before one: done, or a typed error. */
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { explainPrediction, loadModel, predict } from '../../src/index.js';
import { modelOfRows, modelOfTexts } from '../../src/model/tabular/functions.js';
import { hasSeed, MODELS } from '../fuzz/kinds.js';

const METHODS = ['grad-cam', 'saliency', 'rise', 'integrated-gradients'] as const;

for (const kind of ['layers', 'graph', 'onnx', 'keras', 'h5']) {
  test.serial(`disposed of in the middle: ${kind}`, async (t) => {
    if (!hasSeed(kind)) {
      t.log(`NOT CHECKED: the file of ${kind} is not on this machine (WHYLENS_SHARED)`);
      t.pass();
      return;
    }
    for (const method of METHODS) {
      const model = await loadModel(MODELS[kind]() as never, { backend: undefined });
      const shape = model.inputShape!.map((size) => size ?? 6);
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5);
      const doc = { shape: [1, ...shape], data };
      const explain = () => explainPrediction(model, doc, { method, preprocess: 'none' });
      const running = explain().then(
        () => undefined,
        (cause: unknown) => cause,
      );
      await Promise.resolve();
      model.dispose();
      model.dispose();
      const error = await running;
      t.true(error === undefined || isWhylensError(error), `${method}: ${String(error)}`);
      const after = await t.throwsAsync(explain());
      t.true(isWhylensError(after), `${method} after: ${String(after)}`);
    }
  });
}

/** Models that hold nothing outside of JavaScript go on; what they give is what they gave before. */
type Held = { dispose(): void };
const row = (count: number) => Array.from({ length: count }, (_, i) => 0.3 * i);
const rows = async (kind: string) => {
  const model = await loadModel(MODELS[kind]() as never);
  return { model, doc: row((model.model as { features: unknown[] }).features.length) };
};
const first = (list: unknown[][]) => list.map(([a, b]) => Number(a) - 2 * Number(b));
const HOLDING_NOTHING: Readonly<Record<string, () => Promise<{ model: Held; doc: unknown }>>> = {
  'xgboost-json': () => rows('xgboost-json'),
  'xgboost-ubj': () => rows('xgboost-ubj'),
  lightgbm: () => rows('lightgbm'),
  'sklearn-linear': () => rows('sklearn-linear'),
  'sklearn-trees': () => rows('sklearn-trees'),
  'a function of rows': async () => ({
    model: modelOfRows(async (list) => first(list as unknown[][]), { features: ['a', 'b'] }),
    doc: [1, 2],
  }),
  'a function of texts': async () => ({
    model: modelOfTexts(async (texts) => texts.map((text) => text.length)),
    doc: 'some words here',
  }),
};

for (const [kind, make] of Object.entries(HOLDING_NOTHING)) {
  test(`disposed of twice in the middle: ${kind}`, async (t) => {
    if (!hasSeed(kind)) {
      t.log(`NOT CHECKED: the file of ${kind} is not on this machine (WHYLENS_SHARED)`);
      t.pass();
      return;
    }
    const { model, doc } = await make();
    const background: object = Array.isArray(doc)
      ? { background: [doc.map((x) => x + 1), doc] }
      : {};
    const before = await predict(model, doc);
    const running = explainPrediction(model as unknown, doc, background);
    await Promise.resolve();
    model.dispose();
    model.dispose();
    const during = await running;
    t.deepEqual(await predict(model, doc), before);
    const after = await explainPrediction(model as unknown, doc, background);
    t.deepEqual(JSON.parse(JSON.stringify(after)), JSON.parse(JSON.stringify(during)));
  });
}

test('what a plain function says of its own end comes through as it is', async (t) => {
  const released = new Error('the session was released');
  let calls = 0;
  let gone = false;
  const model = async ({ shape }: { shape: readonly number[] }) => {
    if (gone) throw released;
    gone = ++calls > 1;
    return { shape: [shape[0], 1], data: new Float32Array(shape[0]).fill(0.5) };
  };
  const doc = { shape: [1, 4, 6, 3], data: new Float32Array(72) };
  const error = await t.throwsAsync(
    explainPrediction(model, doc, {
      method: 'rise',
      masks: 8,
      batchSize: 2,
      inputShape: [4, 6, 3],
      preprocess: 'none',
    }),
  );
  t.is(error, released);
});
