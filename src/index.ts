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
  formatAsFigure,
  type FigureOptions,
  type PngFigureOptions,
  type SvgFigureOptions,
} from '../formatters/figure.js';
export { formatAsHtml, type HtmlOptions } from '../formatters/html.js';
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
export {
  formatAsCsv,
  formatAsTable,
  type Cell,
  type CsvOptions,
  type Row,
} from '../formatters/table.js';
export { formatAsSvg } from '../formatters/svg.js';
export { formatAsText, type TextOptions, type TextSection } from '../formatters/text.js';
export {
  featureImportances,
  featureWeights,
  type FeatureEntries,
  type FeatureFilter,
  type FeatureImportancesOptions,
  type FeatureOptions,
  type FeatureWeightsOptions,
} from './builders/feature-weights.js';
export {
  charAnalyzer,
  mergeSpans,
  weightedSpans,
  wordAnalyzer,
  type Analyzer,
  type FoundFeature,
  type NgramOptions,
  type WeightedSpansOptions,
  type WordOptions,
} from './builders/spans.js';
export {
  decisionTree,
  type TreeArrays,
  type TreeNodeInput,
  type TreeOptions,
} from './builders/tree.js';
export { transitions } from './builders/transitions.js';
export type { Method, MethodId, MethodOptions } from './container/methods.js';
export type * from './container/plugin.js';
export { explainer } from './container/plugin.js';
export { activationMethod, layerMethod } from '../explainers/shared/layer-method.js';
export { inputMethod, REDUCE_OPTIONS } from '../explainers/shared/input-method.js';
export { severalLayers } from '../explainers/shared/several-layers.js';
export { wrapper } from '../explainers/shared/wrapper.js';
export type { GivenOptions, OptionSpecs, OptionValues } from './options.js';
// so that a plugin needs one package and cannot meet a second copy of the container
export { ContainerModule, inject, injectable } from 'inversify';
export { TOKENS } from './container/tokens.js';
export type { PredictFunction } from './model/function.js';
export type * from './model/interface.js';
export { ndSamples } from './model/interface.js';
export {
  classTarget,
  concreteTarget,
  describeTarget,
  elementTarget,
  maskTarget,
  negativeClass,
  ratherThan,
  regressionTarget,
  scoreOf,
  similarityTarget,
  topClass,
  weightedTarget,
} from './model/targets.js';
export type { NestedNumbers, Scores } from './model/scores.js';
export { explainPrediction, explainPredictions } from './explain/explain.js';
export { type ExplainManyOptions, type ExplainOptions } from './explain/explain-options.js';
export {
  DISPLAY_SYMBOL,
  displayIn,
  mimeBundle,
  withDisplay,
  type MimeBundle,
  type RawDisplay,
} from './explain/notebook.js';
export { showPrediction, type ShowOptions } from './explain/show.js';
export { isLoadedModel, type LoadedModel } from './model/loaded.js';
export type { TargetOption } from './model/parse-targets.js';
export type {
  ArrayDocument,
  Document,
  DocumentKind,
  ModelDocument,
  Preprocess,
  TensorLike,
} from './documents/document.js';
export {
  commonMaximum,
  expandHeatmap,
  formatAsImage,
  heatmapToImage,
  type FormatAsImageOptions,
} from '../formatters/image.js';
export { selectTarget, type TargetChoice } from '../formatters/targets.js';
export { arrayToImage, imageToArray, type ArrayToImageOptions } from './images/array.js';
export {
  COLORMAPS,
  colormapNames,
  colormapTable,
  type Colormap,
  type ColormapFunction,
  type Colour,
} from './images/colormaps.js';
export { addColours, alphaComposite, type Blend } from './images/composite.js';
export { DISPLAY_FILTERS, displayMaximum, heatOf, type DisplayFilter } from './images/heat.js';
export {
  decodePredictions,
  labelIndex,
  synonymsOf,
  type DecodedPrediction,
} from './images/labels.js';
export {
  checkPicture,
  convertPicture,
  createPicture,
  MAX_PIXELS,
  type ConvertOptions,
} from './images/picture.js';
export { decodePng, encodePng, readPngHeader, type DecodePngOptions } from './images/png.js';
export {
  PREPROCESS_MODES,
  preprocessInput,
  preprocessRange,
  undoPreprocess,
  type PreprocessMode,
} from './images/preprocess.js';
export {
  RESAMPLING_FILTERS,
  resize,
  type ResamplingFilter,
  type ResizeOptions,
} from './images/resample.js';
export { smooth } from '../explainers/smooth.js';
export { tta } from '../explainers/tta.js';
export { loadLabels, loadModel, type LabelSource, type ModelSource } from './node/load-model.js';
export type { ReadingOptions, Scheme } from './reading/limits.js';
export type { LoadModelOptions } from './model/tfjs/load.js';
export type { ModelFile } from './model/tfjs/bytes.js';
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
export {
  explainWeights,
  type ExplainWeightsOptions,
  type WeightsExplanation,
} from './inspect/explain-weights.js';
export type { ImportanceKind } from './inspect/importances.js';
export type { MetricFunction } from './inspect/metrics.js';
export { explainBatch, type BatchExplanation } from './explain/explain-batch.js';
export {
  exposeModel,
  findLogitsLayer,
  findPoolingLayer,
  type Exposed,
  type ExposedGradients,
  type ExposedModel,
  type ExposeGradientOptions,
  type ExposeOptions,
} from './explain/expose.js';
export {
  predict,
  type OutputPrediction,
  type PredictedArray,
  type Prediction,
  type PredictOptions,
} from './explain/predict.js';
export { chooseLayer, findLayer, type LayerReference } from './model/layers.js';
export { loadImages } from './node/load-images.js';
export { loadImage, type ImageSource, type LoadImageOptions } from './node/load-image.js';
export { readTable, type TableSource } from './node/read-table.js';
export {
  tableColumn,
  type Cell as TableCell,
  type ColumnType,
  type Table,
  type TableOptions,
} from './documents/table.js';
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
export { saveImage, type SaveImageOptions } from './node/save-image.js';
export { evaluateExplanation, type EvaluateOptions, type Evaluation } from './evaluate/evaluate.js';
export { METRICS, type Metric, type MetricInfo } from './evaluate/metrics.js';
export type { Box } from './maths/metrics/boxes.js';
export { METRIC_OPTIONS, type MetricOptions } from './evaluate/options.js';
export {
  checkRandomisation,
  RANDOMISATION_LIMITS,
  type Randomisation,
  type RandomisationCase,
  type RandomisationOptions,
  type RandomisationStage,
} from './evaluate/randomisation.js';
