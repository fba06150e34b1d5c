/** Small tfjs models with repeatable weights, and the checks every one of them must pass. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { ExecutionContext } from 'ava';
import type { NdArray } from '../../src/explanation.js';
import { sizeOf } from '../../src/maths/ndarray.js';
import { seededRandom } from '../../src/maths/random.js';
import { adaptKerasModel } from '../../src/model/tfjs/adapt-keras.js';
import { registerChainedOps } from '../../src/model/tfjs/chained-ops.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { elementTarget, weightedTarget } from '../../src/model/targets.js';
import { ndSamples, type ExplainableModel } from '../../src/model/interface.js';

registerChainedOps();

export { tf, tfl };

/** Weights of a model drawn anew from a seed: biases and normalisation statistics too, so that none is trivially 0 or 1. */
export function seedWeights(model: tfl.LayersModel, seed = 1): void {
  const random = seededRandom(seed);
  const drawn = model.weights.map((weight) => {
    const shape = weight.shape as number[];
    const size = sizeOf(shape);
    const positive = weight.name.includes('variance');
    const fan = Math.max(1, size / (shape.at(-1) ?? 1));
    const data = Float32Array.from({ length: size }, () =>
      positive
        ? 0.5 + random.uniform()
        : random.normal() * (shape.length > 1 ? 1.5 / Math.sqrt(fan) : 0.5),
    );
    return tf.tensor(data, shape);
  });
  model.setWeights(drawn);
  tf.dispose(drawn);
}

/** The back ends to test: the native one too, where its library is installed. */
export async function backends(t: ExecutionContext): Promise<readonly string[]> {
  try {
    await selectBackend('tensorflow');
    return ['cpu', 'wasm', 'tensorflow'];
  } catch {
    t.log("NOT CHECKED: the 'tensorflow' back end, since @tensorflow/tfjs-node does not load here");
    return ['cpu', 'wasm'];
  }
}

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

/**
 * Forward values against `predict`, gradients against differences of the score
 * in float32 along random directions, on the given back end.
 */
export async function checkModel(
  t: ExecutionContext,
  model: tfl.LayersModel,
  backend: string,
  { tolerance = 1e-2, batch = 2 } = {},
): Promise<void> {
  await selectBackend(backend);
  const before = tf.memory().numTensors;
  const adapted = await adaptKerasModel(model, {});
  const shapes = model.inputs.map(({ shape }) => [batch, ...(shape.slice(1) as number[])]);
  const inputs = shapes.map((shape, i) => randomArray(shape, 10 + i));
  const result = await adapted.run({ inputs: inputs.map(ndSamples) });
  const expected = tf.tidy(() =>
    [model.predict(inputs.map(({ shape, data }) => tf.tensor(data, [...shape])))]
      .flat()
      .map((y) => ({ shape: y.shape, data: y.dataSync().slice() })),
  );
  expected.forEach(({ shape, data }, i) => {
    t.deepEqual([...result.outputs[i].values.shape], shape);
    const scale = largest(data) + 1e-6;
    t.true(
      largestDifference(result.outputs[i].values.data, data) / scale < 2e-5,
      `forward differs from predict on ${backend}: ${largestDifference(result.outputs[i].values.data, data)} of ${scale}`,
    );
  });
  await checkGradients(t, adapted, inputs, tolerance);
  adapted.release();
  t.is(tf.memory().numTensors, before, 'tensors leaked');
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
