/** Attention as one operator (opset 23 and ONNX Runtime's own), and rotary positions. */
import { ELEMENT } from '../../../files/onnx.js';
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import type { Value } from '../../../graph/value.js';
import { broken, refused } from '../attributes.js';
import { need, needTraced, type Inputs, type Operator, type Site } from '../site.js';
import { arranged, asTraced, dimsOf, range, traced, type Traced } from '../tensor.js';
import { gatherComputed } from './picking.js';
import { product } from './linear.js';
import { joined } from './pointwise.js';
import { numbers } from '../fold.js';

/** `[heads, tokens, size]` of a tensor with heads as an axis, or with all of them in one. */
function headed(x: Traced, heads: number, site: Site): Value {
  const dims = dimsOf(x);
  if (dims[0] !== 1) throw refused(site.attributes.node, `works on ${dims[0]} samples at a time`);
  if (dims.length === 4) return arranged(x, [1, 2, 3]);
  if (dims.length !== 3 || heads < 1 || dims[2] % heads !== 0) {
    throw broken(site.attributes.node, `splits [${dims.join(', ')}] into ${heads} heads`);
  }
  return c.splitHeads(arranged(x, [1, 2]), heads);
}

const tokensOf = (x: Traced): number => dimsOf(x)[x.rank === 4 ? 2 : 1];

/** Tokens as those of `like` came: heads as an axis, or side by side. */
const laidOut = (value: Value, like: Traced): Traced =>
  like.rank === 4
    ? traced(value, 4, [1, 2, 3], like.axes)
    : traced(c.joinHeads(value), 3, [1, 2], [undefined, like.axes[1], undefined]);

interface Scores {
  readonly scale: number;
  readonly causal: boolean;
  readonly softcap: number;
  readonly mask?: Value;
}

/** Rows that come before the present ones may be looked at too: `past` of them. */
function attended(
  q: Value,
  k: Value,
  v: Value,
  past: number,
  { scale, causal, softcap, mask }: Scores,
) {
  const groups = q.shape[0] / k.shape[0];
  const [keys, values] = [k, v].map((x) => (groups === 1 ? x : c.repeat(x, 0, groups)));
  let scores = b.matMul(b.mul(q, b.scalar(scale)), keys, false, true);
  const raw = scores;
  if (softcap > 0) {
    scores = b.mul(c.tanh(b.mul(scores, b.scalar(1 / softcap))), b.scalar(softcap));
  }
  if (mask !== undefined) scores = b.add(scores, mask);
  if (causal) {
    const [rows, columns] = scores.shape.slice(-2);
    const hidden = c.matrixOf(rows, columns, (i, j) => (j > i + past ? NEVER : 0));
    scores = b.add(scores, hidden);
  }
  return { y: b.matMul(b.softmax(scores), values), raw };
}
/** Far enough down that the exponential is 0, and finite, so that no difference is NaN. */
const NEVER = -1e30;

/** A mask of truths or of numbers to add, as values that broadcast with `[heads, rows, columns]`. */
function maskOf(inputs: Inputs, at: number, total: number, site: Site): Value | undefined {
  const found = inputs[at];
  if (found === undefined) return undefined;
  const t = needTraced(inputs, at, site);
  const dims = dimsOf(t);
  if (dims.length === 4 && dims[0] !== 1) {
    throw refused(site.attributes.node, 'has a mask for several samples');
  }
  const wide = arranged(t, range(t.rank).slice(t.rank === 4 ? 1 : 0));
  const isTruth = found.kind === 'known' && found.type === ELEMENT.bool;
  const added = isTruth ? b.select(wide, b.scalar(0), b.scalar(NEVER)) : wide;
  const missing = total - added.shape[added.shape.length - 1];
  if (missing <= 0 || added.shape[added.shape.length - 1] === 1) return added;
  const none = added.shape.map(() => 0);
  return b.pad(added, none, [...none.slice(1), missing], undefined, NEVER);
}

/** Opset 23: queries, keys and values with their heads, side by side or as an axis. */
const attention: Operator = (inputs, site) => {
  const { attributes } = site;
  const query = needTraced(inputs, 0, site);
  const own = headed(query, attributes.int('q_num_heads', 1), site);
  const heads = attributes.int('kv_num_heads', 1);
  const part = (at: number): Value => headed(needTraced(inputs, at, site), heads, site);
  const extended = (at: number, pastAt: number): Value =>
    inputs[pastAt] === undefined ? part(at) : b.concat([part(pastAt), part(at)], 1);
  const [keys, values] = [extended(1, 4), extended(2, 5)];
  const past = keys.shape[1] - tokensOf(needTraced(inputs, 1, site));
  const { y, raw } = attended(own, keys, values, past, {
    scale: attributes.float('scale', 1 / Math.sqrt(own.shape[2])),
    causal: attributes.int('is_causal', 0) === 1,
    softcap: attributes.float('softcap', 0),
    mask: maskOf(inputs, 3, keys.shape[1], site),
  });
  return [
    laidOut(y, query),
    traced(keys, 4, [1, 2, 3]),
    traced(values, 4, [1, 2, 3]),
    ...(attributes.int('qk_matmul_output_mode', 0) === 0 ? [traced(raw, 4, [1, 2, 3])] : []),
  ];
};

/** Inputs of ONNX Runtime's forms that hold masks of padding or tokens before. */
function requireNone(inputs: Inputs, list: readonly number[], site: Site): void {
  for (const at of list) {
    if (inputs[at] !== undefined) {
      throw refused(site.attributes.node, `has an input ${at} (a padding mask or earlier tokens)`);
    }
  }
}
const runtimeScores = (size: number, mask: Value | undefined, site: Site): Scores => {
  const told = site.attributes.float('scale', 0);
  return {
    scale: told === 0 ? 1 / Math.sqrt(size) : told,
    causal: site.attributes.int('unidirectional', 0) === 1,
    softcap: 0,
    mask,
  };
};

/** ONNX Runtime's, with one matrix for queries, keys and values. */
const packedAttention: Operator = (inputs, site) => {
  const { attributes } = site;
  requireNone(inputs, [3, 4], site);
  if (attributes.int('do_rotary', 0) === 1) throw refused(attributes.node, 'turns its positions');
  const heads = attributes.int('num_heads', 1);
  let all = product(need(inputs, 0, site), need(inputs, 1, site), site);
  if (inputs[2] !== undefined) all = joined([all, inputs[2]], ([x, y]) => b.add(x, y));
  const width = dimsOf(all)[2];
  const sizes = attributes.ints('qkv_hidden_sizes') ?? [width / 3, width / 3, width / 3];
  const rows = arranged(all, [1, 2]);
  let start = 0;
  const [q, k, v] = sizes.map((size) => {
    const part = b.sliceAxis(rows, 1, start, start + size);
    start += size;
    return c.splitHeads(part, heads);
  });
  const mask = maskOf(inputs, 5, k.shape[1], site);
  return [laidOut(attended(q, k, v, 0, runtimeScores(q.shape[2], mask, site)).y, all)];
};

const multiHeadAttention: Operator = (inputs, site) => {
  requireNone(inputs, [4, 6, 7], site);
  const heads = site.attributes.int('num_heads', 1);
  const bias = inputs[3] === undefined ? undefined : arranged(needTraced(inputs, 3, site), [0]);
  const query = needTraced(inputs, 0, site);
  if (inputs[1] === undefined || inputs[2] === undefined || query.rank !== 3) {
    throw refused(site.attributes.node, 'has queries, keys and values in one tensor');
  }
  let start = 0;
  const [q, k, v] = [0, 1, 2].map((at) => {
    const x = needTraced(inputs, at, site);
    if (x.rank === 4) return headed(x, heads, site);
    const rows = arranged(x, [1, 2]);
    const width = rows.shape[1];
    const own = bias && b.slice(bias, [start], [start + width]);
    start += width;
    return c.splitHeads(own === undefined ? rows : b.add(rows, own), heads);
  });
  const mask = maskOf(inputs, 5, k.shape[1], site);
  return [laidOut(attended(q, k, v, 0, runtimeScores(q.shape[2], mask, site)).y, query)];
};

/** Pairs of features turned by an angle that the position gives. */
function rotary(at: { cos: number; sin: number; positions: number }, scaleName?: string): Operator {
  return (inputs, site) => {
    const { attributes } = site;
    const x = needTraced(inputs, 0, site);
    if (scaleName !== undefined && attributes.float(scaleName, 1) !== 1) {
      throw refused(attributes.node, 'scales its positions');
    }
    const rank = x.rank;
    const cache = (input: number): Traced => {
      const table = needTraced(inputs, input, site);
      if (inputs[at.positions] === undefined) return table;
      // a start of positions is that number and those after it
      const told = inputs[at.positions]!;
      const single = b.sizeOf(dimsOf(told)) === 1 && scaleName !== undefined;
      if (!single) return gatherComputed(table, asTraced(told), 0);
      if (told.kind !== 'known') throw refused(attributes.node, 'computes its positions');
      const [first] = numbers(told);
      const tokens = tokensOf(x);
      const value = b.sliceAxis(arranged(table, [0, 1]), 0, first, first + tokens);
      return traced(value, 3, [1, 2]);
    };
    const [cos, sin] = [at.cos, at.sin].map((input) => {
      const t = cache(input);
      return arranged(t, range(t.rank).slice(-2));
    });
    const half = cos.shape[1];
    const heads = attributes.int('num_heads', 0);
    const whole = headed(x, heads === 0 && rank === 3 ? dimsOf(x)[2] / (2 * half) : heads, site);
    const size = whole.shape[2];
    const told = attributes.int('rotary_embedding_dim', 0);
    const turned = told === 0 ? size : told;
    if (turned !== 2 * half) {
      throw broken(attributes.node, `turns ${turned} features by ${half} angles`);
    }
    const part = (from: number, to: number, step = 1): Value =>
      b.sliceAxis(whole, 2, from, to, step);
    const interleaved = attributes.int('interleaved', 0) === 1;
    const [first, second] = interleaved
      ? [part(0, turned, 2), part(1, turned, 2)]
      : [part(0, half), part(half, turned)];
    const one = b.sub(b.mul(first, cos), b.mul(second, sin));
    const two = b.add(b.mul(first, sin), b.mul(second, cos));
    const shape = [...whole.shape.slice(0, 2), half, 1];
    const made = interleaved
      ? b.reshape(b.concat([b.reshape(one, shape), b.reshape(two, shape)], 3), [
          ...whole.shape.slice(0, 2),
          turned,
        ])
      : b.concat([one, two], 2);
    const y = turned === size ? made : b.concat([made, part(turned, size)], 2);
    return [laidOut(y, x)];
  };
}
export const ATTENTION: Readonly<Record<string, Operator>> = {
  Attention: attention,
  RotaryEmbedding: rotary({ cos: 1, sin: 2, positions: 3 }),
};
export const ATTENTION_RUNTIME: Readonly<Record<string, Operator>> = {
  Attention: packedAttention,
  MultiHeadAttention: multiHeadAttention,
  RotaryEmbedding: rotary({ cos: 2, sin: 3, positions: 1 }, 'scale'),
};
