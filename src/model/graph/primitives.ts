/**
 * The primitives of a model's graph and the attributes of each beside its inputs. They are closed
 * under differentiation: the gradient of each is
 * written with these alone. Everything else (normalisations, activations,
 * pools, resizing) is a function that builds values of these: see `composites.ts`.
 *
 * All shapes are those of one sample: only executors know the batch.
 */
export type Shape = readonly number[];

/** Numbers that belong to the model. One object is one weight, however often it is used. */
export interface Weight {
  readonly shape: Shape;
  /** In C order; a getter here may read or convert lazily. */
  readonly data: Float32Array | Float64Array;
  /** The weight that has the same numbers in another shape. */
  readonly of?: Weight;
  /** The weight that has the same numbers with its axes in another order, so that none are kept twice. */
  readonly turned?: { readonly from: Weight; readonly order: Shape };
}

/** A layer that only its own library can run and differentiate. */
export interface OpaqueLayer {
  readonly kind: string;
  /** Data for that library, used by nothing else. */
  readonly own: unknown;
}

export type Unary =
  | 'exp'
  | 'log'
  | 'neg'
  | 'abs'
  | 'sign'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'sqrt'
  | 'reciprocal'
  | 'erf'
  | 'sin'
  | 'cos'
  | 'atan'
  | 'floor'
  | 'ceil'
  | 'round';

export type Comparison = 'less' | 'lessEqual' | 'greater' | 'greaterEqual' | 'equal' | 'notEqual';

export interface Primitives {
  input: { readonly name: string };
  constant: { readonly weight: Weight };
  opaque: { readonly layer: OpaqueLayer; readonly output: number };
  /** Inputs: those of the layer, then the gradient at its output; gives the gradient at input `index`. */
  opaqueGradient: { readonly layer: OpaqueLayer; readonly output: number; readonly index: number };
  /** Input `[…space, channels]`, kernel `[…window, channels / groups, filters]`; padding is done by `pad`. */
  conv: { readonly strides: Shape; readonly dilations: Shape; readonly groups: number };
  /** Over the last two axes, the others broadcast. */
  matMul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** A matrix `[out, in]` (second input) applied along one axis of the first: resizing, sums that run on, padding by reflection. */
  along: { readonly axis: number };
  add: Record<never, never>;
  mul: Record<never, never>;
  div: Record<never, never>;
  max: Record<never, never>;
  /** 1 where it holds, else 0. */
  compare: { readonly how: Comparison };
  /** Inputs: condition, value where it is not 0, value where it is 0. */
  select: Record<never, never>;
  unary: { readonly fn: Unary };
  /** To a constant power. */
  power: { readonly exponent: number };
  /** A primitive of its own, since guided rules and fusion need it: min(max(x, 0), ceiling). */
  relu: { readonly ceiling: number };
  /** Over the last axis. */
  softmax: Record<never, never>;
  /** Axes are kept with size 1, here and in `reduceMax`. */
  sum: { readonly axes: Shape };
  reduceMax: { readonly axes: Shape };
  expand: { readonly shape: Shape };
  reshape: { readonly shape: Shape };
  transpose: { readonly order: Shape };
  reverse: { readonly axes: Shape };
  /** Rows before, after and between the existing ones, per axis, filled with `value`. */
  pad: { readonly low: Shape; readonly high: Shape; readonly inner: Shape; readonly value: number };
  slice: { readonly start: Shape; readonly stop: Shape; readonly step: Shape };
  concat: { readonly axis: number };
  /** Rows of one axis by number, in any order, also repeatedly. */
  gather: { readonly axis: number; readonly indices: Shape };
  /** Input `[…space, channels]`. */
  maxPool: { readonly window: Shape; readonly strides: Shape; readonly dilations: Shape };
  /** Inputs x, maxPool(x) and the gradient there; the first of equal values takes it all. */
  maxPoolGradient: { readonly window: Shape; readonly strides: Shape; readonly dilations: Shape };
}

export type Name = keyof Primitives;
