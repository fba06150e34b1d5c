/** What never answers, and callbacks that fail. */
import test from 'ava';
import {
  evaluateExplanation,
  exposeModel,
  loadModel,
  partialDependence,
  permutationImportance,
} from '../../src/index.js';
import { modelOfRows, modelOfTexts } from '../../src/model/tabular/functions.js';
import { MODELS } from '../fuzz/kinds.js';
import { explainPrediction } from '../../src/explain/explain.js';
import { predict } from '../../src/explain/predict.js';
import { noisePicture } from '../helpers/noise.js';

const picture = noisePicture('RGB', 6, 4, 1);
const inputShape = [4, 6, 3];
const never = () => new Promise<never>(() => undefined);
const mean = ({ shape }: { shape: readonly number[] }) => ({
  shape: [shape[0], 1],
  data: new Float32Array(shape[0]).fill(0.5),
});
const answer = async (rows: readonly unknown[]) => rows.map(() => 0.5);
const options = { method: 'rise', masks: 4, inputShape } as const;

test('a model or an explainer that never answers can be aborted', async (t) => {
  const own = {
    id: 'never',
    description: 'never answers',
    needs: { model: 'predictions' },
    options: {},
    documents: ['image', 'array'],
    explain: never,
  };
  const works: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => explainPrediction(never, picture, { ...options, signal }),
    (signal) => predict(never, picture, { inputShape, signal }),
    (signal) => explainPrediction(mean, picture, { method: own, inputShape, signal } as object),
  ];
  for (const work of works) {
    const stop = new AbortController();
    const running = work(stop.signal);
    setImmediate(() => stop.abort());
    await t.throwsAsync(running, { code: 'ABORTED' });
  }
});

test('a function of rows or texts that never answers can be aborted', async (t) => {
  const features = { features: ['a', 'b'] };
  const ofRows = modelOfRows(never, features);
  const ofTexts = modelOfTexts(never);
  const background = [
    [1, 2],
    [3, 4],
  ];
  const slow = {
    id: 'never',
    description: 'never answers',
    needs: { model: 'predictions' },
    options: {},
    documents: ['features'],
    explain: never,
  };
  const works: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => explainPrediction(ofRows, [1, 2], { method: 'kernel-shap', background, signal }),
    (signal) => predict(ofRows, [1, 2], { signal }),
    (signal) => explainPrediction(ofTexts, 'some words', { signal }),
    (signal) => predict(ofTexts, 'some words', { signal }),
    (signal) =>
      explainPrediction(modelOfRows(answer, features), [1, 2], { method: slow, signal } as object),
    (signal) => permutationImportance(ofRows, background, [0, 1], { signal }),
    (signal) => partialDependence(ofRows, background, 'a', { signal }),
  ];
  for (const work of works) {
    const stop = new AbortController();
    const running = work(stop.signal);
    setImmediate(() => stop.abort());
    await t.throwsAsync(running, { code: 'ABORTED' });
  }
});

test('a progress callback that throws or rejects is a typed error, and nothing goes unheard', async (t) => {
  const bad: (() => void)[] = [
    () => {
      throw new Error('no bar');
    },
    (async () => {
      throw new Error('no bar');
    }) as () => void,
    // a promise by shape alone
    () => ({ then: (_: unknown, no: (cause: Error) => void) => no(new Error('no bar')) }),
  ];
  const ofRows = modelOfRows(answer, { features: ['a', 'b'] });
  const background = [
    [1, 2],
    [3, 4],
  ];
  const model = await loadModel(MODELS.layers() as never);
  t.teardown(() => model.dispose());
  const shape = [1, ...model.inputShape!.map(Number)];
  const doc = { shape, data: new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5) };
  const explanation = await explainPrediction(model, doc);
  for (const onProgress of bad) {
    const exposed = await exposeModel(model, undefined, { onProgress });
    const works: Readonly<Record<string, () => Promise<unknown>>> = {
      explain: () => explainPrediction(mean, picture, { ...options, onProgress }),
      predict: () => predict(mean, picture, { inputShape, onProgress }),
      rows: () =>
        explainPrediction(ofRows, [1, 2], { method: 'kernel-shap', background, onProgress }),
      importance: () => permutationImportance(ofRows, background, [0, 1], { onProgress }),
      evaluate: () =>
        evaluateExplanation(model, doc, explanation, { metrics: ['deletion'], onProgress }),
      run: () => exposed.run(doc),
      differentiate: () => exposed.differentiate(doc),
    };
    for (const [name, work] of Object.entries(works)) {
      await t.throwsAsync(work, { code: 'INVALID_OPTION', message: /onProgress.*no bar/ }, name);
    }
  }
  // a rejection that nobody hears fails the test file: let those that are late come
  await new Promise((resolve) => setImmediate(resolve));
});
