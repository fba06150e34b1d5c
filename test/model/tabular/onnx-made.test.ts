/** Small ONNX graphs over rows, made here: what each operator and each way of branching does. */
import test from 'ava';
import { explainPrediction, type FeatureWeightsExplanation } from '../../../src/index.js';
import { encodeOnnx } from '../../../src/model/files/onnx-encode.js';
import { joined } from '../../../src/model/files/protobuf.js';
import {
  ELEMENT,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from '../../../src/model/files/onnx.js';
import type { RowModel } from '../../../src/model/tabular/interface.js';
import { loadTabular } from '../../../src/model/tabular/load.js';
import { readTabular } from '../../../src/model/tabular/read.js';

type Given =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly ints: readonly number[] }
  | { readonly tensor: readonly number[] };
const encode = (text: string) => new TextEncoder().encode(text);

function attribute(name: string, value: Given): OnnxAttribute {
  if (typeof value === 'number') return { name, type: 2, i: BigInt(value) };
  if (typeof value === 'string') return { name, type: 3, s: encode(value) };
  if ('tensor' in value) {
    const t = { name: '', type: ELEMENT.float, dims: [value.tensor.length], floats: value.tensor };
    return { name, type: 4, t };
  }
  if ('ints' in value) return { name, type: 7, ints: value.ints.map(BigInt) };
  return typeof value[0] === 'string'
    ? { name, type: 8, strings: (value as string[]).map(encode) }
    : { name, type: 6, floats: value as number[] };
}

function node(
  op: string,
  inputs: string[],
  outputs: string[],
  given: Record<string, Given> = {},
): OnnxNode {
  const attributes = Object.entries(given).map(([name, value]) => attribute(name, value));
  return {
    op,
    domain: 'ai.onnx.ml',
    overload: '',
    name: '',
    inputs,
    outputs,
    attributes: new Map(attributes.map((item) => [item.name, item])),
    metadata: new Map(),
  };
}

const value = (name: string, columns: number, type: number = ELEMENT.float): OnnxValueInfo => ({
  name,
  type,
  shape: [null, columns],
});

function bytesOf(
  inputs: OnnxValueInfo[],
  nodes: OnnxNode[],
  output = 'y',
  initializers: OnnxTensor[] = [],
): Uint8Array {
  return joined(
    encodeOnnx({
      irVersion: 8,
      producer: 'here',
      opsets: new Map([['ai.onnx.ml', 1]]),
      graph: { name: 'g', nodes, initializers, inputs, outputs: [value(output, 1)] },
      functions: [],
      metadata: new Map(),
    }),
  );
}

function model(...graph: Parameters<typeof bytesOf>): RowModel {
  return readTabular(bytesOf(...graph), 'made.onnx', { name: 'made' })! as RowModel;
}

async function run(made: RowModel, rows: number[][]): Promise<number[]> {
  const { values } = await made.predict({
    count: rows.length,
    columns: rows[0].length,
    data: Float64Array.from(rows.flat()),
  });
  return [...values.data];
}

/** One split on x0: 10 on the branch that is true, 20 on the other. */
const stump = (mode: string, threshold: number, missingTrue: number) =>
  model(
    [value('X', 1)],
    [
      node('TreeEnsembleRegressor', ['X'], ['y'], {
        nodes_treeids: { ints: [0, 0, 0] },
        nodes_nodeids: { ints: [0, 1, 2] },
        nodes_featureids: { ints: [0, 0, 0] },
        nodes_values: [threshold, 0, 0],
        nodes_modes: [mode, 'LEAF', 'LEAF'],
        nodes_truenodeids: { ints: [1, 0, 0] },
        nodes_falsenodeids: { ints: [2, 0, 0] },
        nodes_missing_value_tracks_true: { ints: [missingTrue, 0, 0] },
        target_treeids: { ints: [0, 0] },
        target_nodeids: { ints: [1, 2] },
        target_ids: { ints: [0, 0] },
        target_weights: [10, 20],
        n_targets: 1,
      }),
    ],
  );

test('every way of branching, at the threshold, beside it, and for missing values', async (t) => {
  const x = [[1], [2], [3], [NaN]];
  const cases: [string, number[]][] = [
    ['BRANCH_LEQ', [10, 10, 20, 20]],
    ['BRANCH_LT', [10, 20, 20, 20]],
    ['BRANCH_GTE', [20, 10, 10, 20]],
    ['BRANCH_GT', [20, 20, 10, 20]],
    ['BRANCH_EQ', [20, 10, 20, 20]],
    // ONNX Runtime's NaN differs from every number
    ['BRANCH_NEQ', [10, 20, 10, 10]],
  ];
  for (const [mode, expected] of cases) {
    t.deepEqual(await run(stump(mode, 2, 0), x), expected, mode);
    t.deepEqual(await run(stump(mode, 2, 1), x), [...expected.slice(0, 3), 10], `${mode}, missing`);
  }
  // the float32 before 0 and before a negative number
  t.deepEqual(await run(stump('BRANCH_LT', 0, 0), [[-1e-45], [0], [1e-45]]), [10, 20, 20]);
  t.deepEqual(await run(stump('BRANCH_LT', -1, 0), [[-1.0000002], [-1]]), [10, 20]);
  t.is(stump('BRANCH_LT', 2, 0).form, 'trees');
  t.false(stump('BRANCH_LT', 2, 0).trees!.hasCover);
  t.throws(() => stump('BRANCH_MEMBER', 2, 0), { code: 'MODEL_LOAD', message: /BRANCH_MEMBER/ });
});

test('columns of numbers and of words, imputed, encoded, put together', async (t) => {
  const made = model(
    [value('age', 1), value('plan', 1, ELEMENT.string)],
    [
      node('Imputer', ['age'], ['whole'], {
        imputed_value_floats: [40],
        replaced_value_float: [NaN],
      }),
      node('Scaler', ['whole'], ['scaled'], { offset: [30], scale: [0.5] }),
      node('OneHotEncoder', ['plan'], ['hot'], { cats_strings: ['basic', 'pro'], zeros: 1 }),
      node('FeatureVectorizer', ['scaled', 'hot'], ['features']),
      node('LinearRegressor', ['features'], ['y'], { coefficients: [2, 10, 20], intercepts: [1] }),
    ],
  );
  t.deepEqual(made.features, [
    { name: 'age', missing: true },
    { name: 'plan', missing: false, categories: ['basic', 'pro'] },
  ]);
  t.is(made.form, 'linear');
  t.deepEqual([...made.linear!.coefficients], [2, 10, 20]);
  t.deepEqual(
    await run(made, [
      [34, 0],
      [NaN, 1],
    ]),
    [1 + 4 + 10, 1 + 10 + 20],
  );
});

test('a classifier with one row of coefficients, and one that shares out sigmoids', async (t) => {
  const one = model(
    [value('X', 1)],
    [
      node('LinearClassifier', ['X'], ['label', 'p'], {
        coefficients: [2],
        intercepts: [-1],
        classlabels_strings: ['no', 'yes'],
        post_transform: 'LOGISTIC',
      }),
      node('ZipMap', ['p'], ['y'], { classlabels_strings: ['no', 'yes'] }),
    ],
  );
  t.deepEqual(
    [one.link, one.classNames, one.marginCount],
    [{ kind: 'logistic' }, ['no', 'yes'], 1],
  );
  t.deepEqual(await run(one, [[0.5]]), [0.5, 0.5]);
  const shared = model(
    [value('X', 1)],
    [
      node('LinearClassifier', ['X'], ['label', 'p'], {
        coefficients: [1, -1, 0],
        intercepts: [0, 0, 0],
        classlabels_ints: { ints: [3, 4, 5] },
        post_transform: 'LOGISTIC',
      }),
      node('Normalizer', ['p'], ['y'], { norm: 'L1' }),
    ],
  );
  t.deepEqual([shared.link, shared.classNames], [{ kind: 'ovr' }, ['3', '4', '5']]);
  t.deepEqual(await run(shared, [[0]]), [1 / 3, 1 / 3, 1 / 3]);
});

test('what cannot be computed, and graphs that go wrong, are typed errors', (t) => {
  const x = [value('X', 1)];
  const linear = (given: Record<string, Given>) => () =>
    model(x, [node('LinearRegressor', ['X'], ['y'], given)]);
  t.throws(() => model(x, [node('Binarizer', ['X'], ['y'])]), {
    code: 'UNSUPPORTED_MODEL',
    message: /Binarizer/,
  });
  t.throws(() => model(x, [node('Scaler', ['z'], ['y']), node('Scaler', ['y'], ['z'])]), {
    code: 'MODEL_LOAD',
    message: /circle/,
  });
  t.throws(() => model(x, [node('Identity', ['z'], ['y']), node('Identity', ['y'], ['z'])]), {
    code: 'MODEL_LOAD',
    message: /circle/,
  });
  t.throws(() => model(x, [node('Scaler', ['nothing'], ['y'])]), {
    code: 'MODEL_LOAD',
    message: /nothing gives/,
  });
  t.throws(linear({ coefficients: [1, 2], targets: 3 }), {
    code: 'MODEL_LOAD',
    message: /2 coefficients/,
  });
  t.throws(linear({ coefficients: [1], post_transform: 'MAGIC' }), {
    code: 'MODEL_LOAD',
    message: /MAGIC/,
  });
  t.throws(
    () => model([{ name: 'X', type: 1, shape: [null, null] }], [node('Scaler', ['X'], ['y'])]),
    {
      code: 'MODEL_LOAD',
      message: /leaves open/,
    },
  );
});

test("a TreeEnsemble of ai.onnx.ml 5: every mode, leaves in lists of their own, the forest's mean", async (t) => {
  const made = model(
    [value('X', 2)],
    [
      node('TreeEnsemble', ['X'], ['y'], {
        n_targets: 1,
        aggregate_function: 0,
        post_transform: 0,
        tree_roots: { ints: [0, 2] },
        // x0 > 1, then x1 in {2, 5}; the second tree: x0 < 1
        nodes_modes: { tensor: [3, 6, 1] },
        nodes_featureids: { ints: [0, 1, 0] },
        nodes_splits: { tensor: [1, 0, 1] },
        nodes_truenodeids: { ints: [1, 0, 3] },
        nodes_trueleafs: { ints: [0, 1, 1] },
        nodes_falsenodeids: { ints: [2, 1, 4] },
        nodes_falseleafs: { ints: [1, 1, 1] },
        nodes_missing_value_tracks_true: { ints: [0, 1, 0] },
        membership_values: { tensor: [2, 5, NaN] },
        leaf_targetids: { ints: [0, 0, 0, 0, 0] },
        leaf_weights: { tensor: [10, 20, 30, 100, 200] },
      }),
    ],
  );
  t.is(made.form, 'trees');
  const x = [
    [2, 5],
    [2, 3],
    [2, NaN],
    [1, 5],
    [0, 5],
    [NaN, 5],
  ];
  t.deepEqual(await run(made, x), [105, 110, 105, 115, 65, 115]);
});

test('what is not computed here runs in ONNX Runtime: rows, and texts without their maps', async (t) => {
  const rows = await loadTabular(
    bytesOf(
      [value('X', 2)],
      [
        node('Binarizer', ['X'], ['b'], { threshold: [3] }),
        node('Scaler', ['b'], ['y'], { offset: [0, 0], scale: [2, 4] }),
      ].map((one) =>
        one.op === 'Binarizer'
          ? {
              ...one,
              attributes: new Map([['threshold', { name: 'threshold', type: 1, f: 3 }]]),
            }
          : one,
      ),
    ),
    'made.onnx',
    { featureNames: ['age', 'calls'] },
  );
  const made = rows!.model as RowModel;
  t.is(made.form, 'onnx');
  t.deepEqual(
    await run(made, [
      [4, 4],
      [3, 4],
      [4, 0],
    ]),
    [2, 4, 0, 4, 2, 0],
  );
  const shap = (await explainPrediction(
    rows,
    { age: 4, calls: 4 },
    {
      method: 'kernel-shap',
      background: [[0, 0]],
    },
  )) as FeatureWeightsExplanation;
  t.deepEqual(
    [shap.targets[0].featureWeights.pos[0].feature, shap.targets[0].featureWeights.pos[0].weight],
    ['age', 2],
  );
  rows!.dispose();
  // a map of scores cannot be read in the browser: what it is made of can
  const scores = await loadTabular(
    bytesOf(
      [value('X', 1)],
      [
        {
          ...node('Binarizer', ['X'], ['b']),
          attributes: new Map([['threshold', { name: 'threshold', type: 1, f: 3 }]]),
        },
        node('LinearClassifier', ['b'], ['label', 'p'], {
          coefficients: [-2, 2],
          intercepts: [0, 0],
          classlabels_strings: ['no', 'yes'],
          post_transform: 'LOGISTIC',
        }),
        node('ZipMap', ['p'], ['y'], { classlabels_strings: ['no', 'yes'] }),
      ],
    ),
    'made.onnx',
    {},
  );
  const [no, yes] = await run(scores!.model as RowModel, [[5]]);
  t.true(Math.abs(yes - 1 / (1 + Math.exp(-2))) < 1e-6 && Math.abs(no + yes - 1) < 1e-6);
  t.deepEqual(scores!.labels, ['no', 'yes']);
  scores!.dispose();
});
