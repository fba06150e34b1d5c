/** Values: interning, cases worked out by hand, rewriting, and the guided rules. */
import test from 'ava';
import { isWhylensError } from '../../../src/errors.js';
import * as b from '../../../src/model/graph/build.js';
import * as c from '../../../src/model/graph/composites.js';
import { evaluate } from '../../../src/model/graph/evaluate.js';
import { gradient } from '../../../src/model/graph/gradient.js';
import { DECONVNET, GUIDED } from '../../../src/model/graph/gradient-rules.js';
import { optimise } from '../../../src/model/graph/passes.js';
import { ordered, substitute, type Value } from '../../../src/model/graph/value.js';
import { drawn, numbers } from '../../helpers/values.js';

const count = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => i);
const at = (y: Value, x: Value, data: ArrayLike<number>): number[] => [
  ...evaluate([y], new Map([[x, Float64Array.from(data)]]))[0],
];

test('equal expressions are one value, inputs of one name are not', (t) => {
  const x = b.input('x', [2, 3]);
  const w = drawn([3]);
  t.is(b.mul(b.add(x, w), b.scalar(2)), b.mul(b.add(x, w), b.scalar(2)));
  t.not(b.input('x', [2, 3]), x);
  t.not(b.add(x, drawn([3])), b.add(x, w));
  t.is(b.add(b.mul(x, b.scalar(1)), b.scalar(0)), x);
  t.is(b.transpose(b.transpose(x, [1, 0]), [1, 0]), x);
});

test('what depends on constants alone is not live', (t) => {
  const w = drawn([3]);
  t.false(b.mul(w, b.scalar(2)).live);
  t.true(b.mul(w, b.input('x', [3])).live);
});

test('a convolution worked out by hand: stride, dilation, groups', (t) => {
  const x = b.input('x', [4, 2]);
  // group 0 sees channel 0 with taps 1, 10; group 1 channel 1 with taps 2, 100
  const y = b.conv(x, b.tensor([2, 1, 2], [1, 2, 10, 100]), [1], [2], 2);
  t.deepEqual(y.shape, [2, 2]);
  t.deepEqual(at(y, x, [1, 5, 2, 6, 3, 7, 4, 8]), [31, 710, 42, 812]);
});

test('padding before, after and between; negative padding cuts', (t) => {
  const x = b.input('x', [3]);
  t.deepEqual(at(b.pad(x, [1], [2], [1]), x, [1, 2, 3]), [0, 1, 0, 2, 0, 3, 0, 0]);
  t.deepEqual(at(b.pad(x, [-1], [1]), x, [1, 2, 3]), [2, 3, 0]);
  t.deepEqual(at(b.pad(x, [0], [1], [0], -7), x, [1, 2, 3]), [1, 2, 3, -7]);
});

test('the first of equal values takes the gradient of a max pool, those of a reduction share it', (t) => {
  const x = b.input('x', [4, 1]);
  const y = b.maxPool(x, [2], [1]);
  const [dx] = gradient(new Map<Value, Value>([[y, b.tensor([3, 1], [1, 10, 100])]]), [x]);
  t.deepEqual(at(dx!, x, [5, 5, 5, 2]), [1, 10, 100, 0]);
  const top = b.reduceMax(x, [0]);
  const [shared] = gradient(new Map<Value, Value>([[top, b.tensor([1, 1], [6])]]), [x]);
  t.deepEqual(at(shared!, x, [5, 5, 5, 2]), [2, 2, 2, 0]);
});

test('pools, resizing and moving, worked out by hand', (t) => {
  const x = b.input('x', [3, 1]);
  const averages = c.averagePooling(x, [2], { strides: [2], high: [1] });
  t.deepEqual(at(averages, x, [1, 3, 8]), [2, 8]);
  const counting = c.averagePooling(x, [2], { strides: [2], high: [1], countPadding: true });
  t.deepEqual(at(counting, x, [1, 3, 8]), [2, 4]);
  t.deepEqual(at(c.resize(x, [6], { method: 'linear' }), x, [0, 4, 8]), [0, 1, 3, 5, 7, 8]);
  t.deepEqual(at(c.roll(x, 0, 1), x, [1, 2, 3]), [3, 1, 2]);
  t.deepEqual(at(c.padRepeating(x, [2, 0], [1, 0], 'reflect'), x, [1, 2, 3]), [3, 2, 1, 2, 3, 2]);
  t.deepEqual(at(c.padRepeating(x, [2, 0], [1, 0], 'symmetric'), x, [1, 2, 3]), [2, 1, 1, 2, 3, 3]);
  t.deepEqual(at(c.cumulativeSum(x, 0), x, [1, 2, 3]), [1, 3, 6]);
  const deep = b.input('deep', [1, 1, 8]);
  t.deepEqual(at(c.depthToSpace(deep, 2, 'DCR'), deep, count(8)), [0, 1, 2, 3, 4, 5, 6, 7]);
  t.deepEqual(at(c.depthToSpace(deep, 2, 'CRD'), deep, count(8)), [0, 4, 1, 5, 2, 6, 3, 7]);
  t.deepEqual(at(c.spaceToDepth(c.depthToSpace(deep, 2), 2), deep, count(8)), [...count(8)]);
  const spread = c.convTranspose(x, b.tensor([3, 1, 1], [1, 2, 3]), undefined, { strides: [2] });
  t.deepEqual(at(spread, x, [1, 10, 100]), [1, 2, 13, 20, 130, 200, 300]);
});

test('half a number is rounded to the even one', (t) => {
  const x = b.input('x', [5]);
  t.deepEqual(at(b.unary('round', x), x, [0.5, 1.5, 2.5, -1.5, 0.7]), [0, 2, 2, -2, 1]);
});

test('guided and deconvnet are other rules for rectifiers only, gates are none', (t) => {
  const x = b.input('x', [4]);
  const seed = b.tensor([4], [-1, 2, -3, 4]);
  const from = [-1, -1, 1, 2];
  const of = (y: Value, rules?: typeof GUIDED): number[] =>
    at(gradient(new Map([[y, seed]]), [x], rules)[0]!, x, from);
  const y = b.relu(x, 1.5);
  t.deepEqual(of(y), [-0, 0, -3, 0]);
  t.deepEqual(of(y, GUIDED), [0, 0, 0, 0]);
  t.deepEqual(of(y, DECONVNET), [0, 2, 0, 0]);
  const gate = c.hardSigmoid(x);
  t.deepEqual(of(gate, GUIDED), of(gate));
  t.deepEqual(of(gate, DECONVNET), of(gate));
});

test('running on from a value: it becomes an input', (t) => {
  const x = b.input('x', [2]);
  const inner = c.tanh(x);
  const y = b.add(b.mul(inner, inner), x);
  const free = b.input('free', [2]);
  const [on] = substitute([y], new Map<Value, Value>([[inner, free]]));
  const feeds = new Map<Value, Float64Array>([
    [x, Float64Array.of(1, 2)],
    [free, Float64Array.of(3, 4)],
  ]);
  t.deepEqual([...evaluate([on], feeds)[0]], [10, 18]);
  t.false(ordered([on]).includes(inner));
});

test('two targets share the forward pass', (t) => {
  const x = b.input('x', [6, 5, 3]);
  const y = c.globalAveragePool(b.relu(b.conv(x, drawn([3, 3, 3, 4]))));
  const [s, u] = [b.input('s', [4]), b.input('u', [4])];
  const of = (seed: Value): Value => gradient(new Map([[y, seed]]), [x])[0]!;
  const one = ordered([of(s)]).length;
  const two = ordered([of(s), of(u)]).length;
  t.true(two < 2 * one - 3, `${two} values for two, ${one} for one`);
});

test('passes change no number and fold normalisations into convolutions', (t) => {
  const x = b.input('x', [7, 6, 4]);
  const norm = (v: Value, n: number): Value =>
    c.batchNorm(v, drawn([n]), drawn([n], 2), drawn([n], 3), drawn([n], 4, 5), 1e-3);
  const kernel = drawn([3, 3, 2, 6]);
  let y = c.convolution(x, kernel, drawn([6]), { low: [1, 1], high: [1, 1], groups: 2 });
  y = b.relu(norm(y, 6));
  y = norm(c.depthwise(y, drawn([2, 2, 6, 1], 8)), 6);
  y = c.dense(c.globalAveragePool(c.swish(y)), drawn([6, 3]), drawn([3]));
  const seed = b.input('seed', [3]);
  const outputs = [y, gradient(new Map([[y, seed]]), [x])[0]!];
  const feeds = new Map<Value, Float64Array>([
    [x, numbers(7 * 6 * 4)],
    [seed, numbers(3, 5)],
  ]);
  const fast = optimise(outputs);
  const [before, after] = [evaluate(outputs, feeds), evaluate(fast, feeds)];
  before.forEach((list, k) =>
    list.forEach((v, i) => t.true(Math.abs(v - after[k][i]) < 1e-12, `${k} ${i}`)),
  );
  const factors = (values: readonly Value[]): number =>
    ordered(values).filter((v) => v.live && v.op === 'mul' && v.inputs.some((w) => !w.live)).length;
  t.is(factors([fast[0]]), 1);
  t.true(ordered(fast).every((v) => v.live || v.op === 'constant'));
  // what the padding's gradient would cut off is not computed
  const cuts = (values: readonly Value[]): number =>
    ordered(values).filter((v) => v.op === 'slice').length;
  t.deepEqual([cuts(outputs), cuts(fast)], [1, 0]);
});

test('what does not fit is a typed error that names the operation', (t) => {
  const x = b.input('x', [4, 3]);
  for (const build of [
    () => b.add(x, drawn([5])),
    () => b.conv(x, drawn([2, 2, 3])),
    () => b.conv(x, drawn([5, 3, 2])),
    () => b.reshape(x, [5]),
    () => b.matMul(x, drawn([4, 2])),
    () => b.gather(x, 0, [4]),
    () => b.slice(x, [0, 0], [5, 3]),
  ]) {
    const error = t.throws(build);
    t.true(isWhylensError(error, 'UNSUPPORTED_MODEL'), String(error));
  }
});
