/** What never answers, and callbacks that fail. */
import test from 'ava';
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

test('a progress callback that throws or rejects is a typed error', async (t) => {
  const bad: (() => void)[] = [
    () => {
      throw new Error('no bar');
    },
    (async () => {
      throw new Error('no bar');
    }) as () => void,
  ];
  for (const onProgress of bad) {
    for (const work of [
      explainPrediction(mean, picture, { ...options, onProgress }),
      predict(mean, picture, { inputShape, onProgress }),
    ]) {
      await t.throwsAsync(work, { code: 'INVALID_OPTION', message: /onProgress.*no bar/ });
    }
  }
});
