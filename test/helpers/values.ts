/** Small values with repeatable numbers, and their gradients against differences in float64. */
import type { ExecutionContext } from 'ava';
import { seededRandom } from '../../src/maths/random.js';
import { evaluate } from '../../src/model/graph/evaluate.js';
import { input, sizeOf, tensor } from '../../src/model/graph/build.js';
import { gradient } from '../../src/model/graph/gradient.js';
import type { Value } from '../../src/model/graph/value.js';

/** A constant with numbers drawn from a seed. */
export const drawn = (shape: readonly number[], seed = 1, shift = 0): Value<'constant'> => {
  const random = seededRandom(seed);
  return tensor(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => random.normal() + shift),
  );
};
export const numbers = (size: number, seed = 1, shift = 0): Float64Array => {
  const random = seededRandom(seed);
  return Float64Array.from({ length: size }, () => random.normal() + shift);
};

export interface Case {
  /** Shapes of the inputs. */
  readonly of: readonly (readonly number[])[];
  readonly build: (...inputs: Value[]) => Value;
  /** The numbers fed: positive for logarithms, say. */
  readonly feed?: (x: number) => number;
}

/** The gradient of an uneven sum of the result with respect to every input, against differences. */
export function checkAgainstDifferences(t: ExecutionContext, { of, build, feed }: Case): void {
  const inputs = of.map((shape, i) => input(`x${i}`, shape));
  checkSlopes(
    t,
    build(...inputs),
    new Map(
      inputs.map((v, i) => [v, numbers(sizeOf(v.shape), 10 + i).map(feed ?? ((x) => x))] as const),
    ),
  );
}

/** The same for a value of inputs that are fed. */
export function checkSlopes(
  t: ExecutionContext,
  y: Value,
  fed: ReadonlyMap<Value, Float64Array>,
): void {
  const inputs = [...fed.keys()];
  const seedInput = input('seed', y.shape);
  const seed = numbers(sizeOf(y.shape), 77);
  const feeds = new Map<Value, Float64Array>([...fed, [seedInput, seed]]);
  const gradients = gradient(new Map<Value, Value>([[y, seedInput]]), inputs);
  const scoreAt = (v: Value, i: number, by: number): number => {
    const moved = feeds.get(v)!.slice();
    moved[i] += by;
    const [out] = evaluate([y], new Map(feeds).set(v, moved));
    return out.reduce((sum, value, k) => sum + value * seed[k], 0);
  };
  inputs.forEach((v, n) => {
    const dx = gradients[n];
    const found = dx === undefined ? new Float64Array(sizeOf(v.shape)) : evaluate([dx], feeds)[0];
    if (dx !== undefined) t.deepEqual(dx.shape, v.shape);
    let worst = 0;
    let top = 1e-3;
    for (let i = 0; i < found.length; i++) {
      const slope = (scoreAt(v, i, 1e-5) - scoreAt(v, i, -1e-5)) / 2e-5;
      worst = Math.max(worst, Math.abs(slope - found[i]));
      top = Math.max(top, Math.abs(slope));
    }
    t.true(worst / top < 1e-6, `input ${n}: off by ${worst} of ${top}`);
  });
}
