/** The linear model or the trees that a graph ends in, read out of it. */
import type { LinearPart, Link, TreeEnsemble } from '../interface.js';
import { linearOf, treesOf } from './operators.js';
import type { TabularGraph } from './graph.js';

/** A part over the value `input`, and what its margins become. */
export interface FoundPart {
  readonly input: string;
  readonly link: Link;
  readonly part: { readonly linear: LinearPart } | { readonly trees: TreeEnsemble };
}

/**
 * The part behind the value `name`, or undefined if the graph ends in something else (a
 * perceptron, a faulty conversion), which is then computed
 * as a whole.
 *
 * @param width columns of a value, for trees
 */
export function findPart(
  graph: TabularGraph,
  name: string,
  width: (value: string) => number | undefined,
  depth = 0,
): FoundPart | undefined {
  const node = depth > 64 ? undefined : graph.maker(name);
  if (node === undefined) return undefined;
  const next = (at: number) => findPart(graph, node.inputs[at], width, depth + 1);
  switch (node.op) {
    case 'LinearClassifier':
    case 'LinearRegressor': {
      const { linear, link } = linearOf(node);
      return { input: node.inputs[0], ...oneMargin(linear, link, node.op === 'LinearClassifier') };
    }
    case 'TreeEnsembleClassifier':
    case 'TreeEnsembleRegressor':
    case 'TreeEnsemble': {
      const columns = width(node.inputs[0]);
      if (columns === undefined) return undefined;
      const { trees, link } = treesOf(node, columns, graph.file);
      return { input: node.inputs[0], link, part: { trees } };
    }
    case 'Normalizer':
    case 'LpNormalization':
      return node.text('norm', '') === 'L1' || node.number('p', 0) === 1
        ? shares(next(0))
        : undefined;
    case 'Mul': {
      const factor = graph.known(node.inputs[1]);
      return factor?.data.length === 1 ? scaled(next(0), factor.data[0]) : undefined;
    }
    case 'Add':
      return shifted(next(0), graph.known(node.inputs[1])?.data);
    case 'MatMul': {
      const weights = graph.known(node.inputs[1]);
      if (weights === undefined || !isPlain(graph, node.inputs[0])) return undefined;
      return {
        input: node.inputs[0],
        link: { kind: 'identity' },
        part: { linear: columnsOf(weights) },
      };
    }
    case 'Sigmoid':
      return relinked(next(0), 'sigmoid');
    case 'Softmax':
      return relinked(next(0), 'softmax');
    case 'Exp':
      return relinked(next(0), 'exp');
    case 'Concat':
      return joined(graph, node.inputs, width, depth);
    default:
      return undefined;
  }
}

/** A linear map right over the columns, not over a hidden layer. */
function isPlain(graph: TabularGraph, name: string): boolean {
  for (let at = name; ;) {
    if (graph.isInput(at)) return true;
    const node = graph.maker(at);
    if (node === undefined) return graph.isInput(at) || at !== name;
    if (
      !['Scaler', 'Imputer', 'Normalizer', 'Concat', 'FeatureVectorizer', 'OneHotEncoder'].includes(
        node.op,
      )
    ) {
      return false;
    }
    [at] = node.inputs;
  }
}

/** Two rows that mirror each other are one margin. */
function oneMargin(
  linear: LinearPart,
  link: Link,
  classifier: boolean,
): Pick<FoundPart, 'link' | 'part'> {
  const { features, coefficients, intercept } = linear;
  const mirrored =
    classifier &&
    linear.outputs === 2 &&
    (link.kind === 'sigmoid' || link.kind === 'identity') &&
    intercept[0] === -intercept[1] &&
    coefficients.subarray(0, features).every((x, j) => x === -coefficients[features + j]);
  if (!mirrored) {
    return {
      link: classifier && link.kind === 'identity' ? { kind: 'svm' } : link,
      part: { linear },
    };
  }
  return {
    link: { kind: link.kind === 'sigmoid' ? 'logistic' : 'svm' },
    part: {
      linear: {
        ...linear,
        outputs: 1,
        coefficients: coefficients.slice(features),
        intercept: intercept.slice(1),
      },
    },
  };
}

function relinked(found: FoundPart | undefined, kind: Link['kind']): FoundPart | undefined {
  return found?.link.kind === 'identity' ? { ...found, link: { kind } } : undefined;
}

/** Divided by their sum: one class against the rest; probabilities that sum to 1 stay. */
function shares(found: FoundPart | undefined): FoundPart | undefined {
  if (found?.link.kind === 'softmax' || found?.link.kind === 'logistic') return found;
  return found?.link.kind === 'sigmoid' ? { ...found, link: { kind: 'ovr' } } : undefined;
}

/** Times a number: of a count, its logarithm is added to the margin. */
function scaled(found: FoundPart | undefined, factor: number): FoundPart | undefined {
  if (found === undefined || factor === 1) return found;
  return found.link.kind === 'exp' && factor > 0
    ? shifted({ ...found, link: { kind: 'identity' } }, Float64Array.of(Math.log(factor)), 'exp')
    : undefined;
}

/** Plus one number for each output. */
function shifted(
  found: FoundPart | undefined,
  by: Float64Array | undefined,
  kind: Link['kind'] = 'identity',
): FoundPart | undefined {
  if (found?.link.kind !== 'identity' || by === undefined) return undefined;
  const of = (k: number) => by[by.length === 1 ? 0 : k] ?? 0;
  const { part } = found;
  const link = { kind };
  if ('trees' in part) {
    const { trees } = part;
    return {
      ...found,
      link,
      part: { trees: { ...trees, base: trees.base.map((x, k) => x + of(k)) } },
    };
  }
  const { linear } = part;
  const intercept = linear.intercept.map((x, k) => x + of(k));
  return { ...found, link, part: { linear: { ...linear, intercept, hasIntercept: true } } };
}

function columnsOf(weights: {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}): LinearPart {
  const { rows: features, columns: outputs, data } = weights;
  return {
    outputs,
    features,
    coefficients: Float64Array.from(
      data,
      (_, i) => data[(i % features) * outputs + Math.floor(i / features)],
    ),
    intercept: new Float64Array(outputs),
    hasIntercept: false,
  };
}

/** `[1 − p, p]`, or the second columns of several yes-or-no models. */
function joined(
  graph: TabularGraph,
  names: readonly string[],
  width: (value: string) => number | undefined,
  depth: number,
): FoundPart | undefined {
  const second = names.length === 2 ? graph.maker(names[0]) : undefined;
  if (second?.op === 'Sub' && second.inputs[1] === names[1]) {
    const one = graph.known(second.inputs[0])?.data;
    const found = findPart(graph, names[1], width, depth + 1);
    const { part } = found ?? {};
    const single =
      part !== undefined && ('linear' in part ? part.linear : part.trees).outputs === 1;
    return one?.length === 1 && one[0] === 1 && single && found?.link.kind === 'sigmoid'
      ? { ...found, link: { kind: 'logistic' } }
      : undefined;
  }
  const found = names.map((name) => {
    const node = graph.maker(name);
    if (node?.op !== 'Slice') return undefined;
    const [start] = graph.known(node.inputs[1])?.data ?? [];
    const inner = findPart(graph, node.inputs[0], width, depth + 1);
    return start === 1 && inner?.link.kind === 'logistic' ? inner : undefined;
  });
  const parts = found.flatMap((inner) =>
    inner !== undefined && 'linear' in inner.part && inner.input === found[0]?.input
      ? [inner.part.linear]
      : [],
  );
  if (parts.length !== names.length || parts.length < 2) return undefined;
  const { features } = parts[0];
  const coefficients = new Float64Array(parts.length * features);
  parts.forEach((part, k) => coefficients.set(part.coefficients, k * features));
  return {
    input: found[0]!.input,
    link: { kind: 'sigmoid' },
    part: {
      linear: {
        outputs: parts.length,
        features,
        coefficients,
        intercept: Float64Array.from(parts, ({ intercept }) => intercept[0]),
        hasIntercept: parts.some(({ hasIntercept }) => hasIntercept),
      },
    },
  };
}
