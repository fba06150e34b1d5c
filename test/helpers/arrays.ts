/** Arrays with repeatable numbers, and gradients of any model against differences of its score; no engine is loaded. */
import type { ExecutionContext } from 'ava';
import type { NdArray } from '../../src/explanation.js';
import { seededRandom } from '../../src/maths/random.js';
import { sizeOf } from '../../src/maths/ndarray.js';
import { elementTarget, weightedTarget } from '../../src/model/targets.js';
import { ndSamples, type ExplainableModel } from '../../src/model/interface.js';

export function randomArray(shape: readonly number[], seed = 2): NdArray {
  const random = seededRandom(seed);
  const size = sizeOf(shape);
  return { shape, data: Float32Array.from({ length: size }, () => random.normal()) };
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

export function largest(a: ArrayLike<number>): number {
  let result = 0;
  for (let i = 0; i < a.length; i++) result = Math.max(result, Math.abs(a[i]));
  return result;
}

/** A fixed, uneven sum over all values of an output. */
function unevenTarget(shape: readonly number[]) {
  const size = sizeOf(shape);
  const terms = Array.from({ length: size }, (_, flat) => {
    const index: number[] = [];
    for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
      index.unshift(rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    return { target: elementTarget(index), weight: Math.sin(1 + flat) };
  });
  return weightedTarget(terms);
}

/** Gradients with respect to all inputs against differences of the score. */
export async function checkGradients(
  t: ExecutionContext,
  model: ExplainableModel,
  inputs: readonly NdArray[],
  tolerance: number,
): Promise<void> {
  const { inputs: infos } = model.describe();
  const batch = inputs[0].shape[0];
  const { outputs } = await model.run({ inputs: inputs.map(ndSamples) });
  const target = unevenTarget(outputs[0].values.shape.slice(1));
  const score = 'output' as const;
  const { gradients } = await model.differentiate({
    inputs: inputs.map(ndSamples),
    targets: [target],
    score,
    wrt: infos.map(({ name }) => name),
  });
  const sumAt = async (moved: readonly NdArray[]) => {
    const { scores } = await model.differentiate({
      inputs: moved.map(ndSamples),
      targets: [target],
      score,
    });
    return scores.reduce((sum, [value]) => sum + value, 0);
  };
  for (const [i, { name }] of infos.entries()) {
    const gradient = gradients[name][0];
    t.is(gradient.shape[0], batch);
    for (const seed of [21, 22, 23]) {
      const direction = randomArray(inputs[i].shape, seed).data;
      const along = (by: number) =>
        inputs.map((input, j) =>
          j === i
            ? { shape: input.shape, data: input.data.map((x, k) => x + by * direction[k]) }
            : input,
        );
      let dot = 0;
      let size = 0;
      gradient.data.forEach((g, k) => {
        dot += g * direction[k];
        size += g * g;
      });
      // a rectifier's kink may lie between the two sides, rounding blurs small
      // steps: a right gradient agrees at one of them, a wrong one at none
      const slopes: number[] = [];
      for (const step of [1e-2, 3e-3, 1e-3, 3e-4]) {
        slopes.push(((await sumAt(along(step))) - (await sumAt(along(-step)))) / (2 * step));
      }
      const scale = Math.max(Math.sqrt(size), 1e-3);
      const error = Math.min(...slopes.map((slope) => Math.abs(slope - dot) / scale));
      t.true(
        error < tolerance,
        `gradient at '${name}': ${dot}, by differences ${slopes.join(', ')}, size ${scale}`,
      );
    }
  }
}
