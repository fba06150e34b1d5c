/** What can be chosen about an evaluation, with its defaults; validated like a method's options. */
import { BASELINE_EXPECTS, isBaseline, parseBaseline } from '../maths/baseline.js';
import type { OptionSpecs, OptionValues } from '../options.js';

/** Options of the metrics, declared once. */
export const METRIC_OPTIONS = {
  score: {
    type: 'choice',
    choices: ['logit', 'output'],
    default: 'output',
    help: 'the number that is watched: the output (a probability) or the value before its softmax or sigmoid; infidelity takes the one that was explained',
  },
  baseline: {
    type: 'value',
    expects: BASELINE_EXPECTS,
    check: isBaseline,
    parse: parseBaseline,
    default: 'mean',
    help: "deletion, drop, increase, infidelity: what replaces the parts that are taken away: the sample's mean colour, black, white, blur, a number",
  },
  insertInto: {
    type: 'value',
    expects: BASELINE_EXPECTS,
    check: isBaseline,
    parse: parseBaseline,
    default: 'blur',
    help: 'insertion: what the picture is before anything is inserted',
  },
  steps: {
    type: 'number',
    integer: true,
    min: 1,
    default: 50,
    help: 'deletion and insertion: points of the curve beside the first',
  },
  percentiles: {
    type: 'list',
    of: 'number',
    default: [10, 20, 30, 40, 50, 60, 70, 80, 90],
    help: 'road: percentages of the pixels that stay',
  },
  roadNoise: {
    type: 'number',
    min: 0,
    default: 0.01,
    help: "road: standard deviation of the noise on imputed values, relative to the range of the input's values",
  },
  tolerance: {
    type: 'number',
    min: 0,
    default: 0,
    help: 'pointing: by how many pixels of the picture the peak may miss a box',
  },
  threshold: {
    type: 'number',
    min: 0,
    max: 1,
    default: 0.5,
    help: "iou: share of the map's maximum from which on a pixel counts as marked",
  },
  perturbation: {
    type: 'choice',
    choices: ['squares', 'noise'],
    default: 'squares',
    help: 'infidelity: hide random squares, or add noise that is the same in all channels',
  },
  perturbations: {
    type: 'number',
    integer: true,
    min: 1,
    default: 64,
    help: 'infidelity: how many perturbations',
  },
  normalize: {
    type: 'boolean',
    default: true,
    help: 'infidelity: scale the map by the one best factor and divide by the mean squared drop, so that maps of any unit can be compared',
  },
  noise: {
    type: 'number',
    min: 0,
    default: 0.1,
    help: "infidelity with noise: its standard deviation, relative to the range of the input's values",
  },
  radius: {
    type: 'number',
    min: 0,
    default: 0.01,
    help: "sensitivity: largest change of a value, relative to the range of the input's values",
  },
  neighbours: {
    type: 'number',
    integer: true,
    min: 1,
    default: 10,
    help: 'sensitivity: how many perturbed inputs are explained',
  },
  stages: {
    type: 'number',
    integer: true,
    min: 2,
    default: 5,
    help: 'randomisation: how many times the map is made again, from the head re-drawn to all layers re-drawn',
  },
} as const satisfies OptionSpecs;

/** Those that rows and texts have too, and how many seeds `stability` tries. */
export const TABULAR_METRIC_OPTIONS = {
  score: METRIC_OPTIONS.score,
  steps: METRIC_OPTIONS.steps,
  perturbations: METRIC_OPTIONS.perturbations,
  normalize: METRIC_OPTIONS.normalize,
  seeds: {
    type: 'number',
    integer: true,
    min: 1,
    default: 5,
    help: 'stability of rows and texts: how many other seeds are tried',
  },
} as const satisfies OptionSpecs;

/** {@link METRIC_OPTIONS} with defaults filled in. */
export type MetricOptions = OptionValues<typeof METRIC_OPTIONS>;
