/** `whylens/plugin`: what authors of explainers, formatters and adapters need. */

// so that a plugin needs one package and cannot meet a second copy of the container
export { ContainerModule, inject, injectable } from 'inversify';
export {
  createContainer,
  getDefaultContainer,
  loadPlugin,
  setDefaultContainer,
  type Plugin,
} from '../container/container.js';
export { TOKENS } from '../container/tokens.js';
export type * from '../container/plugin.js';
export type { GivenOptions, OptionSpecs, OptionValues } from '../options.js';

// makers of explainers
export { explainer } from '../container/plugin.js';
export { inputMethod, REDUCE_OPTIONS } from '../../explainers/shared/input-method.js';
export { activationMethod, layerMethod } from '../../explainers/shared/layer-method.js';
export { severalLayers } from '../../explainers/shared/several-layers.js';
export { wrapper } from '../../explainers/shared/wrapper.js';

// what explainers see of a model
export type * from '../model/interface.js';
export { ndSamples } from '../model/interface.js';
export { chooseLayer, findLayer, type LayerReference } from '../model/layers.js';
export { concreteTarget, describeTarget, scoreOf } from '../model/targets.js';
export { findLogitsLayer, findPoolingLayer } from '../explain/expose.js';
export type { Document, DocumentKind } from '../documents/document.js';

// records of texts and tables
export {
  featureImportances,
  featureWeights,
  type FeatureEntries,
  type FeatureFilter,
  type FeatureImportancesOptions,
  type FeatureOptions,
  type FeatureWeightsOptions,
} from '../builders/feature-weights.js';
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
} from '../builders/spans.js';
export {
  decisionTree,
  type TreeArrays,
  type TreeNodeInput,
  type TreeOptions,
} from '../builders/tree.js';
export { transitions } from '../builders/transitions.js';

// records and formats
export type * from '../explanation.js';
export { EXPLANATION_KINDS } from '../explanation.js';
export { selectTarget, type TargetChoice } from '../../formatters/shared/targets.js';
export {
  DISPLAY_SYMBOL,
  displayIn,
  mimeBundle,
  withDisplay,
  type MimeBundle,
  type RawDisplay,
} from '../explain/notebook.js';
export { isWhylensError, WhylensError, type ErrorCode } from '../errors.js';
