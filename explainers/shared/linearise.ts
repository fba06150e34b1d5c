/**
 * A network as a linear map plus offsets: which layers add a constant to the
 * score, and how that constant is computed. `full-grad` is made of it.
 */
import type { NdArray, Target } from '../../src/explanation.js';
import {
  biasGradient,
  ceilingGradient,
  ceilingPsi,
  offsetGradient,
  rectifiedBiasGradient,
  rectifiedBiasPsi,
  slopeOffset,
  UNIT_SLOPES,
  type PsiAndTotal,
} from '../../src/maths/full-grad.js';
import { sizeOf } from '../../src/maths/ndarray.js';
import type {
  ExplainableModel,
  LayerInfo,
  OutputValues,
  ScoreKind,
} from '../../src/model/interface.js';
import { scoreOf, seedOf } from '../../src/model/targets.js';

/** Value-by-value units with f(x) = f'(x)·x everywhere: they add nothing. */
const HOMOGENEOUS = new Set(['linear', 'relu', 'leakyRelu', 'prelu']);
/**
 * The degree of an operation in its inputs together, if it has several:
 * f(t·x) = t^k·f(x) makes Σ ∂y/∂x·x = k·y.
 */
const DEGREES: Readonly<Record<string, (inputs: number) => number>> = {
  Multiply: (n) => n,
  Mul: (n) => n,
  Divide: () => 0,
  RealDiv: () => 0,
  Div: () => 0,
  DivNoNan: () => 0,
  SquaredDifference: () => 2,
  MatMul: () => 2,
  BatchMatMul: () => 2,
  BatchMatMulV2: () => 2,
  BatchMatMulV3: () => 2,
};

/** Activations and gradients of one sample and target, by layer path. */
export interface LayerValues {
  activation(path: string): NdArray;
  gradient(path: string): NdArray;
}

/** One constant share of the score, place by place. */
export interface OffsetTerm {
  readonly path: string;
  readonly kind: 'bias' | 'offset';
  /** Layers whose activations and gradients `evaluate` reads. */
  readonly reads: readonly string[];
  /** May write into `room`, which the next term takes over. */
  evaluate(values: LayerValues, room: Float32Array): NdArray;
  /** The map and the sum of what `evaluate` gives, scaled over the layer, where one pass makes them. */
  perLayer?(values: LayerValues): PsiAndTotal;
}

/**
 * All constant shares of a model's outputs (by name), the units whose share
 * could not be told, and which inputs the outputs depend on.
 */
export function offsetTerms(
  model: ExplainableModel,
  names: readonly string[],
): { terms: OffsetTerm[]; unknown: string[]; inputs: string[] } {
  const { layers: all, outputs, inputs } = model.describe();
  const reached = reachedFrom(
    outputs.filter(({ name }) => names.includes(name)).map(({ logits }) => logits),
    all,
  );
  const layers = all.filter(({ path }) => reached.has(path));
  const ends = new Set<string>(outputs.map(({ activation }) => activation));
  const terms: OffsetTerm[] = [];
  const unknown: string[] = [];
  for (const layer of layers) {
    const bias = layer.hasBias === true ? model.bias(layer.path) : undefined;
    if (bias !== undefined) terms.push(biasTerm(layer, bias, layers));
    // the scores' own softmax or sigmoid lies behind the logits: `scoreOffset` has it
    if (ends.has(layer.activation?.name ?? '') && isLast(layer.path, layers)) continue;
    const offset = offsetTerm(layer, layers);
    if (offset === 'unknown') unknown.push(layer.path);
    else if (offset !== undefined) terms.push(offset);
  }
  const depended = inputs.map(({ name }) => name).filter((name) => reached.has(name));
  return { terms, unknown, inputs: depended };
}

/** Target indices that look at the same outputs: one backward pass cannot ask for layers of another head. */
export function groupByOutputs(
  targets: readonly (readonly Target[])[],
  first: string,
): { outputs: string[]; indices: number[] }[] {
  const groups = new Map<string, { outputs: string[]; indices: number[] }>();
  targets[0].forEach((_, t) => {
    const outputs = [...new Set(targets.flatMap((list) => outputsOf(list[t], first)))].sort();
    const group = groups.get(outputs.join('\n')) ?? { outputs, indices: [] };
    group.indices.push(t);
    groups.set(outputs.join('\n'), group);
  });
  return [...groups.values()];
}

function outputsOf(target: Target, first: string): string[] {
  return target.kind === 'weighted'
    ? target.terms.flatMap((term) => outputsOf(term.target, first))
    : [target.output ?? first];
}

/** Paths that lead to these; all of them if a model does not tell where its logits are. */
function reachedFrom(
  ends: readonly (string | undefined)[],
  layers: readonly LayerInfo[],
): ReadonlySet<string> {
  const inputs = new Map(layers.map((layer) => [layer.path, layer.inputs]));
  if (ends.some((end) => end === undefined)) return new Set(inputs.keys());
  const reached = new Set(ends as readonly string[]);
  for (const path of reached) for (const before of inputs.get(path) ?? []) reached.add(before);
  return reached;
}

function biasTerm(
  { path }: LayerInfo,
  bias: Float32Array,
  layers: readonly LayerInfo[],
): OffsetTerm {
  const readers = layers.filter(({ inputs }) => inputs.includes(path));
  const name = readers[0]?.activation?.name;
  if (readers.length === 1 && (name === 'relu' || name === 'relu6')) {
    // read behind the rectifier: a model whose inner values are not asked for
    // runs convolution, normalisation and rectifier as one
    const [{ path: behind, activation }] = readers;
    return {
      path,
      kind: 'bias',
      reads: [behind],
      evaluate: ({ activation: y, gradient }, room) =>
        rectifiedBiasGradient(y(behind), gradient(behind), bias, activation?.ceiling, room),
      perLayer: ({ activation: y, gradient }) =>
        rectifiedBiasPsi(y(behind), gradient(behind), bias, activation?.ceiling),
    };
  }
  return {
    path,
    kind: 'bias',
    reads: [path],
    evaluate: ({ gradient }, room) => biasGradient(gradient(path), bias, room),
  };
}

function offsetTerm(
  { path, kind, activation, inputs }: LayerInfo,
  layers: readonly LayerInfo[],
): OffsetTerm | 'unknown' | undefined {
  if (Object.hasOwn(DEGREES, kind) && inputs.length > 1) {
    const factor = 1 - DEGREES[kind](inputs.length);
    return {
      path,
      kind: 'offset',
      reads: [path],
      evaluate({ activation: y, gradient }) {
        const g = gradient(path);
        const { data } = y(path);
        return { shape: g.shape, data: g.data.map((v, i) => factor * v * data[i]) };
      },
    };
  }
  if (activation === undefined || HOMOGENEOUS.has(activation.name)) return undefined;
  const { ceiling } = activation;
  if (ceiling !== undefined && activation.name.startsWith('relu')) {
    return {
      path,
      kind: 'offset',
      reads: [path],
      evaluate: ({ activation: y, gradient }, room) =>
        ceilingGradient(y(path), gradient(path), ceiling, room),
      perLayer: ({ activation: y, gradient }) => ceilingPsi(y(path), gradient(path), ceiling),
    };
  }
  const [input] = inputs;
  const readers = layers.filter((other) => other.inputs.includes(input));
  if (readers.length > 1 && Object.hasOwn(UNIT_SLOPES, activation.name)) {
    return {
      path,
      kind: 'offset',
      reads: [input, path],
      evaluate: ({ activation: value, gradient }) =>
        slopeOffset(value(input), value(path), gradient(path), UNIT_SLOPES[activation.name]),
    };
  }
  if (input === undefined || readers.length !== 1) return 'unknown';
  return {
    path,
    kind: 'offset',
    reads: [input, path],
    evaluate: ({ activation: value, gradient }) =>
      offsetGradient(value(input), gradient(input), value(path), gradient(path)),
  };
}

/** True if nothing with weights comes after the layer. */
function isLast(path: string, layers: readonly LayerInfo[]): boolean {
  return layers
    .filter(({ inputs }) => inputs.includes(path))
    .every((reader) => reader.parameters === 0 && isLast(reader.path, layers));
}

/** The part of the score that is not linear in the logits: s − Σ ∂s/∂z·z. Zero for the logit of a class. */
export function scoreOffset(
  target: Target,
  outputs: readonly OutputValues[],
  n: number,
  score: ScoreKind,
): number {
  let linear = 0;
  seedOf(target, outputs, n, score).forEach((seed, o) => {
    if (seed === undefined) return;
    const { logits, values, activation } = outputs[o];
    const size = sizeOf(logits.shape.slice(1));
    const z = logits.data.subarray(n * size, (n + 1) * size);
    const y = values.data.subarray(n * size, (n + 1) * size);
    const through = score === 'logit' ? 'linear' : activation;
    const classes = logits.shape[logits.shape.length - 1];
    for (let start = 0; start < size; start += classes) {
      let mean = 0;
      for (let i = start; i < start + classes; i++) mean += seed[i] * y[i];
      for (let i = start; i < start + classes; i++) {
        if (through === 'softmax') linear += y[i] * (seed[i] - mean) * z[i];
        else if (through === 'sigmoid') linear += y[i] * (1 - y[i]) * seed[i] * z[i];
        else linear += seed[i] * z[i];
      }
    }
  });
  return scoreOf(target, outputs, n, score) - linear;
}
