/** Attention in Keras' forms, and dense layers written as an equation. */
import { WhylensError } from '../../../../errors.js';
import { sizeOf } from '../../../../maths/ndarray.js';
import {
  add,
  matMul,
  mul,
  reshape,
  softmax,
  sum,
  tensor,
  transpose,
} from '../../../graph/build.js';
import { attention, dense, reduceSum, repeat, tanh } from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import { isValue, valuesOf, type BuildLayer, type Layer } from '../layer.js';
import type { LayerWeights } from '../weights.js';

/** Tokens `[…, size]` through a kernel `[size, heads, key]`, as `[heads, tokens, key]`. */
function projected(x: Value, weights: LayerWeights, bias: boolean): Value {
  const [kernel, offset] = weights.as('kernel', bias && 'bias');
  const [size, heads, key] = kernel!.shape;
  const y = dense(
    x,
    reshape(kernel!, [size, heads * key]),
    offset === undefined ? undefined : reshape(offset, [heads * key]),
  );
  return transpose(reshape(y, [x.shape[0], heads, key]), [1, 0, 2]);
}

/** Masks would have to be fed; none may be there. */
function withoutMask(layer: Layer, kwargs: Readonly<Record<string, unknown>>): void {
  const given = Object.entries(kwargs).find(
    ([name, value]) =>
      name.includes('mask') && name !== 'use_causal_mask' && value !== null && value !== undefined,
  );
  if (given === undefined) return;
  throw new WhylensError(
    'UNSUPPORTED_OPERATION',
    `layer '${layer.name}' (${layer.className}) is called with '${given[0]}', which is not understood. Methods that perturb the input work with a function that predicts`,
    { facts: { layer: layer.name } },
  );
}

/** Nothing may look at what comes after it. */
function causal(tokens: number): Value {
  const data = Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? -1e9 : 0,
  );
  return tensor([tokens, tokens], data);
}

export const multiHeadAttention: BuildLayer = (layer, args, kwargs) => {
  const { config, weights } = layer;
  withoutMask(layer, kwargs);
  const given = valuesOf(args);
  const pick = (i: number, name: string): Value | undefined =>
    given[i] ?? (isValue(kwargs[name]) ? kwargs[name] : undefined);
  const query = pick(0, 'query')!;
  const value = pick(1, 'value') ?? query;
  const key = pick(2, 'key') ?? value;
  // attention over all axes but the last is attention over a list of tokens
  const tokens = (x: Value): Value =>
    reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]]);
  const axes = config.has('attention_axes') ? config.list('attention_axes') : undefined;
  if (axes !== undefined && axes.length !== query.shape.length - 1) {
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `layer '${layer.name}' attends over axes ${axes.join(', ')} only; what is understood is attention over all axes before the last`,
      { facts: { layer: layer.name } },
    );
  }
  const bias = config.flag('use_bias', true);
  const of = (role: string): LayerWeights => weights.sub(`${role}_dense`, role, `_${role}_dense`);
  const q = projected(tokens(query), of('query'), bias);
  const repeated = (x: Value): Value => {
    const times = q.shape[0] / x.shape[0];
    return times === 1 ? x : repeat(x, 0, times);
  };
  const k = repeated(projected(tokens(key), of('key'), bias));
  const v = repeated(projected(tokens(value), of('value'), bias));
  const mask = kwargs.use_causal_mask === true ? causal(q.shape[1]) : undefined;
  const y = attention(q, k, v, 1 / Math.sqrt(q.shape[2]), mask);
  const [kernel, offset] = weights
    .sub('output_dense', 'attention_output', '_output_dense')
    .as('kernel', bias && 'bias');
  const joined = reshape(transpose(y, [1, 0, 2]), [q.shape[1], q.shape[0] * v.shape[2]]);
  const flat = reshape(kernel!, [q.shape[0] * v.shape[2], sizeOf(kernel!.shape.slice(2))]);
  const out = dense(
    joined,
    flat,
    offset === undefined ? undefined : reshape(offset, [flat.shape[1]]),
  );
  return reshape(out, [...query.shape.slice(0, -1), ...kernel!.shape.slice(2)]);
};

/** Luong's (dot, or concat) and Bahdanau's (additive). */
export const simpleAttention =
  (kind: 'dot' | 'additive'): BuildLayer =>
  (layer, args, kwargs) => {
    withoutMask(layer, kwargs);
    const { config } = layer;
    const [query, value, key = value] = valuesOf(args);
    const scaled = config.flag('use_scale', kind === 'additive');
    const concat = kind === 'dot' && config.text('score_mode', 'dot') === 'concat';
    const [scale, weight] = layer.weights.as(
      scaled && 'scale',
      concat && 'concat_score_weight|attention_v',
    );
    if (kind === 'dot' && !concat) {
      const scores = matMul(query, key, false, true);
      return matMul(softmax(scale === undefined ? scores : mul(scores, scale)), value);
    }
    const [n, size] = query.shape;
    const m = key.shape[0];
    const both = add(reshape(query, [n, 1, size]), reshape(key, [1, m, size]));
    const inner = concat && scale !== undefined ? mul(both, scale) : both;
    const bent = tanh(inner);
    const factor = concat ? weight : scale;
    const scores = reshape(
      kind === 'additive' && factor !== undefined
        ? sum(mul(bent, factor), [2])
        : reduceSum(bent, [2]),
      [n, m],
    );
    const scores2 = concat && factor !== undefined ? mul(scores, factor) : scores;
    return matMul(softmax(causalIf(kwargs, scores2)), value);
  };

const causalIf = (kwargs: Readonly<Record<string, unknown>>, scores: Value): Value =>
  kwargs.use_causal_mask === true ? add(scores, causal(scores.shape[0])) : scores;

/** `ab,bc->ac` with the batch in front; `...` stands for what is not named. */
export const einsumDense: BuildLayer = (layer, args) => {
  const { config, weights } = layer;
  const [x] = valuesOf(args);
  const [kernel, bias] = weights.as('kernel', config.has('bias_axes') && 'bias');
  const y = einsum(x, kernel!, config.text('equation', ''), layer.name);
  return bias === undefined ? y : add(y, bias);
};

/** One sample times a constant. */
export function einsum(x: Value, kernel: Value, equation: string, where: string): Value {
  const broken = (): WhylensError =>
    new WhylensError(
      'UNSUPPORTED_OPERATION',
      `layer '${where}': the equation '${equation}' is not understood for a sample of ${x.shape.length} axes and a kernel of ${kernel.shape.length}`,
      { facts: { equation } },
    );
  const match = /^\s*([a-zA-Z.]+)\s*,\s*([a-zA-Z]+)\s*->\s*([a-zA-Z.]+)\s*$/.exec(equation);
  if (match === null) throw broken();
  const [, left, right, out] = match;
  // digits stand for the axes that '...' covers; the first axis is the batch
  const covered = '0123456789'.slice(0, x.shape.length + 1 - left.replace('...', '').length);
  const a = [...left.replace('...', covered)].slice(1);
  const b = [...right];
  const o = [...out.replace('...', covered)].slice(1);
  if (a.length !== x.shape.length || b.length !== kernel.shape.length) throw broken();
  const shared = a.filter((c) => b.includes(c) && o.includes(c));
  const contracted = a.filter((c) => b.includes(c) && !o.includes(c));
  const kept = a.filter((c) => !b.includes(c));
  const added = b.filter((c) => !a.includes(c));
  const good =
    kept.every((c) => o.includes(c)) &&
    added.every((c) => o.includes(c)) &&
    new Set(a).size === a.length &&
    o.length === shared.length + kept.length + added.length;
  if (!good) throw broken();
  const size = (c: string): number =>
    a.includes(c) ? x.shape[a.indexOf(c)] : kernel.shape[b.indexOf(c)];
  const count = (list: readonly string[]): number => sizeOf(list.map(size));
  const moved = (v: Value, from: readonly string[], to: readonly string[]): Value =>
    transpose(
      v,
      to.map((c) => from.indexOf(c)),
    );
  const lead = shared.length === 0 ? [] : [count(shared)];
  const left2 = reshape(moved(x, a, [...shared, ...kept, ...contracted]), [
    ...lead,
    count(kept),
    count(contracted),
  ]);
  const right2 = reshape(moved(kernel, b, [...shared, ...contracted, ...added]), [
    ...lead,
    count(contracted),
    count(added),
  ]);
  const order = [...shared, ...kept, ...added];
  return moved(reshape(matMul(left2, right2), order.map(size)), order, o);
}
