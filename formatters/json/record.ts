/** The stored form of every kind of record, field by field. */
import type {
  Concept,
  DocumentSpans,
  Explanation,
  ExplanationBase,
  FeatureWeight,
  FeatureWeights,
  FeatureWeightsTarget,
  LayerChoice,
  MapTarget,
  Target,
  TargetBase,
  ClassShare,
  TopClass,
  TreeNode,
  WeightedSpan,
  WeightedSpansTarget,
} from '../../src/explanation.js';
import { sizeOf } from '../../src/maths/ndarray.js';
import { array, picture } from './bytes.js';
import {
  boolean,
  count,
  dictionary,
  fail,
  inside,
  json,
  lazy,
  list,
  literal,
  number,
  numberOrString,
  object,
  optional,
  refine,
  string,
  variants,
  type Codec,
  type Fields,
} from './codec.js';

type Of<T, K> = Extract<T, { readonly kind: K }>;

const index = count;
const output = optional(string);

const target: Codec<Target> = lazy(() =>
  variants<Target, 'kind'>('kind', {
    top: object<Of<Target, 'top'>>({ kind: literal('top'), rank: count, output }),
    class: object<Of<Target, 'class'>>({ kind: literal('class'), index, output }),
    negative: object<Of<Target, 'negative'>>({ kind: literal('negative'), index, output }),
    regression: object<Of<Target, 'regression'>>({
      kind: literal('regression'),
      index,
      sign: literal<1 | -1>(1, -1),
      output,
    }),
    weighted: object<Of<Target, 'weighted'>>({
      kind: literal('weighted'),
      terms: list(object<{ target: Target; weight: number }>({ target, weight: number })),
    }),
    mask: object<Of<Target, 'mask'>>({
      kind: literal('mask'),
      index,
      mask: refine(
        object<{ shape: readonly number[]; data: readonly number[] }>({
          shape: list(count),
          data: list(number),
        }),
        ({ shape, data }, at) => {
          const size = sizeOf(shape);
          if (size !== data.length)
            fail(at, `${size} values for shape [${shape.join(', ')}]`, data);
        },
      ),
      output,
    }),
    similarity: object<Of<Target, 'similarity'>>({
      kind: literal('similarity'),
      vector: list(number),
      output,
    }),
    element: object<Of<Target, 'element'>>({
      kind: literal('element'),
      index: list(index),
      output,
    }),
  }),
);

const base: Fields<ExplanationBase> = {
  estimator: string,
  method: string,
  description: string,
  isRegression: boolean,
  parameters: dictionary(json),
  warnings: list(string),
};

const targetBase: Fields<TargetBase> = {
  target: numberOrString,
  definition: optional(target),
  label: optional(string),
  score: optional(number),
  proba: optional(number),
  rank: optional(count),
  top: optional(
    object<TopClass>({ target: numberOrString, label: optional(string), proba: optional(number) }),
  ),
};

/** Of the records of rows and texts. */
const classes = optional(
  list(object<ClassShare>({ target: count, label: optional(string), proba: number })),
);

const pathAndShape = { path: string, shape: list(count) };

const layer = object<LayerChoice>({
  ...pathAndShape,
  reason: string,
  runnersUp: list(object<{ path: string; shape: readonly number[] }>(pathAndShape)),
});

const mapTargets = (rank: number): Codec<readonly MapTarget[]> =>
  list(object<MapTarget>({ ...targetBase, score: number, heatmap: array(rank) }));

const featureWeight = object<FeatureWeight>({
  feature: string,
  weight: number,
  std: optional(number),
  value: optional(numberOrString),
});

const featureWeights = object<FeatureWeights>({
  pos: list(featureWeight),
  neg: list(featureWeight),
  posRemaining: count,
  negRemaining: count,
});

const documentSpans = refine(
  object<DocumentSpans>({
    document: string,
    spans: list(
      object<WeightedSpan>({
        feature: string,
        spans: list(list(count, 2) as Codec<readonly [number, number]>),
        weight: number,
      }),
    ),
    preserveDensity: optional(boolean),
    vectorizer: optional(string),
  }),
  ({ document, spans }, at) => {
    spans.forEach((span, i) =>
      span.spans.forEach(([from, to], j) => {
        if (from <= to && to <= document.length) return;
        const place = inside(inside(inside(inside(at, 'spans'), i), 'spans'), j);
        fail(place, `a place in a document of ${document.length} characters`, `[${from}, ${to}]`);
      }),
    );
  },
);

const treeNode: Codec<TreeNode> = lazy(() => node);
const node = refine(
  object<TreeNode>({
    id: count,
    isLeaf: boolean,
    value: optional(list(number)),
    valueRatio: optional(list(number)),
    impurity: optional(number),
    samples: optional(number),
    sampleRatio: optional(number),
    featureName: optional(string),
    featureId: optional(count),
    threshold: optional(number),
    left: optional(treeNode),
    right: optional(treeNode),
  }),
  ({ isLeaf, left, right }, at) => {
    const children = Number(left !== undefined) + Number(right !== undefined);
    if (children !== (isLeaf ? 0 : 2)) {
      fail(at, isLeaf ? 'a leaf without children' : 'a node with two children', `${children}`);
    }
  },
);

/** Every kind of record. */
export const explanation: Codec<Explanation> = variants<Explanation, 'kind'>('kind', {
  image: object<Of<Explanation, 'image'>>({
    ...base,
    kind: literal('image'),
    image: picture,
    targets: mapTargets(2),
    layer: optional(layer),
    input: optional(string),
  }),
  signal: object<Of<Explanation, 'signal'>>({
    ...base,
    kind: literal('signal'),
    signal: array(1, 2),
    targets: mapTargets(1),
    layer: optional(layer),
    input: optional(string),
  }),
  volume: object<Of<Explanation, 'volume'>>({
    ...base,
    kind: literal('volume'),
    volume: array(4),
    targets: mapTargets(3),
    layer: optional(layer),
    input: optional(string),
  }),
  concepts: object<Of<Explanation, 'concepts'>>({
    ...base,
    kind: literal('concepts'),
    image: picture,
    layer: optional(layer),
    concepts: list(
      object<Concept>({
        name: string,
        heatmap: array(2),
        scores: list(object<TargetBase>(targetBase)),
      }),
    ),
    targets: list(object<TargetBase>(targetBase)),
  }),
  'feature-weights': object<Of<Explanation, 'feature-weights'>>({
    ...base,
    kind: literal('feature-weights'),
    classes,
    targets: list(object<FeatureWeightsTarget>({ ...targetBase, featureWeights })),
  }),
  'weighted-spans': object<Of<Explanation, 'weighted-spans'>>({
    ...base,
    kind: literal('weighted-spans'),
    classes,
    targets: list(
      object<WeightedSpansTarget>({
        ...targetBase,
        weightedSpans: object<WeightedSpansTarget['weightedSpans']>({
          documents: list(documentSpans),
          other: optional(featureWeights),
        }),
        featureWeights: optional(featureWeights),
      }),
    ),
  }),
  'feature-importances': object<Of<Explanation, 'feature-importances'>>({
    ...base,
    kind: literal('feature-importances'),
    importances: list(featureWeight),
    remaining: count,
  }),
  'decision-tree': object<Of<Explanation, 'decision-tree'>>({
    ...base,
    kind: literal('decision-tree'),
    criterion: string,
    isClassification: boolean,
    classNames: optional(list(string)),
    tree: treeNode,
    importances: optional(list(featureWeight)),
  }),
  'transition-features': refine(
    object<Of<Explanation, 'transition-features'>>({
      ...base,
      kind: literal('transition-features'),
      classNames: list(string),
      coefficients: list(list(number)),
    }),
    ({ classNames, coefficients }, at) => {
      const size = classNames.length;
      if (coefficients.length !== size || coefficients.some((row) => row.length !== size)) {
        fail(inside(at, 'coefficients'), `${size} rows of ${size} numbers`, coefficients);
      }
    },
  ),
});
