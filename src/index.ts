/** The public surface: explicit named exports, nothing else. */
export type * from './explanation.js';
export { EXPLANATION_KINDS } from './explanation.js';
export { AbortedError, isWhylensError, WhylensError, type ErrorCode } from './errors.js';
export {
  createContainer,
  getDefaultContainer,
  loadPlugin,
  setDefaultContainer,
  type Plugin,
} from './container/container.js';
export {
  explanationFromDict,
  explanationFromJson,
  formatAsDict,
  formatAsJson,
  type DictOptions,
  type ExplanationDict,
  type JsonOptions,
  type ReadOptions,
} from '../formatters/json.js';
export { formatAsText, type TextOptions, type TextSection } from '../formatters/text.js';
export type * from './container/plugin.js';
export { TOKENS } from './container/tokens.js';
export type { PredictFunction } from './model/function.js';
export type * from './model/interface.js';
export { ndSamples } from './model/interface.js';
export {
  classTarget,
  describeTarget,
  elementTarget,
  maskTarget,
  negativeClass,
  ratherThan,
  regressionTarget,
  similarityTarget,
  topClass,
  weightedTarget,
} from './model/targets.js';
export type { NestedNumbers, Scores } from './model/scores.js';
export {
  explainPrediction,
  explainPredictions,
  type ExplainManyOptions,
  type ExplainOptions,
} from './explain.js';
export { showPrediction, type ShowOptions } from './show.js';
export { isLoadedModel, type LoadedModel } from './model/loaded.js';
export type { TargetOption } from './model/parse-targets.js';
export type { ArrayDocument, ModelDocument, Preprocess, TensorLike } from './document.js';
