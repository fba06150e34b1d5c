/**
 * The one interface through which explainers see a model. Adapters implement
 * it; nothing here knows an engine. Arrays are `{ shape, data }`, channels last.
 */
import type { NdArray, Target } from '../explanation.js';
import { sizeOf } from '../maths/ndarray.js';

/** Which number is explained: before the final softmax or sigmoid, or the output as it is. */
export type ScoreKind = 'logit' | 'output';

/** How a rectifier passes the gradient back: as calculus says, guided (Springenberg 2015), or deconvnet (Zeiler 2014). */
export type ReluRule = 'plain' | 'guided' | 'deconvnet';

/** One input of a model. */
export interface InputInfo {
  readonly name: string;
  /** Without the batch axis; null if the size is free. */
  readonly shape: readonly (number | null)[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  /** Given if the file's own order of axes is another: its array is this one with the axes in this order (`[2, 0, 1]` for channels first). */
  readonly order?: readonly number[];
}

/** One output of a model. */
export interface OutputInfo {
  readonly name: string;
  /** Without the batch axis. */
  readonly shape: readonly (number | null)[];
  /** The final activation, which `score: 'logit'` leaves out. */
  readonly activation: 'softmax' | 'sigmoid' | 'linear';
  /** Path of the value before that activation, if the model has addressable layers. */
  readonly logits?: string;
}

/** A non-linearity applied value by value, with what explainers must know about it. */
export interface ActivationInfo {
  /** `relu`, `relu6`, `hardSigmoid`, `swish`, …: the field's name in camelCase. */
  readonly name: string;
  /** The value at which the unit is cut from above (6 for ReLU6). */
  readonly ceiling?: number;
}

/** One layer of a model, as explainers may name and choose it. */
export interface LayerInfo {
  /** Unique: names joined by `/` through nested models. */
  readonly path: string;
  /** Class or operation name: `Conv2D`, `ReLU`, `FusedConv2D`. */
  readonly kind: string;
  /** Output shape without the batch axis, channels last; null if the size is free. */
  readonly shape: readonly (number | null)[];
  readonly parameters: number;
  /** Paths of the layers that feed it. */
  readonly inputs: readonly string[];
  /** Set if the layer is (or ends in) a value-by-value non-linearity. */
  readonly activation?: ActivationInfo;
  /** Other names that it is found by: a node's, its tensor's. */
  readonly aliases?: readonly string[];
  /**
   * If its axes are known: `space` or `tokens` (a sequence made from space) for what a map can be
   * drawn from, `none` for the rest. Left out, the shape alone decides.
   */
  readonly space?: 'space' | 'tokens' | 'none';
  /** Names of the inputs that it depends on; left out, all of them or not known. */
  readonly fromInputs?: readonly string[];
  /** Names of the outputs that depend on it before their final activation; left out, all of them or not known. */
  readonly toOutputs?: readonly string[];
  /** A value inside a layer, such as `conv1:linear` before the layer's own activation: addressable, not listed. */
  readonly internal?: boolean;
  /** True if a bias is added to this layer's output (`bias(path)` gives it). */
  readonly hasBias?: boolean;
}

/** What a model can do; explainers say which of these they need. */
export interface Capabilities {
  readonly activations: boolean;
  readonly gradients: boolean;
  /** Run on from replaced activations of a layer. */
  readonly fromLayer: boolean;
  /** Has layers with weights that can be re-drawn (model-randomisation check). */
  readonly randomize: boolean;
}

/** The engine that computes. */
export interface EngineInfo {
  /** `onnxruntime`, `onnxruntime-web` or `tfjs`. */
  readonly name: string;
  readonly version?: string;
  /** Threads of one operation, if that is known. */
  readonly threads?: number;
  /** What computes inside it: a backend of TensorFlow.js, `webgpu`. */
  readonly backend?: string;
}

/** A model's inputs, outputs and layers, and what it can do. */
export interface ModelDescription {
  readonly name: string;
  /** Id of the adapter. */
  readonly adapter: string;
  readonly inputs: readonly InputInfo[];
  readonly outputs: readonly OutputInfo[];
  /** In execution order. */
  readonly layers: readonly LayerInfo[];
  /** What reading the model guessed or left out, in sentences; part of every explanation. */
  readonly warnings?: readonly string[];
  readonly can: Capabilities;
  /** If that is known. */
  readonly engine?: EngineInfo;
}

/**
 * A batch that is written sample by sample, so that thousands of variants of
 * one picture never lie in memory together. `ndSamples` wraps an array.
 */
export interface Samples {
  readonly count: number;
  /** Of one sample, without the batch axis. */
  readonly shape: readonly number[];
  /** Writes all values of sample `index` into `into` (its length is the product of `shape`). */
  write(index: number, into: Float32Array): void;
  /** The whole batch, if it is in memory anyway: read without copying. */
  readonly array?: NdArray;
}

/** What every call over a batch shares. */
export interface BatchOptions {
  /** Samples run together; left out, the model chooses by its memory budget. */
  readonly batchSize?: number;
  /** Bytes of activations that may live at once. Default 256 MiB. */
  readonly memoryBudget?: number;
  /**
   * Bytes that values may take at once: a run that needs more is refused before it begins
   * (`TOO_LARGE`). Default 2 GiB in WebAssembly, else the memory of the machine.
   */
  readonly maxMemory?: number;
  readonly signal?: AbortSignal;
  /** Called after each chunk with the samples done and their total. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface RunRequest extends BatchOptions {
  /** One batch per model input, in the order of `describe().inputs`. */
  readonly inputs: readonly Samples[];
  /**
   * Run on from a layer: its output is replaced by each of these variants.
   * `inputs` then holds either one sample, whose other activations (skip
   * connections, second inputs) hold for every variant, or one per variant.
   */
  readonly from?: { readonly layer: string; readonly activations: Samples };
  /** Layer paths whose outputs are returned. */
  readonly record?: readonly string[];
  /** Called for each chunk in order; results are then not collected. */
  readonly onChunk?: (chunk: RunResult & ChunkPosition) => void;
}

/** Which samples of a batch a chunk holds. */
export interface ChunkPosition {
  /** Index of the chunk's first sample. */
  readonly offset: number;
  readonly count: number;
}

/** Values of one output for a batch. `logits` equals `values` if the output is linear. */
export interface OutputValues {
  readonly name: string;
  /** `[N, …]` before the final softmax or sigmoid. */
  readonly logits: NdArray;
  /** `[N, …]` as the model gives them. */
  readonly values: NdArray;
  readonly activation: OutputInfo['activation'];
}

/** What `run` gives: outputs and activations of a batch. */
export interface RunResult {
  /** In the order of `describe().outputs`. */
  readonly outputs: readonly OutputValues[];
  /** By layer path, `[N, …]`. */
  readonly activations: Readonly<Record<string, NdArray>>;
}

/** A forward pass with gradients: of which targets, at which layers and inputs. */
export interface DifferentiateRequest extends Omit<RunRequest, 'onChunk'> {
  /** Per sample (or one list for all): what to differentiate. */
  readonly targets: readonly Target[] | readonly (readonly Target[])[];
  /** Default `'logit'`. */
  readonly score?: ScoreKind;
  /** With respect to these layers' outputs … */
  readonly layers?: readonly string[];
  /** … and to these inputs, by name. */
  readonly wrt?: readonly string[];
  /** Default `'plain'`. */
  readonly reluRule?: ReluRule;
  readonly onChunk?: (chunk: DifferentiateResult & ChunkPosition) => void;
}

/** What `differentiate` gives: outputs, activations, scores and gradients of a batch. */
export interface DifferentiateResult extends RunResult {
  /** The differentiated scores, `scores[sample][target]`. */
  readonly scores: readonly (readonly number[])[];
  /** By layer path or input name; one `[N, …]` array per target. */
  readonly gradients: Readonly<Record<string, readonly NdArray[]>>;
}

/** A classifier head that is global average pooling of a layer followed by one linear map. */
export interface LinearHead {
  /** `[channels, classes]`. */
  readonly kernel: NdArray;
  readonly bias: Float32Array;
}

/** What explainers see of any model. An adapter implements it; `isExplainableModel` recognises it. */
export interface ExplainableModel {
  describe(): ModelDescription;
  /** Forward pass over a batch. */
  run(request: RunRequest): Promise<RunResult>;
  /** One forward and, per target, at most one partial backward pass. Gradients are taken at `layers` and `wrt`; their activations are recorded too. */
  differentiate(request: DifferentiateRequest): Promise<DifferentiateResult>;
  /** The linear head over `layer`, or else what follows the layer, in words. */
  linearHead(layer: string, output?: string): LinearHead | { readonly found: string };
  /** The bias that is added to the layer's output per channel (a normalisation's implicit bias included). */
  bias(layer: string): Float32Array | undefined;
  /** The same model with the weights of these layers drawn anew from their own mean and spread; release it separately. */
  randomize(layers: readonly string[], seed: number): ExplainableModel;
  /** Frees what the adapter allocated; never the caller's model. */
  release(): void;
}

/** An `[N, …]` array as samples. */
export function ndSamples(array: NdArray): Samples {
  const [count, ...shape] = array.shape;
  const size = sizeOf(shape);
  return {
    array,
    count,
    shape,
    write: (index, into) => into.set(array.data.subarray(index * size, (index + 1) * size)),
  };
}

/** True for an object that has this interface already: it needs no adapter. */
export function isExplainableModel(model: unknown): model is ExplainableModel {
  const candidate = model as Partial<Record<keyof ExplainableModel, unknown>> | null;
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    (['describe', 'run', 'differentiate', 'linearHead', 'randomize', 'release'] as const).every(
      (name) => typeof candidate[name] === 'function',
    )
  );
}
