/** The metrics by name: what each measures, whether high or low is better, where it comes from. */
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';

/** The facts of a metric. */
export interface MetricInfo {
  /** The question it answers, in one line. */
  readonly help: string;
  readonly better: 'higher' | 'lower';
  readonly reference: string;
  /** Needs the true boxes of the explained object. */
  readonly boxes?: boolean;
  /** Runs the method again, so it costs many times an explanation. */
  readonly again?: boolean;
}

/** The metrics by name: what each measures, its unit, and whether high or low is good. */
export const METRICS = {
  deletion: {
    help: 'area under the score while the most relevant pixels are taken away first',
    better: 'lower',
    reference: 'Petsiuk 2018',
  },
  insertion: {
    help: 'area under the score while the most relevant pixels come into a blurred picture first',
    better: 'higher',
    reference: 'Petsiuk 2018',
  },
  drop: {
    help: 'share of the score that is lost when only the explanation is shown',
    better: 'lower',
    reference: 'Chattopadhay 2018',
  },
  increase: {
    help: 'whether the score rises when only the explanation is shown (0 or 1)',
    better: 'higher',
    reference: 'Chattopadhay 2018',
  },
  road: {
    help: 'half the gap between taking away the least and the most relevant pixels, imputed',
    better: 'higher',
    reference: 'Rong 2022',
  },
  infidelity: {
    help: 'how badly the map predicts what hiding squares does to the score (0 to 1)',
    better: 'lower',
    reference: 'Yeh 2019',
  },
  pointing: {
    help: "whether the map's peak lies in a box of the object",
    better: 'higher',
    reference: 'Zhang 2016',
    boxes: true,
  },
  energy: {
    help: "share of the map's positive values inside the boxes",
    better: 'higher',
    reference: 'Wang 2020',
    boxes: true,
  },
  iou: {
    help: "overlap of the map's strongest region with the boxes",
    better: 'higher',
    reference: 'Zhou 2016',
    boxes: true,
  },
  sensitivity: {
    help: 'how much the map changes at most while the input hardly changes',
    better: 'lower',
    reference: 'Yeh 2019',
    again: true,
  },
  randomisation: {
    help: "rank correlation with the maps of a model whose weights were re-drawn from the head on: a method must lose its map with the model's knowledge",
    better: 'lower',
    reference: 'Adebayo 2018',
    again: true,
  },
} as const satisfies Readonly<Record<string, MetricInfo>>;

/** Name of a metric. */
export type Metric = keyof typeof METRICS;

/** The metrics of explanations of rows and texts. */
export const TABULAR_METRIC_INFO = {
  deletion: {
    help: 'area under the score while features or words are taken away, the largest weight first',
    better: 'lower',
    reference: 'Petsiuk 2018',
  },
  insertion: {
    help: 'area under the score while features or words come back, the largest weight first',
    better: 'higher',
    reference: 'Petsiuk 2018',
  },
  infidelity: {
    help: 'how badly the weights predict what taking random sets away does to the score (0 to 1)',
    better: 'lower',
    reference: 'Yeh 2019',
  },
  stability: {
    help: 'rank correlation of the weights with those that other seeds give',
    better: 'higher',
    reference: 'Visani 2022',
    again: true,
  },
} as const satisfies Readonly<Record<string, MetricInfo>>;

/** Name of a metric of rows and texts; `stability` is the rank correlation with what other seeds give. */
export type TabularMetric = keyof typeof TABULAR_METRIC_INFO;

/** In the order in which they are measured. */
export const TABULAR_METRICS = Object.keys(TABULAR_METRIC_INFO) as readonly TabularMetric[];

/** The metrics that a name, several, `'all'` or nothing stands for; nothing: those that do not run the method again and need no boxes that are missing. */
export function chooseMetrics(
  given: readonly string[] | 'all' | undefined,
  hasBoxes: boolean,
): Metric[] {
  const names = Object.keys(METRICS) as Metric[];
  const info = (name: Metric): MetricInfo => METRICS[name];
  if (given === undefined || given === 'all') {
    return names.filter(
      (name) =>
        (hasBoxes || info(name).boxes !== true) && (given === 'all' || info(name).again !== true),
    );
  }
  if (given.length === 0) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'metrics' must name at least one of ${names.join(', ')}, got an empty list`,
    );
  }
  for (const name of given) {
    if (!Object.hasOwn(METRICS, name)) {
      throw new WhylensError(
        'INVALID_OPTION',
        `unknown metric '${name}'${didYouMean(name, names)} The metrics are ${names.join(', ')}`,
        { facts: { metric: name, allowed: names } },
      );
    }
    if (info(name as Metric).boxes === true && !hasBoxes) {
      throw new WhylensError(
        'INVALID_OPTION',
        `metric '${name}' compares the map with the true boxes of the object: give option 'boxes', a list of { left, top, right, bottom } in pixels of the picture`,
        { facts: { metric: name } },
      );
    }
  }
  return [...new Set(given)] as Metric[];
}
