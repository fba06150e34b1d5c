/** The options of the calls that explain. */
import type { Container } from 'inversify';
import type { Plugin } from '../container/container.js';
import type { Explainer } from '../container/plugin.js';
import type { KnownMethod, OwnOptions } from '../container/methods.js';
import type { Preprocess } from '../documents/document.js';
import type { Picture } from '../explanation.js';
import type { ResamplingFilter } from '../images/resample.js';
import type { Engine } from '../model/engines.js';
import type { BatchOptions, ScoreKind } from '../model/interface.js';
import type { LayerReference } from '../model/layers.js';
import type { TargetOption } from '../model/parse-targets.js';

/** Options that every method takes. */
export interface SharedOptions extends BatchOptions {
  /**
   * Class indices, label names, target data, or `'all'`; for several documents also a list of
   * lists, one for each. Default: the top class of each document.
   */
  readonly targets?: TargetOption | readonly TargetOption[] | readonly (readonly TargetOption[])[];
  /** Path, index in execution order or layer object. Default: the last layer larger than 1×1. */
  readonly layer?: LayerReference;
  /** The number explained: the logit (default) or the output as it is. */
  readonly score?: ScoreKind;
  /** Picture to lay the map over. Default: the document, or one rebuilt from the array. */
  readonly image?: Picture;
  /** Class names by index. Default: those the model was loaded with. */
  readonly labels?: readonly string[];
  /** How pictures become numbers. Default: as the model was loaded, else `none`. */
  readonly preprocess?: Preprocess;
  /** Filter by which pictures of another size are resized. Default `bilinear`. */
  readonly resize?: ResamplingFilter;
  /** Name of the explained input, for models with several. Default: the first. */
  readonly input?: string;
  /** For everything random. Default 0. */
  readonly seed?: number;
  /** Shape of one sample, for functions that do not tell. */
  readonly inputShape?: readonly number[];
  /** What a function's scores are, which it cannot tell. Default `'linear'`: the scores as they are. */
  readonly outputActivation?: 'softmax' | 'sigmoid' | 'linear';
  /** What runs a live model of TensorFlow.js, with a copy of its weights; `'auto'` is the fastest that can. A file's engine is chosen by `loadModel`. Default: where the model lives. */
  readonly engine?: Engine | 'auto';
  /** Threads of one operation in ONNX Runtime. Default: the machine's cores. */
  readonly threads?: number;
  /** tfjs backend: `tensorflow`, `wasm` or `cpu`. */
  readonly backend?: string;
  /** Name of the model in the record. */
  readonly estimator?: string;
  /** The container in which plugins are looked up. Default: the default container. */
  readonly container?: Container;
  /** Plugins for this call alone. */
  readonly plugins?: readonly Plugin[];
}

/**
 * What `explainPrediction` takes: the method, the options that every method
 * takes, and beside them the options of the method `M` itself. Without a type
 * argument it is for a method that is only known when the program runs.
 */
export type ExplainOptions<M = string | Explainer> = SharedOptions & {
  /** Id of the explainer, or an explainer such as `smooth(method)` gives. Default `grad-cam`. */
  readonly method?: KnownMethod<M>;
} & OwnOptions<NoInfer<M>>;

/** Options of `explainPredictions`. */
export type ExplainManyOptions<M = string | Explainer> = ExplainOptions<M> & {
  /** Called with the number of documents done, and their total if it is known. */
  readonly onDocument?: (done: number, total: number | undefined) => void;
  /** Documents explained in one call. Default: as `batchSize`, else 8. */
  readonly together?: number;
};
