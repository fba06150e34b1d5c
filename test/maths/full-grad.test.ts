import test, { type ExecutionContext } from 'ava';
import type { NdArray } from '../../src/explanation.js';
import {
  biasGradient,
  ceilingGradient,
  ceilingPsi,
  psiAndTotal,
  rectifiedBiasGradient,
  rectifiedBiasPsi,
  slopeOffset,
  UNIT_SLOPES,
  type PsiAndTotal,
} from '../../src/maths/full-grad.js';
import { sizeOf } from '../../src/maths/ndarray.js';
import { seededRandom } from '../../src/maths/random.js';

test('slopes of units are those of differences; the offset is what the slope leaves', (t) => {
  const units: Record<string, (x: number) => number> = {
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
    tanh: Math.tanh,
    exp: Math.exp,
    log: Math.log,
    sqrt: Math.sqrt,
    rsqrt: (x) => 1 / Math.sqrt(x),
    reciprocal: (x) => 1 / x,
    softplus: (x) => Math.log1p(Math.exp(x)),
    elu: (x) => (x > 0 ? x : Math.expm1(x)),
  };
  t.deepEqual(Object.keys(UNIT_SLOPES).sort(), Object.keys(units).sort());
  for (const [name, f] of Object.entries(units)) {
    for (const x of [0.3, 1.7, ...(['log', 'sqrt', 'rsqrt'].includes(name) ? [] : [-0.8])]) {
      const slope = (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;
      const found = UNIT_SLOPES[name](x, f(x));
      t.true(Math.abs(found - slope) < 1e-6 * Math.max(1, Math.abs(slope)), `${name} at ${x}`);
    }
  }
  const of = (...data: number[]) => ({ shape: [1, data.length], data: Float32Array.from(data) });
  const { data } = slopeOffset(of(2, 0), of(0.5, 3), of(10, 10), UNIT_SLOPES.reciprocal);
  // 1/x at 2: (0.5 + 0.25 · 2) · 10
  t.deepEqual([...data], [10, 30]);
});

test('one pass over a layer gives what its terms give one after the other', (t) => {
  const random = seededRandom(4);
  const array = (shape: readonly number[], value: () => number) => ({
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, value),
  });
  const units = [0, 2.5, 6, 6, 1, 0];
  for (const shape of [[3, 4, 5], [2, 3], [5]]) {
    const gradient = array(shape, random.normal);
    const bias = Float32Array.from({ length: shape.at(-1)! }, random.normal);
    for (const value of [() => units[random.integer(6)], () => 6, () => 0]) {
      const outputs = array(shape, value);
      for (const ceiling of [6, Infinity]) {
        const found = rectifiedBiasPsi(outputs, gradient, bias, ceiling);
        alike(t, found, rectifiedBiasGradient(outputs, gradient, bias, ceiling));
      }
      alike(t, ceilingPsi(outputs, gradient, 6), ceilingGradient(outputs, gradient, 6));
    }
  }
});

function alike(t: ExecutionContext, found: PsiAndTotal, term: NdArray): void {
  const { map, total } = psiAndTotal(term, 'layer');
  t.deepEqual(found.map.shape, map.shape);
  t.true(Math.abs(found.total - total) < 1e-5);
  found.map.data.forEach((value, i) => t.true(Math.abs(value - map.data[i]) < 1e-5));
}

test('terms go where there is room, whatever was there before', (t) => {
  const gradient = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
  const outputs = { shape: [2, 2], data: Float32Array.of(0, 6, 1, 7) };
  const room = new Float32Array(5).fill(9);
  t.deepEqual([...biasGradient(gradient, [1, -1], room).data], [1, -2, 3, -4]);
  t.deepEqual([...rectifiedBiasGradient(outputs, gradient, [1, -1], 6, room).data], [0, 0, 3, 0]);
  t.deepEqual([...ceilingGradient(outputs, gradient, 6, room).data], [0, 12, 0, 24]);
  t.is(room[4], 9);
});
