import { join } from 'node:path';
import test from 'ava';
import {
  evaluateExplanation,
  explainBatch,
  explainPrediction,
  explainPredictions,
  explainWeights,
  explanationFromJson,
  exposeModel,
  formatAsCsv,
  formatAsDict,
  formatAsFigure,
  formatAsHtml,
  formatAsImage,
  formatAsJson,
  formatAsSvg,
  formatAsTable,
  formatAsText,
  loadImage,
  loadModel,
  partialDependence,
  permutationImportance,
  predict,
  readTable,
  saveImage,
  showPrediction,
  type Explanation,
} from '../src/index.js';
import { encodePng } from '../src/images/png.js';
import { emptyFolder } from './helpers/command.js';
import { imageRecord } from './helpers/records.js';

const AWAIT = /got a Promise, so 'await' is missing before the call that made it: await /;
const picture = {
  width: 2,
  height: 1,
  mode: 'L',
  data: new Uint8ClampedArray([10, 200]),
} as const;
const model = () => [[0.25, 0.75]];

/** Every call that takes a model first. */
const TAKE_A_MODEL: Readonly<Record<string, (given: never) => Promise<unknown>>> = {
  explainPrediction: (given) => explainPrediction(given, picture),
  explainPredictions: async (given) => {
    for await (const expl of explainPredictions(given, [picture])) return expl;
    return undefined;
  },
  explainBatch: (given) => explainBatch(given, [picture]),
  showPrediction: (given) => showPrediction(given, picture),
  predict: (given) => predict(given, picture),
  exposeModel: (given) => exposeModel(given),
  evaluateExplanation: (given) => evaluateExplanation(given, picture, imageRecord),

  explainWeights: async (given) => explainWeights(given),
  permutationImportance: (given) => permutationImportance(given, [], []),
  partialDependence: (given) => partialDependence(given, [], 'a'),
};

test('a Promise given as a model: the await is missing', async (t) => {
  for (const [name, call] of Object.entries(TAKE_A_MODEL)) {
    const error = await t.throwsAsync(call(Promise.resolve(model) as never), undefined, name);
    t.is((error as { code?: unknown }).code, 'UNSUPPORTED_MODEL', name);
    t.regex(error.message, /got a Promise, so 'await' is missing .*await loadModel\(…\)/, name);
  }
});

test('a path given as a model: loadModel reads it', async (t) => {
  for (const [name, call] of Object.entries(TAKE_A_MODEL)) {
    for (const path of ['net/model.json', new URL('https://example.org/model.json')]) {
      const error = await t.throwsAsync(call(path as never), undefined, name);
      t.regex(error.message, /got the path '.*model.json'; read .*await loadModel\('/, name);
    }
  }
  // a text as the document does not hide it
  await t.throwsAsync(explainPrediction('model.json', 'cat.jpg'), { message: /await loadModel/ });
});

test('model and document in each other’s place', async (t) => {
  await t.throwsAsync(explainPrediction(picture, model), { message: /the model comes first/ });
  const loaded = { kind: 'loaded-model', name: 'm', model, dispose: () => undefined };
  await t.throwsAsync(explainPrediction(model, loaded), { message: /the model comes first/ });
  await t.throwsAsync(explainPrediction(model, imageRecord), {
    message: /got an explanation; give what was explained/,
  });
});

test('several documents, or a Promise, as the document', async (t) => {
  const code = 'INVALID_DOCUMENT';
  for (const call of [explainPrediction, showPrediction]) {
    for (const several of [[picture, picture], [picture], [{ age: 3 }, { age: 4 }]]) {
      await t.throwsAsync(call(model, several), { code, message: /explainPredictions takes sev/ });
    }
    await t.throwsAsync(call(model, Promise.resolve(picture)), { code, message: AWAIT });
  }
  await t.throwsAsync(predict(model, Promise.resolve(picture)), { code, message: AWAIT });
  await t.throwsAsync(predict(model, [Promise.resolve(picture)]), { code, message: AWAIT });
  await t.throwsAsync(evaluateExplanation(model, [picture, picture], imageRecord), {
    code,
    message: /explainPredictions takes several/,
  });
  async function* pictures() {
    yield await Promise.resolve(picture);
  }
  await t.throwsAsync(explainPrediction(model, pictures()), {
    code,
    message: /one by one; explainPredictions takes them/,
  });
  // options that are made by a call
  await t.throwsAsync(
    explainPrediction(model, picture, { labels: Promise.resolve(['a']) } as never),
    {
      code: 'INVALID_OPTION',
      message: AWAIT,
    },
  );
  await t.throwsAsync(
    explainPrediction(model, picture, { image: Promise.resolve(picture) } as never),
    {
      code: 'INVALID_PICTURE',
      message: AWAIT,
    },
  );
});

const FORMATTERS: Readonly<Record<string, (expl: Explanation) => unknown>> = {
  formatAsImage,
  formatAsHtml,
  formatAsFigure,
  formatAsSvg,
  formatAsText,
  formatAsTable,
  formatAsCsv,
  formatAsDict,
  formatAsJson,
};

/** What draws, or lists, several explanations in one. */
const TAKE_SEVERAL = [
  'formatAsHtml',
  'formatAsFigure',
  'formatAsSvg',
  'formatAsTable',
  'formatAsCsv',
];

test('every formatter names what it was given instead of an explanation', (t) => {
  const expl = imageRecord;
  const stored = formatAsJson(expl);
  const cases: [string, unknown, RegExp][] = [
    ['Promise', Promise.resolve(expl), /'await' is missing .*await explainPrediction/],
    ['picture', picture, /got a picture; explain it first: await explainPrediction/],
    ['stream', explainPredictions(model, [picture]), /for await \(const expl of …\)/],
    ['JSON', stored, /explanationFromJson first/],
    ['path', 'expl.json', /explanationFromJson/],
    ['parsed JSON', JSON.parse(stored), /explanationFromDict first/],
  ];
  for (const [name, format] of Object.entries(FORMATTERS)) {
    for (const [what, given, message] of cases) {
      t.throws(
        () => format(given as never),
        { code: 'INVALID_EXPLANATION', message },
        `${name} ${what}`,
      );
    }
    if (!TAKE_SEVERAL.includes(name)) {
      t.throws(
        () => format([expl, expl] as never),
        { message: /got 2 explanations; .*formatAsHtml/ },
        name,
      );
    }
  }
  t.throws(() => explanationFromJson(Promise.resolve(stored) as never), { message: AWAIT });
});

test('what is not a picture given to saveImage', async (t) => {
  const path = join(await emptyFolder(t), 'x.png');
  const code = 'INVALID_PICTURE';
  const save = (given: unknown) => saveImage(given as never, path);
  await t.throwsAsync(save(imageRecord), {
    code,
    message: /got an explanation; draw it first: formatAsImage\(explanation\)/,
  });
  await t.throwsAsync(save([imageRecord]), { code, message: /formatAsFigure/ });
  await t.throwsAsync(save(Promise.resolve(picture)), { code, message: AWAIT });
  await t.throwsAsync(save(formatAsSvg(imageRecord)), { code, message: /writeFile/ });
  t.throws(() => encodePng(imageRecord as never), { message: /formatAsImage/ });
});

test('a value that is read already, or a Promise, given to a function that reads', async (t) => {
  await t.throwsAsync(loadImage(Promise.resolve('x.png') as never), { message: AWAIT });
  await t.throwsAsync(loadImage(picture as never), { message: /loaded already; pass it on/ });
  await t.throwsAsync(loadModel(Promise.resolve('m.json') as never), { message: AWAIT });
  const loaded = { kind: 'loaded-model', name: 'm', model, dispose: () => undefined };
  await t.throwsAsync(loadModel(loaded as never), { message: /loaded already; pass it on/ });
  await t.throwsAsync(readTable(Promise.resolve('x.csv') as never), { message: AWAIT });
});
