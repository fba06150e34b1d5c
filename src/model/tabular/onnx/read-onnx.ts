/** Models of rows in ONNX: trees and linear parts read out of the graph, everything else computed as it stands. */
import { decodeOnnx } from '../../files/onnx-decode.js';
import { ELEMENT, type OnnxModel } from '../../files/onnx.js';
import { broken, unsupported } from '../fields.js';
import type { FeatureInfo, Rows, RowModel, Stage } from '../interface.js';
import { rowModel } from '../make-model.js';
import type { ReadOptions } from '../read-options.js';
import { TabularGraph } from './graph.js';
import { findPart } from './parts.js';
import { isWords, type Flowing, type Matrix } from './tensor.js';

/** Operators of texts, which onnxruntime alone computes. */
const OF_TEXTS = ['Tokenizer', 'StringNormalizer', 'TfIdfVectorizer'];

/** True for a graph over rows: operators of ONNX-ML, or inputs that are matrices of few columns. */
function isTabularOnnx({ graph, producer }: OnnxModel): boolean {
  return (
    graph.nodes.some(({ domain }) => domain === 'ai.onnx.ml') ||
    // a linear map alone needs no operator of its own
    (/^(skl2onnx|OnnxMLTools)/i.test(producer) &&
      graph.inputs.every(({ shape }) => shape === undefined || shape.length <= 2))
  );
}

/** True for a graph that begins with texts. */
export function isOfTexts({ graph }: OnnxModel): boolean {
  return graph.nodes.some(({ op }) => OF_TEXTS.includes(op));
}

/**
 * @throws `MODEL_LOAD` for a damaged file, `UNSUPPORTED_MODEL` for operators that are not known
 */
export function readTabularOnnx(
  bytes: Uint8Array,
  file: string,
  options: ReadOptions,
): RowModel | undefined {
  const model = decodeOnnx(bytes, file);
  if (!isTabularOnnx(model)) return undefined;
  const textOp = model.graph.nodes.find(({ op }) => OF_TEXTS.includes(op));
  if (textOp !== undefined) {
    throw unsupported(
      file,
      `a pipeline over texts (${textOp.op}), whose words ONNX splits otherwise than scikit-learn. Export it as JSON with its vectorizer: see docs/models-of-tables.md`,
    );
  }
  const graph = new TabularGraph(model, file, options.featureNames?.length);
  const output = scoresOf(model, graph, file);
  const features = featuresOf(model, graph, options);
  const feeds = (rows: Rows): Map<string, Flowing> => feedsOf(rows, graph, features);
  const probe: Rows = {
    count: 1,
    columns: features.length,
    data: new Float64Array(features.length),
  };
  const widths = (value: string): number | undefined => {
    const found = graph.evaluate(value, feeds(probe));
    return isWords(found) ? undefined : found.columns;
  };
  const labels = labelsOf(model, graph);
  const names = options.classNames ?? labels;
  const found = findPart(graph, output, widths);
  // an operator that cannot be computed is reported now, not at the first prediction
  const whole = widths(output);
  const common = {
    name: options.name,
    task: labels === undefined ? 'regression' : 'classification',
    features,
    ...(labels !== undefined && names !== undefined && { classNames: names }),
    ...(labels === undefined &&
      options.classNames !== undefined && { outputNames: options.classNames }),
  } as const;
  const source = sourceOf(model);
  if (found !== undefined) {
    return rowModel({
      ...common,
      source,
      part: found.part,
      link: found.link,
      stage: stageOf(graph, found.input, features, feeds),
    });
  }
  return rowModel({
    ...common,
    source,
    link: { kind: 'identity' },
    part: {
      outputs: whole ?? 1,
      network: (rows) => columnsOf(graph.evaluate(output, feeds(rows)), rows.count, file),
    },
  });
}

/** For people: who wrote it, and its operators. */
export function sourceOf({ graph, producer }: OnnxModel): string {
  const ops = graph.nodes.map(({ op }) => op).filter((op) => op !== 'Cast' && op !== 'ZipMap');
  return `ONNX${producer === '' ? '' : ` of ${producer}`} (${[...new Set(ops)].join(', ')})`;
}

function columnsOf(value: Flowing, count: number, file: string) {
  if (isWords(value) || value.rows !== count) {
    throw broken(file, `its scores are not one row for each of ${count} rows`);
  }
  return { count, columns: value.columns, data: value.data };
}

/** The first output that is not a label: probabilities, scores or values; before its ZipMap if it has one. */
export function scoresOf({ graph }: OnnxModel, tabular: TabularGraph, file: string): string {
  const made = graph.outputs.filter(
    ({ type }) => type !== ELEMENT.int64 && type !== ELEMENT.string,
  );
  const found = made.find(({ name }) => /prob|score/i.test(name)) ?? made[0];
  if (found === undefined) {
    throw unsupported(file, 'labels as its only output: there is no score that could be explained');
  }
  const node = tabular.rawMaker(found.name);
  return node?.op === 'ZipMap' ? node.inputs[0] : found.name;
}

/** Class names of the node that classifies, or those that the label is picked from. */
export function labelsOf({ graph }: OnnxModel, tabular: TabularGraph): string[] | undefined {
  for (const { outputs } of [...graph.nodes].reverse()) {
    const node = tabular.rawMaker(outputs[0]);
    if (node?.op !== 'ZipMap' && !/Classifier$/.test(node?.op ?? '')) continue;
    const labels = node!.labels('classlabels_strings', 'classlabels_int64s', 'classlabels_ints');
    // classifiers inside of one-versus-rest have two labels each
    if (labels !== undefined && !(labels.length === 2 && tabular.classes !== undefined))
      return labels;
  }
  return tabular.classes ?? pickedFrom(graph, tabular);
}

/** The list that the output of labels is an element of. */
function pickedFrom({ outputs }: OnnxModel['graph'], tabular: TabularGraph): string[] | undefined {
  const output = outputs.find(({ type }) => type === ELEMENT.int64 || type === ELEMENT.string);
  let node = output === undefined ? undefined : tabular.rawMaker(output.name);
  for (let steps = 0; node !== undefined && steps < 16; steps++) {
    if (node.op === 'ArrayFeatureExtractor' || node.op === 'Gather') {
      return tabular.words(node.inputs[0]);
    }
    if (!['Cast', 'Identity', 'Reshape', 'Squeeze', 'Flatten'].includes(node.op)) return undefined;
    node = tabular.rawMaker(node.inputs[0]);
  }
  return undefined;
}

/** One feature for each column of each input; an input of one column names it. */
export function featuresOf(
  { graph }: OnnxModel,
  { inputs }: TabularGraph,
  options: ReadOptions,
): FeatureInfo[] {
  const imputes = graph.nodes.some(({ op, attributes }) => {
    const tracks = attributes.get('nodes_missing_value_tracks_true');
    return ['Imputer', 'IsNaN'].includes(op) || tracks !== undefined;
  });
  const own = inputs.flatMap(({ name, columns, words }) =>
    Array.from({ length: columns }, (_, j) => ({
      name: columns === 1 ? name : inputs.length === 1 ? `x${j}` : `${name}${j}`,
      missing: imputes && !words,
      ...(words && categoriesOf(graph, name)),
    })),
  );
  return own.map((feature, j) => ({ ...feature, name: options.featureNames?.[j] ?? feature.name }));
}

/** The words that an input may hold; any words if the nodes behind it name none. */
function categoriesOf(graph: OnnxModel['graph'], input: string): Partial<FeatureInfo> {
  const categories = wordsOf(graph, input);
  return categories.length === 0 ? { categories, open: true } : { categories };
}

/** Categories that the nodes behind an input of words know. */
function wordsOf(graph: OnnxModel['graph'], input: string): string[] {
  const reached = new Set([input]);
  const words = new Set<string>();
  for (const node of graph.nodes) {
    if (!node.inputs.some((name) => reached.has(name))) continue;
    for (const key of ['cats_strings', 'keys_strings']) {
      for (const bytes of node.attributes.get(key)?.strings ?? []) {
        words.add(new TextDecoder().decode(bytes));
      }
    }
    if (words.size === 0) node.outputs.forEach((name) => reached.add(name));
  }
  return [...words];
}

/** The inputs of the graph for rows, in float32. */
function feedsOf(rows: Rows, graph: TabularGraph, features: readonly FeatureInfo[]) {
  const feeds = new Map<string, Flowing>();
  let from = 0;
  for (const { name, columns, words } of graph.inputs) {
    const data = new Float64Array(rows.count * columns);
    for (let n = 0; n < rows.count; n++) {
      for (let j = 0; j < columns; j++) {
        data[n * columns + j] = Math.fround(rows.data[n * rows.columns + from + j]);
      }
    }
    const categories = features[from]?.categories ?? [];
    feeds.set(
      name,
      words
        ? { words: Array.from(data, (code) => String(categories[code] ?? '')) }
        : { rows: rows.count, columns, data },
    );
    from += columns;
  }
  return feeds;
}

/** What lies between the columns and the part; undefined if there is nothing between them. */
function stageOf(
  graph: TabularGraph,
  input: string,
  features: readonly FeatureInfo[],
  feeds: (rows: Rows) => Map<string, Flowing>,
): Stage {
  const apply = (rows: Rows): Rows => {
    const value = graph.evaluate(input, feeds(rows)) as Matrix;
    return { count: rows.count, columns: value.columns, data: value.data };
  };
  const count = apply({
    count: 1,
    columns: features.length,
    data: new Float64Array(features.length),
  }).columns;
  const same = count === features.length;
  const ops = graph.between(input);
  return {
    source: ops.length === 0 ? 'numbers in float32' : ops.join(', '),
    names: Array.from({ length: count }, (_, j) =>
      same ? features[j].name : `${ops[0] ?? 'x'}[${j}]`,
    ),
    columns: Int32Array.from({ length: count }, (_, j) => (same ? j : -1)),
    apply,
  };
}
