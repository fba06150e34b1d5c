/** How good predictions are: what `permutationImportance` measures before and after shuffling. */
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import type { TabularModel, TabularPrediction } from '../model/tabular/interface.js';

/** Truth as class indices or values, one for each row, and what was predicted; higher is better. */
export type MetricFunction = (truth: Float64Array, prediction: TabularPrediction) => number;

/** By scikit-learn's names. */
const METRICS: Readonly<Record<string, MetricFunction>> = {
  accuracy: (truth, prediction) =>
    mean(truth, (y, n) => (predictedClass(prediction, n) === y ? 1 : 0)),
  balanced_accuracy: (truth, prediction) => {
    const classes = [...new Set(truth)];
    const recalls = classes.map((c) => {
      const own = [...truth.keys()].filter((n) => truth[n] === c);
      return own.filter((n) => predictedClass(prediction, n) === c).length / own.length;
    });
    return recalls.reduce((a, b) => a + b, 0) / classes.length;
  },
  neg_log_loss: (truth, { values }) =>
    mean(truth, (y, n) => {
      const { data, columns } = values;
      const p = columns === 1 ? (y === 1 ? data[n] : 1 - data[n]) : data[n * columns + y];
      return Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p)));
    }),
  roc_auc: (truth, { values }) => {
    const score = (n: number) => values.data[(n + 1) * values.columns - 1];
    return areaUnderRoc(truth, score);
  },
  r2: (truth, prediction) => {
    const average = mean(truth, (y) => y);
    const missed = mean(truth, (y, n) => (y - firstValue(prediction, n)) ** 2);
    const spread = mean(truth, (y) => (y - average) ** 2);
    return spread === 0 ? (missed === 0 ? 1 : 0) : 1 - missed / spread;
  },
  neg_mean_squared_error: (truth, prediction) =>
    -mean(truth, (y, n) => (y - firstValue(prediction, n)) ** 2),
  neg_root_mean_squared_error: (truth, prediction) =>
    -Math.sqrt(mean(truth, (y, n) => (y - firstValue(prediction, n)) ** 2)),
  neg_mean_absolute_error: (truth, prediction) =>
    -mean(truth, (y, n) => Math.abs(y - firstValue(prediction, n))),
};

const FOR_CLASSES = ['accuracy', 'balanced_accuracy', 'neg_log_loss', 'roc_auc'];

export const METRIC_NAMES: readonly string[] = Object.keys(METRICS);

/** The metric a name or function stands for; if nothing is said, accuracy for classifiers and R² otherwise. */
export function metricFor(
  metric: string | MetricFunction | undefined,
  { task, name, link }: TabularModel,
): { readonly name: string; readonly measure: MetricFunction } {
  if (typeof metric === 'function') {
    return { name: `function ${metric.name || '(anonymous)'}`, measure: metric };
  }
  const wanted = (metric ?? (task === 'classification' ? 'accuracy' : 'r2')).replaceAll('-', '_');
  const measure = Object.hasOwn(METRICS, wanted) ? METRICS[wanted] : undefined;
  if (measure === undefined) {
    throw new WhylensError(
      'INVALID_OPTION',
      `metric must be one of ${METRIC_NAMES.join(', ')}, or a function (truth, prediction) => number of which higher is better; got '${String(metric)}'${didYouMean(String(metric), METRIC_NAMES)}`,
    );
  }
  const forClasses = FOR_CLASSES.includes(wanted);
  if (
    forClasses !== (task === 'classification') ||
    (wanted === 'neg_log_loss' && link.kind === 'svm')
  ) {
    throw new WhylensError(
      'INVALID_OPTION',
      `metric '${wanted}' is for ${wanted === 'neg_log_loss' ? 'models that give probabilities' : forClasses ? 'classifiers' : 'regressions'}, and '${name}' is not one`,
    );
  }
  return { name: wanted, measure };
}

/** Index of the likeliest class; the first of equal ones. */
function predictedClass({ values, margins }: TabularPrediction, n: number): number {
  const { data, columns } = values.columns > 1 ? values : margins;
  if (columns === 1) {
    return values === margins || values.data[n] === margins.data[n]
      ? Number(margins.data[n] > 0)
      : Number(values.data[n] > 0.5);
  }
  let best = 0;
  for (let k = 1; k < columns; k++) if (data[n * columns + k] > data[n * columns + best]) best = k;
  return best;
}

function firstValue({ values }: TabularPrediction, n: number): number {
  return values.data[n * values.columns];
}

function mean(truth: Float64Array, of: (y: number, n: number) => number): number {
  let sum = 0;
  truth.forEach((y, n) => (sum += of(y, n)));
  return sum / truth.length;
}

/** The share of pairs (one of class 1, one of class 0) in the right order; ties count half. */
function areaUnderRoc(truth: Float64Array, score: (n: number) => number): number {
  const order = [...truth.keys()].sort((a, b) => score(a) - score(b));
  let [ranks, positive] = [0, 0];
  for (let i = 0; i < order.length;) {
    let j = i;
    while (j < order.length && score(order[j]) === score(order[i])) j++;
    for (let k = i; k < j; k++) {
      if (truth[order[k]] !== 1) continue;
      positive++;
      ranks += (i + j + 1) / 2;
    }
    i = j;
  }
  const negative = order.length - positive;
  return positive === 0 || negative === 0
    ? NaN
    : (ranks - (positive * (positive + 1)) / 2) / (positive * negative);
}
