/** Measures how good an explanation of a row or a text is: features and words are taken away and put back. */
import { scoreAt, scoresFor, type ScoreOf } from '../../explainers/shared/tabular/targets.js';
import { partsOf, without } from '../../explainers/shared/tabular/words.js';
import type { Registry } from '../container/registry.js';
import { WhylensError } from '../errors.js';
import { explainPrediction } from '../explain/explain.js';
import type {
  Explanation,
  FeatureWeights,
  FeatureWeightsExplanation,
  JsonValue,
  Target,
  WeightedSpansExplanation,
} from '../explanation.js';
import { areaUnder, curveCounts } from '../maths/metrics/curve.js';
import { infidelity } from '../maths/metrics/infidelity.js';
import { rankCorrelation } from '../maths/metrics/rank-correlation.js';
import { seededRandom } from '../maths/random.js';
import type { ScoreKind } from '../model/interface.js';
import type { RowModel, Rows, TabularModel, TextModel } from '../model/tabular/interface.js';
import { modelRows } from '../model/tabular/read-rows.js';
import { throwIfAborted } from '../reading/abort.js';
import type { EvaluateOptions, Evaluation } from './evaluate.js';
import { TABULAR_METRICS, type TabularMetric } from './metrics.js';
import type { MetricOptions } from './options.js';

/** Records of rows and of texts. */
export type TabularRecord = FeatureWeightsExplanation | WeightedSpansExplanation;

export function isTabularRecord(explanation: Explanation): explanation is TabularRecord {
  return explanation.kind === 'feature-weights' || explanation.kind === 'weighted-spans';
}

/** How many background rows replace what is taken away; if there are more, the first. */
const MOST_BACKGROUND = 100;

/** What can be taken away: the features of a row, or the words of a text. */
interface Game {
  /** The weight that the explanation gives to each. */
  readonly weights: Float64Array;
  /** Scores with the players that `shown` holds a 1 for, one set after the other. */
  score(shown: readonly Uint8Array[], kind: ScoreKind): Promise<Float64Array>;
  /** Weights of another record of the same document. */
  read(record: TabularRecord, index: number): Float64Array;
}

export interface TabularEvaluation {
  readonly model: TabularModel;
  /** As the caller gave it, for making the explanation again. */
  readonly native: unknown;
  readonly doc: unknown;
  readonly record: TabularRecord;
  readonly index: number;
  readonly metrics: readonly TabularMetric[];
  readonly chosen: MetricOptions;
  readonly options: EvaluateOptions;
  readonly registry: Registry;
}

/** Names of the metrics that are asked for, checked against those for rows and texts. */
export function tabularMetrics(metrics: readonly string[] | 'all' | undefined): TabularMetric[] {
  if (metrics === 'all') return [...TABULAR_METRICS];
  if (metrics === undefined) return TABULAR_METRICS.filter((name) => name !== 'stability');
  const known = metrics.filter((name): name is TabularMetric =>
    (TABULAR_METRICS as readonly string[]).includes(name),
  );
  if (known.length === metrics.length && known.length > 0) return [...new Set(known)];
  throw new WhylensError(
    'INVALID_OPTION',
    `metrics of rows and texts are ${TABULAR_METRICS.join(', ')}; got ${metrics.join(', ') || 'none'}`,
  );
}

/**
 * Deletion and insertion by features (words), the largest weight first; how well the weights
 * predict what taking away random sets does; and whether another
 * seed gives the same order.
 */
export async function evaluateTabular(job: TabularEvaluation): Promise<Evaluation> {
  const { record, index, metrics, chosen, options } = job;
  const { definition, target, label } = record.targets[index];
  if (definition === undefined) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      'the explanation does not say what its target is (targets[…].definition); explain the document again with this version',
    );
  }
  const game =
    job.model.documents === 'rows'
      ? await rowGame(job, job.model, definition)
      : textGame(job, job.model, definition);
  const count = game.weights.length;
  const order = [...game.weights.keys()].sort((a, b) => game.weights[b] - game.weights[a]);
  const counts = curveCounts(count, Math.min(chosen.steps, count));
  const seeds = seedsOf(options);
  const values: Partial<Record<TabularMetric, number | null>> = {};
  const curves: Partial<Record<'deletion' | 'insertion', readonly number[]>> = {};
  const warnings: string[] = [];
  for (const metric of metrics) {
    throwIfAborted(options.signal, 'evaluating');
    if (metric === 'deletion' || metric === 'insertion') {
      const sets = counts.map((changed) => {
        const shown = new Uint8Array(count).fill(metric === 'deletion' ? 1 : 0);
        for (const i of order.slice(0, changed)) shown[i] = metric === 'deletion' ? 0 : 1;
        return shown;
      });
      const points = await game.score(sets, chosen.score);
      curves[metric] = [...points];
      values[metric] = areaUnder(points);
    } else if (metric === 'infidelity') {
      values.infidelity = (await infidelityOf(game, job)) ?? null;
      if (values.infidelity === null) {
        warnings.push('infidelity: nothing that was taken away changed the score');
      }
    } else values[metric] = await stabilityOf(game, job, definition, seeds);
  }
  return {
    kind: 'evaluation',
    estimator: record.estimator,
    method: record.method,
    target,
    ...(label === undefined ? {} : { label }),
    values,
    curves,
    parameters: {
      score: chosen.score,
      steps: chosen.steps,
      perturbations: chosen.perturbations,
      normalize: chosen.normalize,
      seeds,
      seed: options.seed ?? 0,
    },
    warnings,
  };
}

async function infidelityOf(
  game: Game,
  { record, chosen, options }: TabularEvaluation,
): Promise<number | undefined> {
  const count = game.weights.length;
  const random = seededRandom(options.seed ?? 0);
  const sets = Array.from({ length: chosen.perturbations }, () =>
    // each with every second feature on average
    Uint8Array.from({ length: count }, () => (random.uniform() < 0.5 ? 0 : 1)),
  );
  const scores = await game.score([new Uint8Array(count).fill(1), ...sets], explainedScore(record));
  const predicted = sets.map((shown) =>
    game.weights.reduce((sum, weight, i) => (shown[i] === 0 ? sum + weight : sum), 0),
  );
  const drops = sets.map((_, i) => scores[0] - scores[i + 1]);
  return infidelity(predicted, drops, chosen.normalize);
}

/** Mean rank correlation with the weights that other seeds give. */
async function stabilityOf(
  game: Game,
  { native, doc, record, options, registry }: TabularEvaluation,
  definition: Target,
  seeds: number,
): Promise<number> {
  const method = options.method ?? record.method;
  const found = registry.explainerFor(method, {});
  const explainer = found.rows ?? found;
  const own = Object.fromEntries(
    Object.entries(record.parameters).filter(
      ([name, value]) =>
        Object.hasOwn(explainer.options, name) && value !== null && name !== 'background',
    ),
  );
  const background = record.parameters.background === undefined ? {} : backgroundOf(options);
  let sum = 0;
  for (let i = 0; i < seeds; i++) {
    const again = (await explainPrediction(native, doc, {
      ...own,
      ...background,
      ...options.methodOptions,
      method,
      top: null,
      score: explainedScore(record),
      targets: [definition],
      seed: (options.seed ?? 0) + 7919 * (i + 1),
      signal: options.signal,
      container: options.container,
      plugins: options.plugins,
    } as never)) as TabularRecord;
    sum += rankCorrelation(game.weights, game.read(again, 0));
  }
  return sum / seeds;
}

function seedsOf({ seeds = 5 }: EvaluateOptions): number {
  if (Number.isInteger(seeds) && seeds >= 1) return seeds;
  throw new WhylensError(
    'INVALID_OPTION',
    `option 'seeds' must be a whole number of at least 1, got ${String(seeds)}`,
  );
}

const explainedScore = ({ parameters }: TabularRecord): ScoreKind =>
  parameters.score === 'output' ? 'output' : 'logit';

function backgroundOf({ background }: EvaluateOptions): Record<string, JsonValue> {
  return background === undefined ? {} : { background: background as JsonValue };
}

/** Removed features take the values of the background's rows, and the score is the mean over them. */
async function rowGame(
  { doc, record, index, options }: TabularEvaluation,
  model: RowModel,
  definition: Target,
): Promise<Game> {
  if (options.background === undefined) {
    throw new WhylensError(
      'INVALID_OPTION',
      `evaluating an explanation of a row takes features away, which needs rows that stand for unknown values: give option 'background'`,
    );
  }
  const { data: row } = modelRows(doc, model, 'the document');
  const others = modelRows(options.background, model, 'the background');
  const names = model.features.map(({ name }) => name);
  const read = (one: TabularRecord, t: number) => byFeature(weightsOf(one, t), names, model);
  const used = Math.min(MOST_BACKGROUND, others.count);
  return {
    weights: read(record, index),
    read,
    score: async (sets, kind) => {
      const columns = names.length;
      const scores = new Float64Array(sets.length);
      for (const [s, shown] of sets.entries()) {
        throwIfAborted(options.signal, 'evaluating');
        const data = others.data.slice(0, used * columns);
        for (let b = 0; b < used; b++) {
          for (let j = 0; j < columns; j++) if (shown[j] === 1) data[b * columns + j] = row[j];
        }
        const rows: Rows = { count: used, columns, data };
        const prediction = await model.predict(rows, { signal: options.signal });
        for (let b = 0; b < used; b++) {
          const [of] = scoresFor(model, prediction, b, [definition], kind);
          scores[s] += scoreAt(of, prediction, b) / used;
        }
      }
      return scores;
    },
  };
}

function weightsOf(record: TabularRecord, t: number): FeatureWeights {
  const { featureWeights } = record.targets[t];
  if (featureWeights !== undefined) return featureWeights;
  throw new WhylensError('INVALID_EXPLANATION', 'the explanation holds no weights of features');
}

/** A bin (`3 < age <= 7`) or a category (`plan=basic`) belongs to the feature it names. */
function byFeature({ pos, neg }: FeatureWeights, names: readonly string[], model: RowModel) {
  const weights = new Float64Array(names.length);
  const longest = [...names].sort((a, b) => b.length - a.length);
  let matched = 0;
  for (const { feature, weight } of [...pos, ...neg]) {
    if (feature === '<BIAS>') continue;
    const name = names.includes(feature) ? feature : longest.find((one) => feature.includes(one));
    if (name === undefined) continue;
    weights[names.indexOf(name)] += weight;
    matched++;
  }
  if (matched > 0 || pos.length + neg.length === 0) return weights;
  throw new WhylensError(
    'INVALID_EXPLANATION',
    `no feature of the explanation (${[...pos, ...neg]
      .slice(0, 5)
      .map((one) => one.feature)
      .join(
        ', ',
      )}) is one of '${model.name}' (${names.slice(0, 5).join(', ')}): is this the explanation of this model?`,
  );
}

/** Words are cut out of the text; a word has the weight of the spans over it, by their length. */
function textGame(
  { doc, record, index, options }: TabularEvaluation,
  model: TextModel,
  definition: Target,
): Game {
  if (typeof doc !== 'string') {
    throw new WhylensError('INVALID_DOCUMENT', 'a model of texts takes a string as the document');
  }
  const parts = partsOf(doc, 'word');
  const read = (one: TabularRecord, t: number): Float64Array => {
    const weights = new Float64Array(parts.length);
    if (one.kind !== 'weighted-spans') return weights;
    for (const { spans, weight } of one.targets[t].weightedSpans.documents[0]?.spans ?? []) {
      const length = spans.reduce((sum, [from, to]) => sum + to - from, 0);
      for (const [from, to] of spans) {
        parts.forEach(({ start, end }, i) => {
          const over = Math.min(end, to) - Math.max(start, from);
          if (over > 0) weights[i] += (weight * over) / length;
        });
      }
    }
    return weights;
  };
  return {
    weights: read(record, index),
    read,
    score: async (sets, kind) => {
      const texts = sets.map((shown) => without(doc, parts, shown, ''));
      const prediction = await model.predict(texts, { signal: options.signal });
      return Float64Array.from(texts, (_, n) => {
        const [of]: ScoreOf[] = scoresFor(model, prediction, n, [definition], kind);
        return scoreAt(of, prediction, n);
      });
    },
  };
}
