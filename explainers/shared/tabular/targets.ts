/** Which number of a model of rows or texts is explained, in float64. */
import { WhylensError } from '../../../src/errors.js';
import type { Target, TargetBase } from '../../../src/explanation.js';
import type { ScoreKind } from '../../../src/model/interface.js';
import type { TabularModel, TabularPrediction } from '../../../src/model/tabular/interface.js';
import { describeTarget, targetId } from '../../../src/model/targets.js';

/** A target as a linear combination of columns of the margins or the values. */
export interface ScoreOf {
  readonly definition: Target;
  readonly target: number | string;
  readonly label?: string;
  /** Names of all classes or outputs, if they are known. */
  readonly names?: readonly string[];
  /** By column; the number is Σ weights · column + offset. */
  readonly weights: Float64Array;
  readonly offset: number;
  /** Which table the columns are of. */
  readonly of: 'margins' | 'values';
}

/** Number of classes, or of outputs of a regression. */
function unitsOf(model: TabularModel, { margins, values }: TabularPrediction): number {
  if (model.task === 'regression') return values.columns;
  return Math.max(2, margins.columns, values.columns);
}

/** Names of classes or outputs. */
function unitNames(
  model: TabularModel,
  labels: readonly string[] | undefined,
): readonly string[] | undefined {
  return labels ?? (model.task === 'regression' ? model.outputNames : model.classNames);
}

/** Several outputs without names are told apart by their number; one is just the predicted value. */
function numbered(units: number): readonly string[] | undefined {
  return units === 1 ? undefined : Array.from({ length: units }, (_, k) => `y${k}`);
}

/**
 * The targets of sample `n`. The top class is the one predicted for it; of a
 * regression every output is a target unless one is named.
 */
export function scoresFor(
  model: TabularModel,
  prediction: TabularPrediction,
  n: number,
  targets: readonly Target[],
  score: ScoreKind,
  labels?: readonly string[],
): ScoreOf[] {
  const units = unitsOf(model, prediction);
  const names =
    unitNames(model, labels) ?? (model.task === 'regression' ? numbered(units) : undefined);
  const every = model.task === 'regression' && targets.length === 1 && targets[0].kind === 'top';
  const wanted = every ? Array.from({ length: units }, (_, index) => regression(index)) : targets;
  return wanted.map((target) => {
    const definition = concrete(target, model, prediction, n);
    const of = score === 'logit' ? 'margins' : 'values';
    const weights = new Float64Array(prediction[of].columns);
    const offset = addTo(weights, definition, 1, { model, prediction, units, of });
    const named = definition.kind === 'class' || definition.kind === 'regression';
    const label = named ? names?.[definition.index] : describeTarget(definition, names);
    return {
      definition,
      target: targetId(definition),
      ...(label !== undefined && { label }),
      ...(names !== undefined && { names }),
      weights,
      offset,
      of,
    };
  });
}

/** The explained number of sample `n`. */
export function scoreAt(
  { weights, offset, of }: ScoreOf,
  prediction: TabularPrediction,
  n: number,
): number {
  const { columns, data } = prediction[of];
  let sum = offset;
  for (let k = 0; k < columns; k++) {
    // a margin that is not explained may be infinite
    if (weights[k] !== 0) sum += weights[k] * data[n * columns + k];
  }
  return sum;
}

/** The probability of a class, if the model gives probabilities. */
export function probaAt(
  { definition }: Pick<ScoreOf, 'definition'>,
  model: TabularModel,
  prediction: TabularPrediction,
  n: number,
): number | undefined {
  if (definition.kind !== 'class' && definition.kind !== 'negative') return undefined;
  const own = probasAt(model, prediction, n)?.[definition.index];
  return own === undefined || definition.kind === 'class' ? own : 1 - own;
}

/** The probabilities of all classes, if the model gives them. */
export function probasAt(
  model: TabularModel,
  { values: { columns, data } }: TabularPrediction,
  n: number,
): ArrayLike<number> | undefined {
  if (model.task === 'regression' || model.link.kind === 'svm') return undefined;
  const row = data.subarray(n * columns, (n + 1) * columns);
  if (row.some((p) => !(p >= 0 && p <= 1))) return undefined;
  return columns === 1 ? [1 - row[0], row[0]] : row;
}

/** Place of a class among all, from 0, and the top class if it is another one. */
export function standingOf(
  { definition, names }: ScoreOf,
  model: TabularModel,
  prediction: TabularPrediction,
  n: number,
): Pick<TargetBase, 'rank' | 'top'> {
  if (model.task === 'regression') return {};
  if (definition.kind !== 'class' && definition.kind !== 'negative') return {};
  const order = ranked(model, prediction, n);
  if (definition.kind === 'negative' && order.length > 2) return {};
  // the negative of one of two classes is the other one
  const own = definition.kind === 'class' ? definition.index : 1 - definition.index;
  const rank = order.indexOf(own);
  if (rank <= 0) return rank === 0 ? { rank } : {};
  const first: Target = { kind: 'class', index: order[0] };
  const proba = probaAt({ definition: first }, model, prediction, n);
  const label = names?.[order[0]];
  return {
    rank,
    top: {
      target: order[0],
      ...(label !== undefined && { label }),
      ...(proba !== undefined && { proba }),
    },
  };
}

function regression(index: number): Target {
  return { kind: 'regression', index, sign: 1 };
}

/** A top class becomes the class; a class of a regression is an output. */
function concrete(
  target: Target,
  model: TabularModel,
  prediction: TabularPrediction,
  n: number,
): Target {
  if (target.kind === 'weighted') {
    return {
      ...target,
      terms: target.terms.map((term) => ({
        ...term,
        target: concrete(term.target, model, prediction, n),
      })),
    };
  }
  const regressor = model.task === 'regression';
  if (target.kind === 'top') {
    const index = ranked(model, prediction, n)[target.rank];
    if (index === undefined) throw outside(target.rank, unitsOf(model, prediction));
    return regressor ? regression(index) : { kind: 'class', index };
  }
  return regressor && target.kind === 'class' ? regression(target.index) : target;
}

/** Classes from the likeliest down. */
function ranked(model: TabularModel, prediction: TabularPrediction, n: number): number[] {
  const { values } = prediction;
  const units = unitsOf(model, prediction);
  const numbers =
    values.columns === 1 && units === 2
      ? twoOf(model, values.data[n])
      : values.data.subarray(n * values.columns, (n + 1) * values.columns);
  return [...Array(units).keys()].sort((a, b) => numbers[b] - numbers[a]);
}

/** One number that decides between two classes: a distance to the border, or a probability. */
function twoOf({ link }: TabularModel, value: number): number[] {
  return link.kind === 'svm' ? [-value, value] : [1 - value, value];
}

interface Place {
  readonly model: TabularModel;
  readonly prediction: TabularPrediction;
  readonly units: number;
  readonly of: 'margins' | 'values';
}

/** Adds the target's weights; returns the constant beside them. */
function addTo(weights: Float64Array, target: Target, factor: number, place: Place): number {
  const { model, units, of } = place;
  switch (target.kind) {
    case 'weighted':
      return target.terms.reduce(
        (sum, term) => sum + addTo(weights, term.target, factor * term.weight, place),
        0,
      );
    case 'regression':
    case 'class':
    case 'negative': {
      const { index } = target;
      if (!Number.isInteger(index) || index < 0 || index >= units) throw outside(index, units);
      const sign = target.kind === 'regression' ? target.sign : target.kind === 'negative' ? -1 : 1;
      const signed = factor * sign;
      // "not this class" is one minus its probability
      const rest =
        target.kind === 'negative' && of === 'values' && model.link.kind !== 'svm' ? factor : 0;
      if (weights.length === 1 && units === 2 && model.task === 'classification') {
        if (index === 1) {
          weights[0] += signed;
          return rest;
        }
        weights[0] -= signed;
        const probability = of === 'values' && model.link.kind !== 'svm';
        return rest + (probability ? signed : 0);
      }
      weights[index] += signed;
      return rest;
    }
    default:
      throw new WhylensError(
        'INVALID_TARGET',
        `a target of kind '${target.kind}' is for models of pictures; a model of rows or texts takes a class index, a class name, an output, negativeClass, ratherThan or weightedTarget`,
      );
  }
}

function outside(index: number, units: number): WhylensError {
  return new WhylensError(
    'INVALID_TARGET',
    `a target index must be a whole number from 0 to ${units - 1} (the model has ${units} ${units === 1 ? 'output' : 'classes or outputs'}), got ${index}`,
    { facts: { index, size: units } },
  );
}
