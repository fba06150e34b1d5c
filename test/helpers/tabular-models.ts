/* eslint-disable @typescript-eslint/no-explicit-any -- JSON of many forms, read by tests only */
/** Models of rows made of the shared data without any of the package's readers. */
import type {
  Columns,
  Link,
  RowModel,
  Rows,
  TabularPrediction,
  TreeEnsemble,
} from '../../src/model/tabular/interface.js';
import { neutralTrees } from './tabular.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function linked(margins: Columns, { kind }: Link): Columns {
  if (kind === 'logistic') {
    const data = Float64Array.from({ length: 2 * margins.count }, (_, i) => {
      const p = sigmoid(margins.data[i >> 1]);
      return i % 2 === 1 ? p : 1 - p;
    });
    return { count: margins.count, columns: 2, data };
  }
  if (kind === 'softmax') {
    const { columns } = margins;
    const data = margins.data.map((_, i) => {
      const row = margins.data.subarray(i - (i % columns), i - (i % columns) + columns);
      return Math.exp(margins.data[i]) / row.reduce((sum, m) => sum + Math.exp(m), 0);
    });
    return { ...margins, data };
  }
  return kind === 'exp' ? { ...margins, data: margins.data.map(Math.exp) } : margins;
}

/** Any function of rows to margins as a model. */
function functionOfRows(
  names: readonly string[],
  margins: (row: Float64Array) => readonly number[],
  about: Partial<RowModel> & { readonly link?: Link } = {},
): RowModel {
  const link = about.link ?? { kind: 'identity' };
  const outputs = margins(new Float64Array(names.length)).length;
  return {
    kind: 'tabular-model',
    documents: 'rows',
    name: 'made up',
    source: 'a function of rows',
    form: 'function',
    task: 'regression',
    marginCount: outputs,
    valueCount: link.kind === 'logistic' ? 2 : outputs,
    link,
    features: names.map((name) => ({ name, missing: true })),
    dispose: () => {},
    predict: (rows: Rows): Promise<TabularPrediction> => {
      const data = new Float64Array(rows.count * outputs);
      for (let n = 0; n < rows.count; n++) {
        data.set(
          margins(rows.data.subarray(n * rows.columns, (n + 1) * rows.columns)),
          n * outputs,
        );
      }
      const found = { count: rows.count, columns: outputs, data };
      return Promise.resolve({ margins: found, values: linked(found, link) });
    },
    ...about,
  };
}

/** `trees.json`. */
export function treeModel(
  json: any,
  classNames?: readonly string[],
  about: Partial<RowModel> = {},
): RowModel {
  const { trees, decide, outputs, base } = neutralTrees(json);
  const kind = ({ logit: 'logistic', log: 'exp' } as const)[json.link as 'logit'] ?? json.link;
  const leaf = (t: number, row: ArrayLike<number>) => {
    const { left, right } = trees[t];
    const go = new Uint8Array(left.length);
    decide(t, row, go);
    let node = 0;
    while (left[node] >= 0) node = go[node] === 1 ? left[node] : right[node];
    return node;
  };
  const ensemble = {
    trees,
    features: json.feature_names.length,
    outputs,
    base: Float64Array.from(base),
    hasCover: true,
    decide,
    leaf,
  } as unknown as TreeEnsemble;
  const margins = (row: Float64Array) => {
    const sum = Float64Array.from(base);
    trees.forEach((tree, t) => {
      const at = leaf(t, row) * tree.outputs.length;
      for (let k = 0; k < tree.outputs.length; k++) {
        sum[tree.outputs[k]] += (tree.scale ?? 1) * tree.values[at + k];
      }
    });
    return [...sum];
  };
  return functionOfRows(json.feature_names, margins, {
    form: 'trees',
    source: 'trees.json',
    link: { kind },
    task: classNames === undefined ? 'regression' : 'classification',
    ...(classNames !== undefined && { classNames }),
    trees: ensemble,
    ...about,
  });
}
