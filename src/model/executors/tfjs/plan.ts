/**
 * The order in which values are computed, and which of them form one operation of the library:
 * padding, convolution, bias and rectifier, if no value between them is needed.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { scalarOf, sizeOf, tensor } from '../../graph/build.js';
import type { Weight } from '../../graph/primitives.js';
import { ordered, usesOf, type Value } from '../../graph/value.js';
import { KERNELS } from './kernels.js';
import { convKernel } from './windows.js';

export interface Step {
  readonly value: Value;
  readonly inputs: readonly Value[];
  readonly run: (inputs: readonly Tensor[]) => Tensor;
  /** The values that are not needed any more after this step. */
  readonly last: readonly Value[];
}

export interface Plan {
  readonly outputs: readonly Value[];
  readonly steps: readonly Step[];
  /** True if tfjs' own tape has to differentiate something. */
  readonly usesTape: boolean;
}

type Unfreed = Omit<Step, 'last'>;

/** @param outputs already optimised */
export function planOf(outputs: readonly Value[]): Plan {
  const order = ordered(outputs.filter((v) => v.live));
  const uses = usesOf(outputs);
  const user = new Map<Value, Value>();
  for (const v of order) for (const x of v.inputs) user.set(x, v);
  const fetched = new Set(outputs);
  const inner = (v: Value): boolean => uses.get(v) === 1 && !fetched.has(v);
  const swallowed = new Set<Value>();
  const fused = new Map<Value, Unfreed>();
  for (const v of order) {
    if (v.op !== 'conv') continue;
    const block = fuse(v, inner, (x) => (inner(x) ? user.get(x) : undefined));
    block.swallowed.forEach((x) => swallowed.add(x));
    fused.set(block.step.value, block.step);
  }
  for (const v of order) {
    const mask = maskOf(v);
    if (mask === undefined) continue;
    for (const x of v.inputs) if (inner(x)) swallowed.add(x);
    fused.set(v, mask);
  }
  const steps = order.flatMap((v): Unfreed[] => {
    const block = fused.get(v);
    if (block !== undefined) return [block];
    if (swallowed.has(v) || v.op === 'constant' || v.op === 'input') return [];
    const kernel = KERNELS[v.op] as (inputs: readonly Tensor[], v: Value) => Tensor;
    return [{ value: v, inputs: v.inputs, run: (inputs) => kernel(inputs, v) }];
  });
  return {
    outputs,
    steps: withLast(steps, fetched),
    usesTape: order.some(({ op }) => op === 'opaqueGradient'),
  };
}

/** A convolution together with the operations around it that it can include. */
function fuse(
  v: Value<'conv'>,
  inner: (v: Value) => boolean,
  next: (v: Value) => Value | undefined,
): { readonly step: Unfreed; readonly swallowed: readonly Value[] } {
  const swallowed: Value[] = [];
  const rank = v.attrs.strides.length;
  const [padded] = v.inputs;
  const pads = padded.op === 'pad' && isSpatial(padded) && inner(padded) ? padded : undefined;
  const x = pads === undefined ? padded : pads.inputs[0];
  if (pads !== undefined) swallowed.push(pads);
  let last: Value = v;
  const take = (found: Value): void => {
    swallowed.push(last);
    last = found;
  };
  let bias: Value | undefined;
  const sum = next(last);
  if (sum?.op === 'add') {
    const other = sum.inputs[0] === last ? sum.inputs[1] : sum.inputs[0];
    const size = sizeOf(other.shape);
    const perChannel = size === (other.shape.at(-1) ?? 1) && size === v.shape[rank];
    if (other.op === 'constant' && perChannel) {
      bias = flat(other);
      take(sum);
    }
  }
  const rectifier = next(last);
  let ceiling: number | undefined;
  if (rectifier?.op === 'relu') {
    ({ ceiling } = rectifier.attrs);
    take(rectifier);
  }
  const { kernels, run } = convKernel({
    v,
    low: pads?.attrs.low.slice(0, rank),
    high: pads?.attrs.high.slice(0, rank),
    inner: pads?.attrs.inner.slice(0, rank),
    ...(ceiling === undefined ? {} : { ceiling }),
  });
  const step: Unfreed = {
    value: last,
    inputs: [x, ...kernels, ...(bias === undefined ? [] : [bias])],
    run: (given) =>
      run(
        given[0],
        given.slice(1, 1 + kernels.length),
        bias === undefined ? undefined : given[given.length - 1],
      ),
  };
  return { step, swallowed };
}

/** 1 if a rectifier with a ceiling is open, 0 < y < c, as the sign of y (c − y): comparisons are slow. */
function maskOf(v: Value): Unfreed | undefined {
  if (v.op !== 'mul') return undefined;
  const [above, under] = v.inputs;
  if (above.op !== 'compare' || above.attrs.how !== 'greater') return undefined;
  if (under.op !== 'compare' || under.attrs.how !== 'less') return undefined;
  const [y] = above.inputs;
  const ceiling = scalarOf(under.inputs[1]);
  if (under.inputs[0] !== y || scalarOf(above.inputs[1]) !== 0 || ceiling === undefined) {
    return undefined;
  }
  return { value: v, inputs: [y], run: ([x]) => tf.step(tf.mul(x, tf.sub(ceiling, x))) };
}

/** The numbers alone: backends look at the shape in which they were first uploaded. */
function flat(v: Value<'constant'>): Value<'constant'> {
  const { weight } = v.attrs;
  if (weight.shape.length === 1) return v;
  let found = lists.get(weight);
  if (found === undefined) lists.set(weight, (found = tensor([sizeOf(v.shape)], weight.data)));
  return found;
}
const lists = new WeakMap<Weight, Value<'constant'>>();

/** Zeros around and between, in space alone. */
function isSpatial({ attrs: { low, high, inner, value } }: Value<'pad'>): boolean {
  return value === 0 && low.at(-1) === 0 && high.at(-1) === 0 && inner.at(-1) === 0;
}

function withLast(steps: readonly Unfreed[], fetched: ReadonlySet<Value>): Step[] {
  const kept = new Set(fetched);
  const result: Step[] = [];
  for (const step of [...steps].reverse()) {
    const last = [...new Set(step.inputs)].filter((x) => x.op !== 'constant' && !kept.has(x));
    last.forEach((x) => kept.add(x));
    result.push({ ...step, last });
  }
  return result.reverse();
}
