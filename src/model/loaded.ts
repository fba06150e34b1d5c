/** A model together with what is known about it: labels and preprocessing. */
import type { Preprocess } from '../documents/document.js';
import type { Inferred } from './infer.js';

/** What `loadModel` gives. Recognised by its `kind`, so that anybody can make one. */
export interface LoadedModel {
  readonly kind: 'loaded-model';
  readonly name: string;
  /** The model as it was read from its file, or any value that an adapter takes. */
  readonly model: unknown;
  readonly labels?: readonly string[];
  /** How pictures become numbers; undefined if nobody said it and nothing tells it. */
  readonly preprocess?: Preprocess;
  /**
   * Shape of one sample (`[224, 224, 3]`), with null if the model leaves a size open and it was
   * not given. Undefined for a model with several inputs.
   */
  readonly inputShape?: readonly (number | null)[];
  /** Which of these were inferred, and from what. */
  readonly inferred?: Inferred;
  /** The engine that runs it: `onnxruntime`, `onnxruntime-web` or `tfjs`. */
  readonly engine?: string;
  /** Who chose that engine, in words. */
  readonly engineReason?: string;
  /** Threads of one operation, if that is known. */
  readonly threads?: number;
  /** The backend of TensorFlow.js it was loaded for. */
  readonly backend?: string;
  /** Who chose that backend, in words. */
  readonly backendReason?: string;
  /** Frees the native model. */
  dispose(): void;
}

/** True for what `loadModel` gives, or anything of that shape. */
export function isLoadedModel(model: unknown): model is LoadedModel {
  return (
    typeof model === 'object' &&
    model !== null &&
    (model as { kind?: unknown }).kind === 'loaded-model' &&
    'model' in model
  );
}
