/**
 * Targets: what is explained, as plain data. Named constructors make them;
 * `scoreOf` evaluates one on a model's outputs and `seedOf` gives its gradient
 * with respect to those outputs, so that an engine needs no closures.
 */
import type { Target } from '../explanation.js';
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import { sizeOf } from '../maths/ndarray.js';
import type { OutputValues, ScoreKind } from './interface.js';

/** The class with the `rank`-th highest score (0: the top class). */
export const topClass = (rank = 0, output?: string): Target => ({
  kind: 'top',
  rank,
  ...on(output),
});

/** The score of one class or unit. */
export const classTarget = (index: number, output?: string): Target => ({
  kind: 'class',
  index,
  ...on(output),
});

/** The negative class of a sigmoid unit: minus its logit, or one minus its probability. */
export const negativeClass = (index = 0, output?: string): Target => ({
  kind: 'negative',
  index,
  ...on(output),
});

/** A regression output; `sign: -1` explains what makes it smaller. */
export const regressionTarget = (index = 0, sign: 1 | -1 = 1, output?: string): Target => ({
  kind: 'regression',
  index,
  sign,
  ...on(output),
});

/** A weighted sum of targets. */
export const weightedTarget = (
  terms: readonly { readonly target: Target | number; readonly weight: number }[],
): Target => ({
  kind: 'weighted',
  terms: terms.map(({ target, weight }) => ({
    target: typeof target === 'number' ? classTarget(target) : target,
    weight,
  })),
});

/** Class `a` rather than class `b`: the difference of their scores. */
export const ratherThan = (a: Target | number, b: Target | number): Target =>
  weightedTarget([
    { target: a, weight: 1 },
    { target: b, weight: -1 },
  ]);

/** Mean of channel `index` over the positions of a mask (segmentation). */
export const maskTarget = (
  index: number,
  mask: { readonly shape: readonly number[]; readonly data: ArrayLike<number> },
  output?: string,
): Target => ({
  kind: 'mask',
  index,
  mask: { shape: [...mask.shape], data: Array.from(mask.data) },
  ...on(output),
});

/** Cosine similarity of the output to a vector, say another picture's embedding. */
export const similarityTarget = (vector: ArrayLike<number>, output?: string): Target => ({
  kind: 'similarity',
  vector: Array.from(vector),
  ...on(output),
});

/** One number of an output of any shape: a detector's score of box `index[0]` for class `index[1]`, before suppression. */
export const elementTarget = (index: readonly number[], output?: string): Target => ({
  kind: 'element',
  index: [...index],
  ...on(output),
});

/** `top` made definite for sample `n`; other targets as they are, checked against the outputs. */
export function concreteTarget(
  target: Target,
  outputs: readonly OutputValues[],
  n: number,
): Target {
  if (target.kind === 'weighted') {
    return {
      kind: 'weighted',
      terms: target.terms.map(({ target: t, weight }) => ({
        target: concreteTarget(t, outputs, n),
        weight,
      })),
    };
  }
  if (target.kind !== 'top') {
    locate(target, outputs);
    return target;
  }
  const output = outputOf(target, outputs);
  const { data, size } = sampleScores(output, n, 'logit');
  const named = on(target.output);
  if (size === 1) {
    if (output.activation === 'linear') return { kind: 'regression', index: 0, sign: 1, ...named };
    return data[0] >= 0
      ? { kind: 'class', index: 0, ...named }
      : { kind: 'negative', index: 0, ...named };
  }
  requireVector(target, output);
  if (target.rank >= size) {
    throw new WhylensError(
      'INVALID_TARGET',
      `target 'top ${target.rank}' needs more than ${target.rank} classes, output '${output.name}' has ${size}`,
    );
  }
  return { kind: 'class', index: indexOfRank(data, target.rank), ...named };
}

/** Of equal values the first is the larger one. */
function indexOfRank(data: Float32Array, rank: number): number {
  if (rank > 0) {
    return Array.from(data, (_, index) => index).sort((a, b) => data[b] - data[a] || a - b)[rank];
  }
  // every record names its top class: no need to put all of them in order
  let best = 0;
  for (let i = 1; i < data.length; i++) if (data[i] > data[best]) best = i;
  return best;
}

/** The number that a (concrete) target stands for, for sample `n`. */
export function scoreOf(
  target: Target,
  outputs: readonly OutputValues[],
  n: number,
  score: ScoreKind,
): number {
  let sum = 0;
  for (const { index, values, weight, norm } of parts(target, outputs, n, score)) {
    if (norm !== undefined) sum += norm;
    else sum += weight * values[index];
  }
  return sum + offsetOf(target, score, outputs);
}

/**
 * Gradient of the target with respect to the outputs of sample `n`: per output
 * (by position) an array as long as one sample of it, or undefined if the target does not depend
 * on it. With `score: 'logit'` with respect to the logits.
 */
export function seedOf(
  target: Target,
  outputs: readonly OutputValues[],
  n: number,
  score: ScoreKind,
): (Float32Array | undefined)[] {
  const seeds: (Float32Array | undefined)[] = outputs.map(() => undefined);
  for (const { output, index, weight, gradient } of parts(target, outputs, n, score)) {
    const seed = (seeds[output] ??= new Float32Array(
      sizeOf(outputs[output].logits.shape.slice(1)),
    ));
    if (gradient !== undefined) gradient.forEach((value, i) => (seed[i] += value));
    else seed[index] += weight;
  }
  return seeds;
}

/** The class index that a target stands for, or a name in words. */
export function targetId(target: Target): number | string {
  return target.kind === 'class' || target.kind === 'regression'
    ? target.index
    : describeTarget(target);
}

/** A target in words; classes by label if labels are known. */
export function describeTarget(target: Target, labels?: readonly string[]): string {
  const nameOf = (index: number) => labels?.[index] ?? `class ${index}`;
  const where =
    target.kind !== 'weighted' && target.output !== undefined ? ` of ${target.output}` : '';
  switch (target.kind) {
    case 'top':
      return (target.rank === 0 ? 'top class' : `class of rank ${target.rank + 1}`) + where;
    case 'class':
      return nameOf(target.index) + where;
    case 'negative':
      return `not ${nameOf(target.index)}${where}`;
    case 'regression':
      return `${target.sign < 0 ? 'minus ' : ''}output ${target.index}${where}`;
    case 'weighted':
      return target.terms
        .map(({ target: term, weight }, i) => {
          const size =
            Math.abs(weight) === 1 ? '' : `${Number(Math.abs(weight).toPrecision(4))} × `;
          const sign = weight < 0 ? (i === 0 ? '−' : ' − ') : i === 0 ? '' : ' + ';
          return sign + size + describeTarget(term, labels);
        })
        .join('');
    case 'mask':
      return `${nameOf(target.index)} over a mask${where}`;
    case 'similarity':
      return `similarity to a vector of ${target.vector.length}${where}`;
    case 'element':
      return `element [${target.index.join(', ')}]${where}`;
  }
}

/** Softmax or sigmoid probability of a target, if it is a class of such an output. */
export function probaOf(
  target: Target,
  outputs: readonly OutputValues[],
  n: number,
): number | undefined {
  if (target.kind !== 'class' && target.kind !== 'negative') return undefined;
  const output = outputOf(target, outputs);
  if (output.activation === 'linear') return undefined;
  const value = sampleScores(output, n, 'output').data[target.index];
  return target.kind === 'negative' ? 1 - value : value;
}

/**
 * Place of a class among the classes of its output, 0 for the one with the highest score;
 * of a sigmoid unit, 0 for the side that it is on. Undefined for other targets.
 */
export function rankOf(
  target: Target,
  outputs: readonly OutputValues[],
  n: number,
): number | undefined {
  if (target.kind !== 'class' && target.kind !== 'negative') return undefined;
  const output = outputOf(target, outputs);
  const { data, size } = sampleScores(output, n, 'logit');
  if (size === 1) {
    if (output.activation === 'linear') return undefined;
    return data[0] >= 0 === (target.kind === 'class') ? 0 : 1;
  }
  if (target.kind === 'negative') return undefined;
  const own = data[target.index];
  return data.reduce(
    (rank, value, i) => (value > own || (value === own && i < target.index) ? rank + 1 : rank),
    0,
  );
}

interface Part {
  readonly output: number;
  readonly index: number;
  readonly weight: number;
  readonly values: Float32Array;
  /** Set for a non-linear part: its value and its gradient. */
  readonly norm?: number;
  readonly gradient?: Float32Array;
}

function parts(
  target: Target,
  outputs: readonly OutputValues[],
  n: number,
  score: ScoreKind,
  factor = 1,
): Part[] {
  if (target.kind === 'weighted') {
    return target.terms.flatMap(({ target: term, weight }) =>
      parts(term, outputs, n, score, factor * weight),
    );
  }
  if (target.kind === 'top')
    return parts(concreteTarget(target, outputs, n), outputs, n, score, factor);
  const at = locate(target, outputs);
  const output = outputs.indexOf(at.output);
  const values = sampleScores(at.output, n, score).data;
  switch (target.kind) {
    case 'class':
      return [{ output, index: target.index, weight: factor, values }];
    case 'negative':
      return [{ output, index: target.index, weight: -factor, values }];
    case 'regression':
      return [{ output, index: target.index, weight: factor * target.sign, values }];
    case 'element':
      return [{ output, index: at.flat, weight: factor, values }];
    case 'mask': {
      const channels = at.output.logits.shape[at.output.logits.shape.length - 1];
      const total = target.mask.data.reduce((a, b) => a + b, 0);
      const result: Part[] = [];
      target.mask.data.forEach((weight, position) => {
        if (weight !== 0)
          result.push({
            output,
            index: position * channels + target.index,
            weight: (factor * weight) / total,
            values,
          });
      });
      return result;
    }
    case 'similarity': {
      const { vector } = target;
      let dot = 0,
        own = 0,
        other = 0;
      for (let i = 0; i < vector.length; i++) {
        dot += values[i] * vector[i];
        own += values[i] ** 2;
        other += vector[i] ** 2;
      }
      const length = Math.sqrt(own) * Math.sqrt(other);
      const cosine = length === 0 ? 0 : dot / length;
      // d cos / d v_i = u_i / (|v||u|) − cos · v_i / |v|²
      const gradient = Float32Array.from(vector, (u, i) =>
        length === 0 ? 0 : factor * (u / length - (cosine * values[i]) / own),
      );
      return [{ output, index: 0, weight: 0, values, norm: factor * cosine, gradient }];
    }
  }
}

/** The constant of a score beside its linear part: the 1 in one minus a probability. */
function offsetOf(target: Target, score: ScoreKind, outputs: readonly OutputValues[]): number {
  if (target.kind === 'weighted') {
    return target.terms.reduce(
      (sum, { target: term, weight }) => sum + weight * offsetOf(term, score, outputs),
      0,
    );
  }
  return target.kind === 'negative' &&
    score === 'output' &&
    outputOf(target, outputs).activation !== 'linear'
    ? 1
    : 0;
}

function locate(
  target: Exclude<Target, { kind: 'weighted' | 'top' }>,
  outputs: readonly OutputValues[],
): { output: OutputValues; flat: number } {
  const output = outputOf(target, outputs);
  const shape = output.logits.shape.slice(1);
  switch (target.kind) {
    case 'class':
    case 'negative':
    case 'regression': {
      requireVector(target, output);
      const size = sizeOf(shape);
      if (!Number.isInteger(target.index) || target.index < 0 || target.index >= size) {
        throw new WhylensError(
          'INVALID_TARGET',
          `target index must be a whole number from 0 to ${size - 1} (output '${output.name}' has ${size} ${size === 1 ? 'unit' : 'classes'}), got ${target.index}`,
          { facts: { index: target.index, size } },
        );
      }
      return { output, flat: target.index };
    }
    case 'mask': {
      const space = shape.slice(0, -1);
      const channels = shape[shape.length - 1];
      if (space.join() !== target.mask.shape.join() || target.mask.data.length !== sizeOf(space)) {
        throw new WhylensError(
          'INVALID_TARGET',
          `a mask for output '${output.name}' must have shape [${space.join(', ')}], got [${target.mask.shape.join(', ')}] with ${target.mask.data.length} values`,
        );
      }
      if (!Number.isInteger(target.index) || target.index < 0 || target.index >= channels) {
        throw new WhylensError(
          'INVALID_TARGET',
          `the channel of a mask target must be a whole number from 0 to ${channels - 1}, got ${target.index}`,
        );
      }
      if (!(target.mask.data.reduce((a, b) => a + b, 0) > 0)) {
        throw new WhylensError(
          'INVALID_TARGET',
          'a mask must select at least one position; the weights given sum to 0 or less, or are not numbers',
        );
      }
      return { output, flat: 0 };
    }
    case 'similarity': {
      const size = sizeOf(shape);
      if (target.vector.length !== size || !target.vector.every(Number.isFinite)) {
        throw new WhylensError(
          'INVALID_TARGET',
          `a similarity target for output '${output.name}' needs ${size} finite numbers, got ${target.vector.length}`,
        );
      }
      return { output, flat: 0 };
    }
    case 'element': {
      const fits =
        target.index.length === shape.length &&
        target.index.every((i, axis) => Number.isInteger(i) && i >= 0 && i < shape[axis]);
      if (!fits) {
        throw new WhylensError(
          'INVALID_TARGET',
          `an element of output '${output.name}' needs ${shape.length} whole numbers below [${shape.join(', ')}], got [${target.index.join(', ')}]`,
        );
      }
      return { output, flat: target.index.reduce((flat, i, axis) => flat * shape[axis] + i, 0) };
    }
  }
}

function outputOf(
  target: { readonly output?: string },
  outputs: readonly OutputValues[],
): OutputValues {
  if (target.output === undefined) return outputs[0];
  const found = outputs.find(({ name }) => name === target.output);
  if (found === undefined) {
    const names = outputs.map(({ name }) => name);
    throw new WhylensError(
      'INVALID_TARGET',
      `the model has no output '${target.output}'${didYouMean(target.output, names)} Its outputs are ${names.join(', ')}`,
    );
  }
  return found;
}

function requireVector(target: Target, output: OutputValues): void {
  const shape = output.logits.shape.slice(1);
  if (shape.filter((size) => size !== 1).length > 1) {
    throw new WhylensError(
      'INVALID_TARGET',
      `a target of kind '${target.kind}' needs an output with one number for each class, output '${output.name}' has shape [${shape.join(', ')}]; use maskTarget (mean over positions) or elementTarget (one number)`,
    );
  }
}

function sampleScores(
  output: OutputValues,
  n: number,
  score: ScoreKind,
): { data: Float32Array; size: number } {
  const array = score === 'logit' ? output.logits : output.values;
  const size = sizeOf(array.shape.slice(1));
  return { data: array.data.subarray(n * size, (n + 1) * size), size };
}

function on(output: string | undefined): { output?: string } {
  return output === undefined ? {} : { output };
}
