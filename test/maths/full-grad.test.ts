import test from 'ava';
import { slopeOffset, UNIT_SLOPES } from '../../src/maths/full-grad.js';

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
