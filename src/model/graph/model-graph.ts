/** A model as values, and the names that people use for them. */
import { sizeOf } from '../../maths/ndarray.js';
import type { ActivationInfo, InputInfo, OutputInfo } from '../interface.js';
import type { Shape } from './primitives.js';
import type { Value } from './value.js';

export interface GraphInput {
  readonly name: string;
  readonly value: Value<'input'>;
  /** The type of numbers that the file declares; the graph itself computes in floating point. Default float32. */
  readonly dtype?: InputInfo['dtype'];
  /** Sizes as the file declares them if some are free; else those of `value`. */
  readonly shape?: readonly (number | null)[];
  /**
   * If the file's own order of axes is another (channels first): the file's
   * array is the graph's with its axes in this order, `[2, 0, 1]` for CHW.
   */
  readonly order?: Shape;
}

export interface GraphOutput {
  readonly name: string;
  /** As the model gives it. */
  readonly value: Value;
  /** Before the final activation; `value` itself if that is linear. */
  readonly logits: Value;
  /** As `GraphLayer.shape`. */
  readonly shape?: readonly (number | null)[];
  readonly activation: OutputInfo['activation'];
  /** As `GraphInput.order`. */
  readonly order?: Shape;
}

/** A name for a value: a layer of Keras, a node of an ONNX or TensorFlow graph. */
export interface GraphLayer {
  /** Unique: names joined by `/`. */
  readonly path: string;
  /** Class or operation as the format calls it. */
  readonly kind: string;
  readonly value: Value;
  /** Sizes of its value if some change with the input's; else those of `value`. */
  readonly shape?: readonly (number | null)[];
  readonly parameters: number;
  /** Paths of the layers that feed it. */
  readonly inputs: readonly string[];
  readonly activation?: ActivationInfo;
  /** Addressable, not listed. */
  readonly internal?: boolean;
  /** Whether a map can be drawn from it, as far as its axes are known. */
  readonly space?: 'space' | 'tokens' | 'none';
  /** Other names that it is found by: the node's, its output tensor's. */
  readonly aliases?: readonly string[];
  /** Its own weights, for drawing anew, without those of inner layers. */
  readonly weights?: readonly Value<'constant'>[];
}

export interface ModelGraph {
  readonly name: string;
  /** What it was read from: `onnx`, `keras`, `tfjs-graph`. */
  readonly format: string;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  /** By path, in execution order. */
  readonly layers: ReadonlyMap<string, GraphLayer>;
  /** What was guessed or left out in reading, in sentences; printed and recorded. */
  readonly warnings?: readonly string[];
}

/** The number of weights below a value that no value of `known` has counted. */
export function countParameters(weights: readonly Value<'constant'>[]): number {
  return [...new Set(weights)].reduce((n, { shape }) => n + sizeOf(shape), 0);
}
