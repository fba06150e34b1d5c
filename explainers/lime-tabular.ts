import { featureWeights } from '../src/builders/feature-weights.js';
import { explainer, type ExplainContext } from '../src/container/plugin.js';
import { WhylensError } from '../src/errors.js';
import { binName, binOf, quantileBins, type Bins } from '../src/maths/discretise.js';
import { seededRandom } from '../src/maths/random.js';
import type { RowModel } from '../src/model/tabular/interface.js';
import { modelRows } from '../src/model/tabular/read-rows.js';
import type { OptionSpecs, OptionValues } from '../src/options.js';
import { BACKGROUND_OPTION, backgroundRows } from './shared/tabular/background.js';
import {
  klDivergence,
  LIME_OPTIONS,
  limeFit,
  POOR_FIT,
  requireWeights,
} from './shared/tabular/lime-fit.js';
import { Progress, rowList, rowTask, scoreRows } from './shared/tabular/model.js';
import { FEATURE_OPTIONS, featureChoice } from './shared/tabular/options.js';
import { asRecords, shownValue, targetBase, type SampleRecord } from './shared/tabular/records.js';
import { scoresFor } from './shared/tabular/targets.js';

/** Rows given instead of drawn, so that a fit can be repeated exactly. */
export interface GivenSamples {
  readonly inputs: unknown;
  readonly interpretable?: readonly ArrayLike<number>[];
  readonly weights?: ArrayLike<number>;
}

const options = {
  samples: {
    type: 'value',
    default: 5000,
    expects:
      'a whole number of at least 2, or { inputs, interpretable, weights }: the rows the model sees (the row itself first), the rows the linear model is fitted on, and how much each counts',
    check: (value: unknown): value is number | GivenSamples =>
      (Number.isInteger(value) && (value as number) >= 2) ||
      (typeof value === 'object' && value !== null && 'inputs' in value),
    parse: (text) => Number(text),
    help: 'changed rows around the row',
  },
  ...BACKGROUND_OPTION,
  discretise: {
    type: 'choice',
    choices: ['quartiles', 'deciles', 'no'],
    default: 'quartiles',
    help: "whether numbers are cut into bins, so that a feature is 'in the row's bin or not'",
  },
  around: {
    type: 'choice',
    choices: ['data', 'row'],
    default: 'data',
    help: "where numbers that are not cut into bins are drawn: around the background's mean, or around the row",
  },
  kernelWidth: {
    type: 'number',
    min: 0.001,
    default: undefined,
    help: 'how fast rows count less with their distance (default: 0.75 · √features)',
  },
  ...LIME_OPTIONS,
  ...FEATURE_OPTIONS,
} as const satisfies OptionSpecs;

interface Sampled {
  readonly inputs: readonly Float64Array[];
  readonly fitted: readonly Float64Array[];
  /** What the columns of `fitted` are called. */
  readonly names: readonly string[];
}

/**
 * LIME for rows (Ribeiro et al. 2016): the row is changed at random, and a
 * ridge regression of the score on the changed features, weighted by closeness
 * to the row, gives every feature its weight. Closeness is √exp(−d²/w²), d the
 * Euclidean distance.
 *
 * With bins (default) the values of a feature are drawn from the background's
 * own, and the linear model sees whether it is in the row's bin: a weight is
 * what being there adds. Without, numbers are drawn from a normal distribution
 * with the background's spread, and weights are per standard deviation.
 * `samples` may be the rows themselves, so that a fit can be repeated exactly.
 *
 * `parameters.fit` is the weighted R². Prefer `kernel-shap`, whose weights add
 * up to the score.
 */
export const limeTabular = explainer({
  id: 'lime-tabular',
  summary: 'a linear model fitted around the row',
  family: 'tabular',
  description:
    'What each feature adds to the score in a linear model fitted around the row; negative features lower it.',
  reference: 'Ribeiro 2016',
  cost: '5000 forward (samples)',
  needs: {},
  seeded: true,
  documents: ['features'],
  records: ['feature-weights'],
  options,

  async explain(context) {
    const { model, rows } = rowTask(context);
    const own = context.options;
    const { kernelWidth = 0.75 * Math.sqrt(model.features.length) } = own;
    const prediction = await model.predict(rows, { signal: context.batch.signal });
    const background = await backgroundRows(context, model);
    const list = rowList(rows);
    const samples: SampleRecord[] = [];
    const choice = featureChoice(context.options);
    const total = typeof own.samples === 'number' ? own.samples * list.length : 0;
    const progress = new Progress(context, total);
    for (const [n, row] of list.entries()) {
      const table = background === undefined ? undefined : rowList(background);
      const sampled =
        typeof own.samples === 'number'
          ? drawn(context, model, row, required(table), own.samples)
          : repeated(own.samples, model, row, table, own.discretise);
      const { inputs, fitted, names } = sampled;
      const givenWeights = typeof own.samples === 'number' ? undefined : own.samples.weights;
      const weights =
        givenWeights === undefined
          ? Float64Array.from(fitted, (other) => closeness(other, fitted[0], kernelWidth))
          : requireWeights(givenWeights, inputs.length);
      const scores = scoresFor(
        model,
        prediction,
        n,
        context.targets[n],
        context.score,
        context.labels,
      );
      const found = await scoreRows(
        context,
        model,
        inputs.length,
        (first, count, into) => {
          for (let i = 0; i < count; i++) into.set(inputs[first + i], i * row.length);
        },
        scores,
        progress,
      );
      const fits = found.map((values) => limeFit(fitted, weights, values, own));
      fits.forEach(({ fit }) => {
        if (fit === null) context.warn('the score does not change whatever is changed', n);
        else if (fit < POOR_FIT) {
          context.warn(
            `the linear model explains only ${(100 * Math.max(0, fit)).toFixed(0)} % of how the score varies around the row: its weights are rough. kernel-shap needs no linear model`,
            n,
          );
        }
      });
      const one = <T>(of: readonly T[]) => (of.length === 1 ? of[0] : [...of]);
      samples.push({
        targets: scores.map((of, t) => ({
          ...targetBase(of, model, prediction, n),
          featureWeights: featureWeights(
            names.map((feature, j) => ({
              feature,
              weight: fits[t].coefficients[j],
              value: shownValue(row[j], model.features[j].categories),
            })),
            choice,
          ),
        })),
        parameters: {
          samples: inputs.length,
          kernelWidth,
          ...(background !== undefined && { background: `${background.count} rows` }),
          fit: one(fits.map(({ fit }) => fit)),
          meanKL: one(found.map((values, t) => klDivergence(values, fits[t].fitted, weights))),
          intercept: one(fits.map(({ intercept }) => intercept)),
          localPrediction: one(fits.map(({ local }) => local)),
        },
      });
    }
    return asRecords(model, 'feature-weights', samples);
  },
});

function required(table: readonly Float64Array[] | undefined): readonly Float64Array[] {
  if (table !== undefined) return table;
  throw new WhylensError(
    'INVALID_OPTION',
    "lime-tabular draws values as they occur in a table; give option 'background', for instance the training data",
  );
}

/** Bins of a column; undefined for categories and if numbers are not cut. */
function binsFor(
  model: RowModel,
  table: readonly Float64Array[],
  discretise: string,
): (Bins | undefined)[] {
  return model.features.map(({ categories }, j) =>
    categories !== undefined || discretise === 'no'
      ? undefined
      : quantileBins(
          table.map((other) => other[j]),
          discretise === 'deciles' ? 10 : 4,
        ),
  );
}

function drawn(
  { options: { discretise, around }, seed }: ExplainContext<OptionValues<typeof options>>,
  model: RowModel,
  row: Float64Array,
  table: readonly Float64Array[],
  count: number,
): Sampled {
  const random = seededRandom(seed);
  const bins = binsFor(model, table, discretise);
  const moments = Array.from(row, (_, j) => momentsOf(table.map((other) => other[j])));
  const inputs = Array.from({ length: count }, (_, i) => {
    if (i === 0) return row.slice();
    return Float64Array.from(row, (value, j) => {
      const continuous = model.features[j].categories === undefined && discretise === 'no';
      // values as they occur, so that counts stay counts
      if (!continuous) return table[random.integer(table.length)][j];
      if (Number.isNaN(value)) return value;
      const { mean, spread } = moments[j];
      return (around === 'row' ? value : mean) + spread * random.normal();
    });
  });
  return { inputs, ...interpretable(model, row, inputs, bins, moments) };
}

/** What the linear model sees: 1 in the row's bin or category, else 0; standardised numbers. */
function interpretable(
  model: RowModel,
  row: Float64Array,
  inputs: readonly Float64Array[],
  bins: readonly (Bins | undefined)[],
  moments: readonly { readonly mean: number; readonly spread: number }[],
): Pick<Sampled, 'fitted' | 'names'> {
  const fitted = inputs.map((input) =>
    Float64Array.from(input, (value, j) => {
      const own = bins[j];
      if (own !== undefined) return Number(binOf(own, value) === binOf(own, row[j]));
      if (model.features[j].categories !== undefined)
        return Number(Object.is(value + 0, row[j] + 0));
      const { mean, spread } = moments[j];
      return Number.isNaN(value) ? 0 : (value - mean) / (spread === 0 ? 1 : spread);
    }),
  );
  const names = model.features.map(({ name, categories }, j) => {
    const own = bins[j];
    if (own !== undefined) return binName(own, binOf(own, row[j]), name);
    return categories === undefined ? name : `${name}=${shownValue(row[j], categories)}`;
  });
  return { fitted, names };
}

function repeated(
  { inputs: given, interpretable: rows }: GivenSamples,
  model: RowModel,
  row: Float64Array,
  table: readonly Float64Array[] | undefined,
  discretise: string,
): Sampled {
  const inputs = rowList(modelRows(given, model, 'samples.inputs'));
  if (inputs.length < 2) {
    throw new WhylensError(
      'INVALID_OPTION',
      'samples.inputs must hold at least two rows, the explained one first',
    );
  }
  if (rows === undefined) {
    const own = required(table);
    const moments = Array.from(row, (_, j) => momentsOf(own.map((other) => other[j])));
    return {
      inputs,
      ...interpretable(model, row, inputs, binsFor(model, own, discretise), moments),
    };
  }
  const sound =
    rows.length === inputs.length &&
    rows.every((one) => one.length === row.length && Array.from(one).every(Number.isFinite));
  if (!sound) {
    throw new WhylensError(
      'INVALID_OPTION',
      `samples.interpretable must hold ${inputs.length} rows of ${row.length} finite numbers, one for each of samples.inputs`,
    );
  }
  const names =
    table === undefined
      ? model.features.map(({ name }) => name)
      : interpretable(model, row, [], binsFor(model, table, discretise), []).names;
  return { inputs, fitted: rows.map((one) => Float64Array.from(one)), names };
}

function momentsOf(values: readonly number[]): { mean: number; spread: number } {
  const known = values.filter((value) => !Number.isNaN(value));
  const mean = known.reduce((a, b) => a + b, 0) / Math.max(1, known.length);
  const variance =
    known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length);
  return { mean, spread: Math.sqrt(variance) };
}

function closeness(a: Float64Array, b: Float64Array, width: number): number {
  let squared = 0;
  for (let j = 0; j < a.length; j++) squared += (a[j] - b[j]) ** 2;
  return Math.sqrt(Math.exp(-squared / width ** 2));
}
