/** Measures how good an explanation is, from a model, a document and the explanation. */
import { inputRange } from '../documents/model-input.js';
import { readDocuments } from '../documents/read.js';
import { WhylensError } from '../errors.js';
import { inputIndex, inputsOf, partsOf } from '../explain/inputs.js';
import { tabularModelFor } from '../explain/tabular-function.js';
import { registryFor, withModel, type Prepared } from '../explain/prepare.js';
import { watchingProgress } from '../explain/progress.js';
import { type ExplainOptions } from '../explain/explain-options.js';
import type { Explanation, JsonValue, NdArray } from '../explanation.js';
import { remedyFor } from '../mistaken.js';
import { splitShape } from '../maths/channels.js';
import {
  energyInside,
  insideBoxes,
  pointingGame,
  regionOverlap,
  type Box,
} from '../maths/metrics/boxes.js';
import { maxSensitivity } from '../maths/metrics/sensitivity.js';
import { sampleOf } from '../maths/ndarray.js';
import { seededRandom } from '../maths/random.js';
import { resizeMap } from '../maths/resize.js';
import type { BatchOptions } from '../model/interface.js';
import { validateOptions } from '../options.js';
import {
  isMapRecord,
  makerOf,
  mapOf,
  scoreKindOf,
  type MapMaker,
  type MapRecord,
} from './again.js';
import { Work, type EvaluationJob } from './job.js';
import { chooseMetrics, type Metric, type TabularMetric } from './metrics.js';
import { METRIC_OPTIONS, type MetricOptions } from './options.js';
import { curve, infidelityOf, road, shownAlone, type RoadResult } from './perturbing.js';
import { evaluateTabular, isTabularRecord, tabularMetrics } from './tabular.js';
import { checkRandomisation, type Randomisation } from './randomisation.js';

export interface EvaluateOptions
  extends
    Partial<MetricOptions>,
    BatchOptions,
    Pick<
      ExplainOptions,
      | 'method'
      | 'labels'
      | 'preprocess'
      | 'resize'
      | 'inputShape'
      | 'engine'
      | 'threads'
      | 'backend'
      | 'container'
      | 'plugins'
      | 'seed'
    > {
  /**
   * Which metrics. Default: all but those that run the method again (`sensitivity`,
   * `randomisation`), and those with boxes if boxes are given; `'all'` takes those too.
   */
  readonly metrics?: readonly (Metric | TabularMetric)[] | 'all';
  /** Which of the explanation's targets. Default 0, the first. */
  readonly target?: number;
  /** Where the object of that target is, in pixels of the picture. */
  readonly boxes?: readonly Box[];
  /** Options of the method that the record cannot hold (functions, pictures). */
  readonly methodOptions?: Readonly<Record<string, unknown>>;
  /** Rows that stand for unknown values, if an explanation of a row is measured. */
  readonly background?: unknown;
  /** How many other seeds a row or text is explained with for `stability`. Default 5. */
  readonly seeds?: number;
}

/** What came out. Plain data. */
export interface Evaluation {
  readonly kind: 'evaluation';
  readonly estimator: string;
  readonly method: string;
  readonly target: number | string;
  readonly label?: string;
  /** By metric; null if the question has no answer, which `warnings` explain. */
  readonly values: Readonly<Partial<Record<Metric | TabularMetric, number | null>>>;
  /** Scores along the way: from nothing deleted (inserted) to everything. */
  readonly curves: Readonly<Partial<Record<'deletion' | 'insertion', readonly number[]>>>;
  readonly road?: RoadResult;
  readonly randomisation?: Randomisation;
  readonly parameters: Readonly<Record<string, JsonValue>>;
  readonly warnings: readonly string[];
}

/**
 * Measures how good an explanation is. The map is enlarged to the model's input
 * (bilinear, half-pixel centres) for all metrics but `sensitivity` and
 * `randomisation`, which compare maps as the method makes them.
 *
 * Of rows and texts features and words are taken away instead of pixels, the
 * largest weight first: `deletion`, `insertion`, `infidelity` over random
 * sets, `stability` under other seeds. Rows need `background`.
 *
 * Deletion, insertion, drop, increase and ROAD are in units of the score, by
 * default a probability; the others are explained at `METRICS`.
 *
 * @param model as for `explainPrediction`
 * @param doc the document that was explained
 * @param explanation what `explainPrediction` gave for it
 * @throws WhylensError `INVALID_EXPLANATION` for records without maps, `INVALID_OPTION`
 * @example
 * const expl = await explainPrediction(model, picture, { method: 'layer-cam' });
 * const { values } = await evaluateExplanation(model, picture, expl, {
 *   metrics: ['deletion', 'insertion', 'pointing'],
 *   boxes: [{ left: 54, top: 20, right: 184, bottom: 158 }],
 * });
 */
export async function evaluateExplanation(
  model: unknown,
  doc: unknown,
  explanation: Explanation,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const mistake = remedyFor('explanation', explanation);
  if (mistake !== undefined) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `evaluateExplanation needs the explanation to judge, got ${mistake}`,
    );
  }
  const tabular = isTabularRecord(explanation) ? tabularModelFor(model, [doc], options) : undefined;
  if (tabular !== undefined && isTabularRecord(explanation)) {
    return evaluateTabular({
      model: tabular,
      native: model,
      doc,
      record: explanation,
      index: targetIndex(explanation, options.target ?? 0),
      metrics: tabularMetrics(options.metrics),
      chosen: optionsOf(options),
      options,
      registry: registryFor(options),
    });
  }
  if (!isMapRecord(explanation)) mapOf(explanation);
  const record = explanation as MapRecord;
  const index = targetIndex(record, options.target ?? 0);
  const metrics = metricsFor(record, options);
  const chosen = optionsOf(options);
  const seed = options.seed ?? 0;
  const registry = registryFor(options);
  const again = metrics.some((metric) => metric === 'sensitivity' || metric === 'randomisation');
  // asked first: if the method cannot be run again, the error comes before anything is computed
  const maker = again ? makerOf(record, registry, options) : undefined;
  return withModel(model, options, registry, async (prepared) => {
    const found = await watchingProgress(options.onProgress, async (onProgress) => {
      const about = { options: { ...options, onProgress }, chosen, seed, metrics };
      const job = await jobOf(prepared, doc, record, index, about);
      return measure(job, metrics, { record, doc, prepared, maker, options });
    });
    const { target, label } = record.targets[index];
    return {
      kind: 'evaluation',
      estimator: record.estimator,
      method: record.method,
      target,
      ...(label === undefined ? {} : { label }),
      ...found,
      parameters: { ...plain(chosen), seed },
    };
  });
}

function targetIndex({ targets }: { readonly targets: readonly unknown[] }, index: number): number {
  if (Number.isInteger(index) && index >= 0 && index < targets.length) return index;
  throw new WhylensError(
    'INVALID_OPTION',
    `option 'target' must be the position of one of the explanation's ${targets.length} targets, from 0 to ${targets.length - 1}; got ${String(index)}`,
  );
}

function metricsFor(record: MapRecord, { metrics, boxes }: EvaluateOptions): Metric[] {
  for (const box of boxes ?? []) {
    if (box.left < box.right && box.top < box.bottom) continue;
    throw new WhylensError(
      'INVALID_OPTION',
      `a box must have numbers left < right and top < bottom in pixels of the picture, got ${JSON.stringify(box)}`,
    );
  }
  const own = metrics === 'all' ? metrics : metrics?.filter((name) => name !== 'stability');
  if (Array.isArray(metrics) && own?.length !== metrics.length) {
    throw new WhylensError(
      'INVALID_OPTION',
      "metric 'stability' is for rows and texts; 'sensitivity' measures how the map of a picture changes",
    );
  }
  const chosen = chooseMetrics(own, boxes !== undefined && boxes.length > 0);
  if (record.kind === 'image') return chosen;
  // metrics that are defined for pictures only
  const flat: readonly Metric[] = ['road', 'pointing', 'energy', 'iou'];
  if (Array.isArray(metrics) && chosen.some((metric) => flat.includes(metric))) {
    throw new WhylensError(
      'INVALID_OPTION',
      `metrics ${flat.join(', ')} are defined for pictures; this explanation is of kind '${record.kind}'`,
    );
  }
  return chosen.filter((metric) => !flat.includes(metric));
}

function optionsOf(options: EvaluateOptions): MetricOptions {
  const given = Object.fromEntries(
    Object.keys(METRIC_OPTIONS).map((name) => [name, options[name as keyof MetricOptions]]),
  );
  const chosen = validateOptions('evaluateExplanation', METRIC_OPTIONS, given);
  const { percentiles } = chosen;
  if (percentiles.length === 0 || !percentiles.every((p) => p > 0 && p < 100)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'percentiles' must hold numbers above 0 and below 100, got [${percentiles.join(', ')}]`,
    );
  }
  return chosen;
}

interface Chosen {
  readonly options: EvaluateOptions;
  readonly chosen: MetricOptions;
  readonly seed: number;
  readonly metrics: readonly Metric[];
}

async function jobOf(
  { model, description, preprocess }: Prepared,
  doc: unknown,
  record: MapRecord,
  index: number,
  { options, chosen, seed, metrics }: Chosen,
): Promise<EvaluationJob> {
  const parts = await partsOf(description, await readDocuments([doc]));
  const inputs = inputsOf(description, parts, preprocess, { resize: options.resize });
  const input = inputIndex(description, record.input);
  const sample = sampleOf(inputs[input], 0);
  const { space, channels } = splitShape(sample.shape);
  const { heatmap, definition } = record.targets[index];
  if (definition === undefined) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      'the explanation does not say what its target is (targets[…].definition); explain the document again with this version',
    );
  }
  if (heatmap.shape.length !== space.length) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `the map has shape [${heatmap.shape.join(', ')}], the document gives the model [${sample.shape.join(', ')}]: is this the explanation of this document?`,
    );
  }
  const { batchSize, memoryBudget, maxMemory, signal, onProgress } = options;
  return {
    model,
    inputs,
    input,
    sample,
    channels,
    range: inputRange(preprocess) ?? extent(sample),
    target: definition,
    map: heatmap,
    large: resizeMap(heatmap, space),
    explained: scoreKindOf(record),
    options: chosen,
    seed,
    work: new Work(
      { batchSize, memoryBudget, maxMemory, signal, onProgress },
      // drop and increase look at the same two pictures
      metrics
        .filter((metric) => metric !== 'increase' || !metrics.includes('drop'))
        .reduce((sum, metric) => sum + costOf(metric, chosen), 0),
    ),
  };
}

/** Model evaluations of a metric; an explanation made again counts as one. */
function costOf(metric: Metric, options: MetricOptions): number {
  switch (metric) {
    case 'deletion':
    case 'insertion':
      return options.steps + 1;
    case 'drop':
    case 'increase':
      return 2;
    case 'road':
      return 1 + 2 * options.percentiles.length;
    case 'infidelity':
      return options.perturbations + 1;
    case 'sensitivity':
      return options.neighbours;
    case 'randomisation':
      return options.stages;
    case 'pointing':
    case 'energy':
    case 'iou':
      return 0;
  }
}

interface Surroundings {
  readonly record: MapRecord;
  readonly doc: unknown;
  readonly prepared: Prepared;
  readonly maker: MapMaker | undefined;
  readonly options: EvaluateOptions;
}

async function measure(
  job: EvaluationJob,
  metrics: readonly Metric[],
  around: Surroundings,
): Promise<Pick<Evaluation, 'values' | 'curves' | 'road' | 'randomisation' | 'warnings'>> {
  const values: Partial<Record<Metric, number | null>> = {};
  const curves: Partial<Record<'deletion' | 'insertion', readonly number[]>> = {};
  const more: { road?: RoadResult; randomisation?: Randomisation } = {};
  const warnings: string[] = [];
  const alone = { result: undefined as { drop: number; increase: number } | undefined };
  for (const metric of metrics) {
    switch (metric) {
      case 'deletion':
      case 'insertion': {
        const { points, area } = await curve(job, metric);
        curves[metric] = points;
        values[metric] = area;
        break;
      }
      case 'drop':
      case 'increase':
        alone.result ??= await shownAlone(job);
        values[metric] = alone.result[metric];
        break;
      case 'road':
        more.road = await road(job);
        values.road = more.road.combined;
        break;
      case 'infidelity':
        values.infidelity = (await infidelityOf(job)) ?? null;
        if (values.infidelity === null)
          warnings.push(
            'infidelity: no perturbation changed the score, so there is nothing to predict',
          );
        break;
      case 'pointing':
      case 'energy':
      case 'iou':
        values[metric] = inBoxes(metric, job, around);
        break;
      case 'sensitivity':
        values.sensitivity = (await sensitivityOf(job, around)) ?? null;
        if (values.sensitivity === null)
          warnings.push(
            'sensitivity: the map is zero everywhere, so there is nothing to compare with',
          );
        break;
      case 'randomisation':
        more.randomisation = await randomisationOf(job, around);
        values.randomisation = more.randomisation.mean;
        break;
    }
  }
  return { values, curves, ...more, warnings };
}

function inBoxes(
  metric: 'pointing' | 'energy' | 'iou',
  { large, options }: EvaluationJob,
  { record, options: { boxes = [] } }: Surroundings,
): number {
  const picture = (record as Extract<MapRecord, { kind: 'image' }>).image;
  const tolerance = metric === 'pointing' ? options.tolerance : 0;
  const inside = insideBoxes(large.shape, boxes, picture, tolerance);
  if (metric === 'pointing') return pointingGame(large, inside);
  if (metric === 'energy') return energyInside(large, inside);
  return regionOverlap(large, inside, options.threshold);
}

async function sensitivityOf(
  job: EvaluationJob,
  { prepared, maker }: Surroundings,
): Promise<number | undefined> {
  const { options, range, sample, map, target, seed } = job;
  const radius = options.radius * (range[1] - range[0]);
  const maps: Float32Array[] = [];
  for (let i = 0; i < options.neighbours; i++) {
    const random = seededRandom(seed + 104729 * (i + 1));
    const near = sample.data.map((value) => value + radius * (2 * random.uniform() - 1));
    const inputs = job.inputs.map((array, which) =>
      which === job.input ? { shape: array.shape, data: near } : array,
    );
    const doc = documentOf(inputs, prepared);
    const { data } = await job.work.whole(1, (batch) =>
      maker!(modelOf(prepared), doc, target, batch),
    );
    maps.push(data);
  }
  return maxSensitivity(map.data, maps);
}

function randomisationOf(
  job: EvaluationJob,
  { prepared, maker }: Surroundings,
): Promise<Randomisation> {
  const doc = documentOf(job.inputs, prepared);
  return checkRandomisation(job.model, [{ doc, target: job.target, map: job.map }], {
    stages: job.options.stages,
    seed: job.seed,
    explain: (model, again, target, batch) =>
      maker!(modelOf({ ...prepared, model }), again, target, batch),
    step: (call) => job.work.whole(1, call),
  });
}

/** Arrays as the model takes them, by input name if there are several. */
function documentOf(inputs: readonly NdArray[], { description }: Prepared): unknown {
  return inputs.length === 1
    ? inputs[0]
    : Object.fromEntries(inputs.map((array, i) => [description.inputs[i].name, array]));
}

/** The adapted model with what is known about it, so that it is not adapted again. */
function modelOf({ model, description, labels, preprocess }: Prepared): unknown {
  return {
    kind: 'loaded-model',
    name: description.name,
    model,
    labels,
    preprocess: preprocess,
    dispose: () => undefined,
  };
}

function extent({ data }: NdArray): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function plain(options: MetricOptions): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]): [string, JsonValue] => [
      name,
      typeof value === 'object' && value !== null
        ? Array.isArray(value)
          ? (value as JsonValue)
          : 'an array'
        : (value as JsonValue),
    ]),
  );
}
