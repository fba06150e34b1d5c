/**
 * What users call, in sections. Explicit names, nothing else. Authors of
 * plugins find theirs in `whylens/plugin`; pictures, colours and preprocessing
 * are in `whylens/images`, the metrics in `whylens/evaluate`, the arithmetic in
 * `whylens/maths`.
 */

// --- Explain ---
export { explainPrediction, explainPredictions } from './explain/explain.js';
export type {
  ExplainManyOptions,
  ExplainOptions,
  SharedOptions,
} from './explain/explain-options.js';
export type { Method, MethodId, MethodOptions } from './container/methods.js';
export { explainBatch, type BatchExplanation } from './explain/explain-batch.js';
export { showPrediction, type ShowOptions } from './explain/show.js';
export { displayIn, type RawDisplay } from './explain/notebook.js';
export { smooth } from '../explainers/smooth.js';
export { tta } from '../explainers/tta.js';
export type * from './explanation.js';

// --- Look into a model ---
export {
  predict,
  type OutputPrediction,
  type PredictedArray,
  type Prediction,
  type PredictOptions,
} from './explain/predict.js';
export {
  exposeModel,
  type Exposed,
  type ExposedGradients,
  type ExposedModel,
  type ExposeGradientOptions,
  type ExposeOptions,
} from './explain/expose.js';
export type { DecodedPrediction } from './images/labels.js';
export type { LayerReference } from './model/layers.js';
export type { ModelDescription, ScoreKind } from './model/interface.js';

// --- Explain a whole model ---
export {
  explainWeights,
  type ExplainWeightsOptions,
  type WeightsExplanation,
} from './inspect/explain-weights.js';
export {
  permutationImportance,
  type PermutationImportanceOptions,
} from './inspect/permutation-importance.js';
export {
  partialDependence,
  type PartialDependence,
  type PartialDependenceCurve,
  type PartialDependenceOptions,
} from './inspect/partial-dependence.js';
export type { ImportanceKind } from './inspect/importances.js';
export type { MetricFunction } from './inspect/metrics.js';

// --- Models ---
export { loadLabels, loadModel, type LabelSource, type ModelSource } from './node/load-model.js';
export { isLoadedModel, type LoadedModel } from './model/loaded.js';
export type { LoadModelOptions } from './model/tfjs/load.js';
export type { ModelFile } from './model/tfjs/bytes.js';
export type { ReadingOptions, Scheme } from './reading/limits.js';
export type { PredictFunction } from './model/function.js';
export type { NestedNumbers, Scores } from './model/scores.js';
export {
  modelOfRows,
  modelOfTexts,
  type FunctionModelOptions,
  type RowFunction,
  type RowFunctionOptions,
  type TableScores,
  type TextFunction,
} from './model/tabular/functions.js';
export type * from './model/tabular/interface.js';
export type { ModelExamples } from './model/tabular/examples.js';
export { isTabularModel, MISSING } from './model/tabular/interface.js';

// --- Documents ---
export { loadImage, type ImageSource, type LoadImageOptions } from './node/load-image.js';
export { loadImages } from './node/load-images.js';
export { saveImage, type SaveImageOptions } from './node/save-image.js';
export { readTable, type TableSource } from './node/read-table.js';
export {
  tableColumn,
  type Cell as TableCell,
  type ColumnType,
  type Table,
  type TableOptions,
} from './documents/table.js';
export type { ArrayDocument, ModelDocument, Preprocess, TensorLike } from './documents/document.js';
export type { PreprocessMode } from './images/preprocess.js';
export { describeSteps, type PixelSize, type PreprocessSteps } from './images/steps.js';
export type { ResamplingFilter } from './images/resample.js';

// --- Targets ---
export {
  classTarget,
  elementTarget,
  maskTarget,
  negativeClass,
  ratherThan,
  regressionTarget,
  similarityTarget,
  topClass,
  weightedTarget,
} from './model/targets.js';
export type { TargetOption } from './model/parse-targets.js';

// --- Formats ---
export { formatAsImage, type FormatAsImageOptions } from '../formatters/image.js';
export { formatAsHtml, type HtmlOptions } from '../formatters/html.js';
export { formatAsText, type TextOptions, type TextSection } from '../formatters/text.js';
export {
  formatAsFigure,
  type FigureOptions,
  type PngFigureOptions,
  type SvgFigureOptions,
} from '../formatters/figure.js';
export { formatAsSvg } from '../formatters/svg.js';
export {
  formatAsDependence,
  formatAsSummary,
  type Dependence,
  type DependenceOptions,
  type SummaryOptions,
} from '../formatters/summary.js';
export {
  formatAsCsv,
  formatAsTable,
  type Cell,
  type CsvOptions,
  type Row,
} from '../formatters/table.js';
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
export type { TargetChoice } from '../formatters/shared/targets.js';
export type { Colormap, ColormapFunction, Colour } from './images/colormaps.js';
export type { Blend } from './images/composite.js';
export type { DisplayFilter } from '../formatters/display/filters.js';

// --- Judge ---
export { evaluateExplanation, type EvaluateOptions, type Evaluation } from './evaluate/evaluate.js';
export type { Metric } from './evaluate/metrics.js';
export type { Box } from './maths/metrics/boxes.js';

// --- Plugins and errors ---
export {
  createContainer,
  loadPlugin,
  setDefaultContainer,
  type Plugin,
} from './container/container.js';
export { AbortedError, isWhylensError, WhylensError, type ErrorCode } from './errors.js';
