/** `whylens/evaluate`: is an explanation any good, and does a method look at the model at all? */
export {
  evaluateExplanation,
  type EvaluateOptions,
  type Evaluation,
} from '../evaluate/evaluate.js';
export { METRICS, type Metric, type MetricInfo } from '../evaluate/metrics.js';
export { METRIC_OPTIONS, type MetricOptions } from '../evaluate/options.js';
export {
  checkRandomisation,
  RANDOMISATION_LIMITS,
  type Randomisation,
  type RandomisationCase,
  type RandomisationOptions,
  type RandomisationStage,
} from '../evaluate/randomisation.js';
export type { Box } from '../maths/metrics/boxes.js';
