/** The whole pipeline on a network small enough to know what must come out. */
import { fewCalls } from '../helpers/few-calls.js';
import { mapMethods } from '../helpers/pictures.js';
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import { evaluateExplanation, type EvaluateOptions } from '../../src/evaluate/evaluate.js';
import { METRICS, type Metric } from '../../src/evaluate/metrics.js';
import { METRIC_OPTIONS } from '../../src/evaluate/options.js';
import { explainPrediction } from '../../src/explain/explain.js';
import type { Explanation, ImageExplanation } from '../../src/explanation.js';
import { classTarget } from '../../src/model/targets.js';
import { fakeClassifier, fakeInputs, fakeModel } from '../helpers/fake-model.js';
import { conv, dense, globalAverage } from '../helpers/fake-layers.js';

/** Logit 0 counts light in the first channel, equally everywhere: 6 × 8 pictures of one channel. */
const lamp = () =>
  fakeModel({
    inputShape: [6, 8, 1],
    activation: 'linear',
    layers: [
      conv('same', [1, 1, 1, 1], [1], [0]),
      globalAverage('pool'),
      dense('scores', [1, 2], [48, -48], [0, 0]),
    ],
  });

/** Light in 4 of the 48 pixels: rows 1–2, columns 3–4. */
const picture = () => {
  const data = new Float32Array(48);
  for (const p of [11, 12, 19, 20]) data[p] = 1;
  return { shape: [1, 6, 8, 1], data };
};
const box = { left: 3, top: 1, right: 5, bottom: 3 };

const record = (map: Float32Array): ImageExplanation => ({
  kind: 'image',
  estimator: 'lamp',
  method: 'occlusion',
  description: '',
  isRegression: false,
  parameters: { score: 'logit', seed: 0, baseline: 0, patch: 1, stride: 1 },
  warnings: [],
  image: { width: 8, height: 6, mode: 'L', data: new Uint8ClampedArray(48) },
  targets: [
    { target: 0, definition: classTarget(0), score: 4, heatmap: { shape: [6, 8], data: map } },
  ],
});
const truth = () => record(picture().data);

const values = async (explanation: Explanation, options: EvaluateOptions) =>
  (
    await evaluateExplanation(lamp(), picture(), explanation, {
      baseline: 0,
      insertInto: 0,
      ...options,
    })
  ).values;

test('deletion and insertion of the truth, worked by hand', async (t) => {
  const { curves, values: found } = await evaluateExplanation(lamp(), picture(), truth(), {
    metrics: ['deletion', 'insertion'],
    baseline: 0,
    insertInto: 0,
    steps: 12,
  });
  // the four lit pixels go with the first twelfth of 48
  t.deepEqual(curves.deletion, [4, ...new Array<number>(12).fill(0)]);
  t.deepEqual(curves.insertion, [0, ...new Array<number>(12).fill(4)]);
  t.is(found.deletion, 2 / 12);
  t.is(found.insertion, 4 - 2 / 12);
});

test('a map that says the opposite scores as badly as can be', async (t) => {
  const { deletion, insertion } = await values(record(picture().data.map((v) => -v)), {
    metrics: ['deletion', 'insertion'],
    steps: 12,
  });
  t.is(deletion, 4 - 2 / 12);
  t.is(insertion, 2 / 12);
});

test('a map that says nothing scores as chance does', async (t) => {
  const { deletion, energy, pointing } = await values(record(new Float32Array(48).fill(1)), {
    metrics: ['deletion', 'energy', 'pointing'],
    boxes: [box],
    steps: 12,
    seed: 2,
  });
  t.true(Math.abs(deletion! - 2) < 1, String(deletion));
  t.is(energy, 4 / 48);
  t.is(pointing, 4 / 48);
});

test('the truth scores perfectly', async (t) => {
  const found = await values(truth(), {
    metrics: ['drop', 'increase', 'infidelity', 'pointing', 'energy', 'iou'],
    boxes: [box],
  });
  t.true(found.infidelity! < 1e-9);
  t.deepEqual(
    { ...found, infidelity: 0 },
    { drop: 0, increase: 0, infidelity: 0, pointing: 1, energy: 1, iou: 1 },
  );
});

test('infidelity sees a map that is wrong, and predicts noise as well as squares', async (t) => {
  const half = truth().targets[0].heatmap.data.slice();
  half[11] = half[12] = 0;
  const metrics: Metric[] = ['infidelity'];
  t.true((await values(record(half), { metrics })).infidelity! > 0.02);
  // the model is linear, so that the gradient, 1 everywhere, predicts any noise
  const gradient = record(new Float32Array(48).fill(1));
  const noise = { metrics, perturbation: 'noise', normalize: false } as const;
  t.true((await values(gradient, noise)).infidelity! < 1e-9);
  t.true((await values(truth(), noise)).infidelity! > 1e-3);
});

test('drop and increase see what only the explanation shows', async (t) => {
  const half = truth().targets[0].heatmap.data.slice();
  half[11] = half[12] = 0.5;
  const metrics: Metric[] = ['drop', 'increase'];
  t.deepEqual(await values(record(half), { metrics }), { drop: 0.25, increase: 0 });
  const { increase } = await values(truth(), { metrics, baseline: 0.5 });
  t.is(increase, 1);
});

test('ROAD of the truth is better than chance, which is better than the opposite', async (t) => {
  const roadOf = async (map: Float32Array) =>
    (await values(record(map), { metrics: ['road'], percentiles: [50, 90] })).road!;
  const [good, chance, bad] = [
    await roadOf(truth().targets[0].heatmap.data),
    await roadOf(new Float32Array(48)),
    await roadOf(truth().targets[0].heatmap.data.map((v) => -v)),
  ];
  t.true(good > chance + 0.2 && chance > bad + 0.2, `${good} ${chance} ${bad}`);
});

test('sensitivity makes the map again near the input', async (t) => {
  const model = fakeClassifier();
  const doc = fakeInputs([6, 8, 3]);
  const of = async (method: string, more: EvaluateOptions = {}) => {
    const explanation = await explainPrediction(model, doc, { method });
    const { values: found } = await evaluateExplanation(model, doc, explanation, {
      metrics: ['sensitivity'],
      ...more,
    });
    return found.sensitivity!;
  };
  const [still, moved] = [await of('grad-cam', { radius: 0 }), await of('grad-cam')];
  t.is(still, 0);
  t.true(moved > 0 && moved < 0.5, String(moved));
  t.true((await of('grad-cam', { radius: 0.05 })) > moved);
});

test('randomisation: random-cam does not look at the head, grad-cam does', async (t) => {
  const model = fakeClassifier();
  const doc = fakeInputs([6, 8, 3]);
  const check = async (method: string) => {
    const explanation = await explainPrediction(model, doc, { method, targets: 2 });
    return (
      await evaluateExplanation(model, doc, explanation, { metrics: ['randomisation'], stages: 3 })
    ).randomisation!;
  };
  const random = await check('random-cam');
  t.is(random.stages[0].rankCorrelation, 1);
  t.true(random.stages[0].similarity > 0.999);
  t.false(random.passed);
  t.regex(random.reason!, /head/);
  const gradCam = await check('grad-cam');
  t.deepEqual(
    gradCam.stages.map(({ layers, reached }) => [layers, reached]),
    [
      [1, 'logits'],
      [2, 'conv2'],
      [3, 'conv1'],
    ],
  );
  t.true(gradCam.stages[0].rankCorrelation < 0.99);
});

test('the record tells its method and options, so that they hold when it is made again', async (t) => {
  const explanation = { ...truth(), targets: truth().targets };
  // occlusion pixel by pixel of a linear model is the truth itself, which does not move with noise
  const { values: found } = await evaluateExplanation(lamp(), picture(), explanation, {
    metrics: ['sensitivity'],
    radius: 0.001,
    neighbours: 2,
  });
  t.true(found.sensitivity! < 0.01, String(found.sensitivity));
});

test('without boxes the default metrics are those that need none; all takes the expensive ones too', async (t) => {
  const cheap = (Object.keys(METRICS) as Metric[]).filter(
    (name) => !('again' in METRICS[name]) && !('boxes' in METRICS[name]),
  );
  const found = await evaluateExplanation(lamp(), picture(), truth());
  t.deepEqual(Object.keys(found.values), cheap);
  const all = await evaluateExplanation(
    fakeClassifier(),
    fakeInputs([6, 8, 3]),
    await explainPrediction(fakeClassifier(), fakeInputs([6, 8, 3])),
    {
      metrics: 'all',
      boxes: [box],
      stages: 2,
    },
  );
  t.deepEqual(Object.keys(all.values), Object.keys(METRICS));
  t.notThrows(() => structuredClone(all));
  t.true(Object.values(all.values).every((value) => value === null || Number.isFinite(value)));
});

test('every option changes what comes out', async (t) => {
  const model = fakeClassifier();
  const doc = fakeInputs([6, 8, 3]);
  const explanation = await explainPrediction(model, doc, { targets: 1 });
  const cases: Record<keyof typeof METRIC_OPTIONS, [unknown, Metric, EvaluateOptions?]> = {
    score: ['logit', 'deletion'],
    baseline: [1, 'deletion'],
    insertInto: [1, 'insertion'],
    steps: [7, 'deletion'],
    percentiles: [[40], 'road'],
    roadNoise: [0.5, 'road'],
    tolerance: [8, 'pointing'],
    threshold: [0.05, 'iou'],
    perturbation: ['noise', 'infidelity'],
    perturbations: [5, 'infidelity'],
    normalize: [false, 'infidelity'],
    noise: [0.3, 'infidelity', { perturbation: 'noise', normalize: false }],
    radius: [0.1, 'sensitivity'],
    neighbours: [2, 'sensitivity'],
    stages: [2, 'randomisation'],
  };
  t.deepEqual(Object.keys(cases), Object.keys(METRIC_OPTIONS));
  // where the peak is not, so that tolerance can matter
  const { data } = explanation.kind === 'image' ? explanation.targets[0].heatmap : { data: [0] };
  const far = data.indexOf(Math.max(...data)) % 4 < 2 ? 7 : 0;
  const boxes = [{ left: far, top: 0, right: far + 1, bottom: 6 }];
  for (const [name, [value, metric, more]] of Object.entries(cases)) {
    const run = async (options: object) =>
      (
        await evaluateExplanation(model, doc, explanation, {
          metrics: [metric],
          boxes,
          ...more,
          ...options,
        })
      ).values[metric];
    t.not(await run({ [name]: value }), await run({}), name);
  }
});

test('seeds repeat, and batch size changes nothing', async (t) => {
  const model = fakeClassifier();
  const doc = fakeInputs([6, 8, 3]);
  const explanation = await explainPrediction(model, doc);
  const run = (options: EvaluateOptions) =>
    evaluateExplanation(model, doc, explanation, { metrics: ['road', 'infidelity'], ...options });
  const first = await run({ seed: 5 });
  t.deepEqual(await run({ seed: 5, batchSize: 1 }), first);
  t.notDeepEqual((await run({ seed: 6 })).values, first.values);
});

test('the document is not touched, progress ends at its total and an abort says how far it came', async (t) => {
  const doc = picture();
  const before = doc.data.slice();
  const seen: number[][] = [];
  const options = { metrics: ['deletion', 'drop', 'increase', 'infidelity'] as const, steps: 9 };
  await evaluateExplanation(lamp(), doc, truth(), {
    ...options,
    onProgress: (done, total) => seen.push([done, total]),
  });
  t.deepEqual(doc.data, before);
  t.deepEqual(seen.at(-1), [77, 77]);
  t.true(seen.every(([done], i) => i === 0 || done >= seen[i - 1][0]));
  const controller = new AbortController();
  const error = await t.throwsAsync(
    evaluateExplanation(lamp(), doc, truth(), {
      ...options,
      signal: controller.signal,
      onProgress: (done) => {
        if (done >= 12) controller.abort();
      },
    }),
  );
  t.like(error, { code: 'ABORTED', facts: { done: 12, total: 77 } });
});

test('bad requests are answered with a message', async (t) => {
  const wrong = (options: object, explanation: unknown = truth()) =>
    t.throwsAsync(
      evaluateExplanation(
        lamp(),
        picture(),
        explanation as Explanation,
        options as EvaluateOptions,
      ),
    );
  t.like(await wrong({ metrics: ['deletoin'] }), { code: 'INVALID_OPTION' });
  t.regex((await wrong({ metrics: ['deletoin'] })).message, /did you mean 'deletion'/);
  t.regex((await wrong({ metrics: [] })).message, /at least one/);
  t.regex((await wrong({ metrics: ['iou'] })).message, /boxes/);
  t.regex(
    (await wrong({ boxes: [{ left: 5, top: 0, right: 5, bottom: 2 }] })).message,
    /left < right/,
  );
  t.regex((await wrong({ target: 1 })).message, /0 to 0/);
  t.regex((await wrong({ percentiles: [0] })).message, /above 0 and below 100/);
  t.like(await wrong({}, { ...truth(), kind: 'concepts' }), { code: 'INVALID_EXPLANATION' });
  const predictor = (batch: unknown) => (batch as { shape: number[] }).shape.map(() => [1, 2]);
  t.like(
    await t.throwsAsync(
      evaluateExplanation(predictor, picture(), truth(), {
        metrics: ['randomisation'],
        inputShape: [6, 8, 1],
      }),
    ),
    { code: 'UNSUPPORTED_MODEL' },
  );
});

test('every method of the registry that makes maps can be evaluated', async (t) => {
  const model = fakeClassifier();
  const doc = fakeInputs([6, 8, 3]);
  for (const [id, method] of mapMethods(registryOf(createContainer()).explainers)) {
    const explanation = await explainPrediction(model, doc, {
      method: id,
      ...fewCalls(method, 30),
    });
    const { values: found } = await evaluateExplanation(model, doc, explanation, {
      metrics: ['deletion', 'sensitivity', 'randomisation'],
      neighbours: 1,
      stages: 2,
      steps: 4,
    });
    t.true(
      Object.values(found).every((v) => v === null || Number.isFinite(v)),
      id,
    );
  }
});
