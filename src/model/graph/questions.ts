/** Answers what explainers ask about a network, by patterns over values. */
import { seededRandom } from '../../maths/random.js';
import type { NdArray } from '../../explanation.js';
import { scalarOf, sizeOf, tensor } from './build.js';
import { evaluate } from './evaluate.js';
import type { ModelGraph } from './model-graph.js';
import { ordered, substitute, type Value } from './value.js';

/** The values that have names, those inside a layer left out. */
const named = (graph: ModelGraph): Set<Value> =>
  new Set([...graph.layers.values()].filter((l) => l.internal !== true).map((l) => l.value));

/** What is added to a value in the end, one number for each channel, with the factors after it. */
export function biasOf(graph: ModelGraph, v: Value): Float32Array | undefined {
  const channels = v.shape.at(-1) ?? 1;
  const others = named(graph);
  const numbers = (constant: Value): Float64Array | undefined => {
    const size = sizeOf(constant.shape);
    if (constant.live || (size !== 1 && size !== (constant.shape.at(-1) ?? 1))) return undefined;
    const [data] = evaluate([constant]);
    if (size === 1) return new Float64Array(channels).fill(data[0]);
    return size === channels ? data : undefined;
  };
  // undefined: nothing is added here
  const collect = (x: Value): Float64Array | undefined => {
    if (x !== v && others.has(x)) return undefined;
    if (x.op === 'reshape') return collect(x.inputs[0]);
    if (x.op !== 'add' && x.op !== 'mul') return undefined;
    const [a, b] = x.inputs;
    if (a.live && b.live && x.op === 'add') {
      // sums of several: constants among them, or within them
      const [p, q] = [collect(a), collect(b)];
      return p === undefined || q === undefined ? (p ?? q) : p.map((n, i) => n + q[i]);
    }
    if (a.live === b.live) return undefined;
    const own = numbers(a.live ? b : a);
    if (own === undefined) return undefined;
    const before = collect(a.live ? a : b);
    if (x.op === 'add') return before === undefined ? own : own.map((n, i) => n + before[i]);
    return before?.map((n, i) => n * own[i]);
  };
  const found = collect(v);
  return found === undefined ? undefined : Float32Array.from(found);
}

interface Head {
  /** `[channels, classes]`. */
  readonly kernel: NdArray;
  readonly bias: Float32Array;
}

/**
 * The linear map over a value, if nothing but global average pooling, moves and one linear layer
 * lies between it and the logits; otherwise what is found there.
 */
export function linearHeadOver(
  graph: ModelGraph,
  path: string,
  from: Value,
  logits: Value,
): Head | { readonly found: string } {
  const names = new Map([...graph.layers.values()].map((l) => [l.value, `${l.path} [${l.kind}]`]));
  const chain: string[] = [];
  const found = (why: string): { found: string } => ({
    found: `${why} (after '${path}': ${chain.join(' → ') || 'nothing'})`,
  });
  const between = onTheWay(from, logits);
  if (between.length === 0) return found('the output is not reached');
  let pooled: Value | undefined;
  let summed: Value | undefined;
  let matrix: Value | undefined;
  let before: Value = from;
  // values inside a layer are named by the layer in which they end
  const nameFrom = (at: number): string | undefined =>
    between
      .slice(at)
      .map((v) => names.get(v))
      .find((name) => name !== undefined);
  for (const [at, v] of between.entries()) {
    const name = nameFrom(at);
    if (name !== undefined && chain.at(-1) !== name) chain.push(name);
    const live = v.inputs.filter((x) => x.live);
    if (live.length !== 1 || live[0] !== before) return found('the layer feeds several others');
    const mean = summed !== undefined && isMeanFactor(v, summed);
    if (mean && summed !== undefined) {
      pooled = v;
      summed = undefined;
    } else if (v.op === 'sum' && pooled === undefined && overSpace(v)) summed = v;
    else if (isLinear(v) && pooled !== undefined && matrix === undefined) matrix = v;
    else if (!isMove(v) && !(isShift(v) && matrix !== undefined)) {
      return found(
        pooled === undefined
          ? 'no global average pooling follows'
          : 'more than one linear layer follows',
      );
    }
    before = v;
  }
  if (pooled === undefined) return found('no global average pooling follows');
  if (matrix === undefined) return found('no linear layer follows');
  const weights = matrix.inputs[1];
  const [data] = evaluate([weights]);
  const turned = matrix.op === 'matMul' && matrix.attrs.transposeB;
  const [first, second] = weights.shape.slice(-2);
  const [channels, classes] = turned ? [second, first] : [first, second];
  const kernel = new Float32Array(data.length);
  for (let c = 0; c < channels; c++) {
    for (let k = 0; k < classes; k++) {
      kernel[c * classes + k] = data[turned ? k * channels + c : c * classes + k];
    }
  }
  const zeros = new Map([[matrix, new Float64Array(sizeOf(matrix.shape))]]);
  const [bias] = evaluate([logits], zeros);
  return { kernel: { shape: [channels, classes], data: kernel }, bias: Float32Array.from(bias) };
}

/** The values from behind `from` up to `to` that depend on it, in order. */
function onTheWay(from: Value, to: Value): Value[] {
  const on = new Set<Value>([from]);
  return ordered([to]).filter((v) => {
    if (v === from || !v.inputs.some((x) => on.has(x))) return false;
    on.add(v);
    return true;
  });
}
const overSpace = (v: Value<'sum'>): boolean => {
  const [{ shape }] = v.inputs;
  const last = shape.length - 1;
  return shape.every((n, a) => (a === last) === !v.attrs.axes.includes(a) || n === 1);
};
function isMeanFactor(v: Value, summed: Value): boolean {
  if (v.op !== 'mul' && v.op !== 'div') return false;
  const other = v.inputs.find((x) => x !== summed);
  const factor = other === undefined ? undefined : scalarOf(other);
  if (factor === undefined) return false;
  const cells = sizeOf(summed.inputs[0].shape) / sizeOf(summed.shape);
  return Math.abs((v.op === 'mul' ? factor : 1 / factor) * cells - 1) < 1e-6;
}
const isLinear = (v: Value): boolean =>
  (v.op === 'matMul' &&
    v.inputs[0].live &&
    v.inputs[1].shape.length === 2 &&
    !v.attrs.transposeA) ||
  (v.op === 'conv' && v.attrs.groups === 1 && v.inputs[1].shape.slice(0, -2).every((n) => n === 1));
/** No number changes, and all keep their order. */
const isMove = (v: Value): boolean => v.op === 'reshape';
const isShift = (v: Value): boolean => v.op === 'add' && v.inputs.some((x) => !x.live);

/**
 * The model with the weights of some layers drawn anew: normal numbers with
 * each array's own mean and standard deviation, so that magnitudes stay as they were and only the
 * learnt information is gone (Adebayo 2018). A normalisation's scale
 * and shift count as its weights.
 */
export function redrawn(graph: ModelGraph, layers: readonly Value[], seed: number): ModelGraph {
  const random = seededRandom(seed);
  const names = named(graph);
  const inner = new Map<Value, Value>();
  for (const layer of layers) {
    for (const weight of weightsOf(layer, names)) {
      if (!inner.has(weight)) inner.set(weight, draw(weight, random.normal));
    }
  }
  const all = [
    ...graph.outputs.flatMap(({ value, logits }) => [value, logits]),
    ...[...graph.layers.values()].map(({ value }) => value),
  ];
  const now = substitute(all, inner);
  const by = new Map(all.map((v, i) => [v, now[i]]));
  return {
    ...graph,
    outputs: graph.outputs.map((o) => ({
      ...o,
      value: by.get(o.value)!,
      logits: by.get(o.logits)!,
    })),
    layers: new Map(
      [...graph.layers].map(([path, layer]) => [path, { ...layer, value: by.get(layer.value)! }]),
    ),
  };
}

/** The constants that a layer computes with, up to the layers before it. */
function weightsOf(layer: Value, others: ReadonlySet<Value>): Value[] {
  const found = new Set<Value>();
  const seen = new Set<Value>();
  const stack: Value[] = [layer];
  for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
    if (seen.has(v) || (v !== layer && others.has(v))) continue;
    seen.add(v);
    for (const [i, x] of v.inputs.entries()) {
      if (x.live) stack.push(x);
      // matrices that resize and single numbers were not learnt
      else if (sizeOf(x.shape) > 1 && !(v.op === 'along' && i === 1)) found.add(x);
    }
  }
  return [...found];
}
function draw(weight: Value, normal: () => number): Value {
  const [data] = evaluate([weight]);
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  const spread = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
  return tensor(
    weight.shape,
    Float32Array.from(data, () => mean + spread * normal()),
  );
}
