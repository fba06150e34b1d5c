/** Graph nodes that move values about. */
import { attribute, type NodeFacts, type Operand, type Shape } from './graph-facts.js';
import { concatOp, splitOp } from './ops/merge.js';
import {
  padOp,
  reshapeOp,
  resizeBilinearOp,
  sliceOp,
  transposeOp,
  upsampleNearestOp,
} from './ops/shape.js';
import type { Op } from './program.js';

export const SHAPE_NODES: Readonly<Record<string, (facts: NodeFacts) => Op | undefined>> = {
  Pad: padding,
  PadV2: padding,
  Reshape: reshape,
  Squeeze: reshape,
  ExpandDims: reshape,
  Flatten: reshape,
  ConcatV2: ({ kind, inputs }) => concatenate(kind, inputs.slice(0, -1), inputs[inputs.length - 1]),
  Concat: ({ kind, inputs }) => concatenate(kind, inputs.slice(1), inputs[0]),
  Split: ({ kind, inputs, node }) => {
    const axis = inputs[0].numbers?.[0];
    const parts = attribute(node, 'numOrSizeSplits');
    if (axis === undefined || axis === 0 || typeof parts !== 'number') return undefined;
    return splitOp(kind, parts, axis);
  },
  SplitV: ({ kind, inputs }) => {
    const [, sizes, axis] = inputs.map(({ numbers }) => numbers);
    if (sizes === undefined || axis === undefined || axis[0] === 0) return undefined;
    return sizes.includes(-1) ? undefined : splitOp(kind, sizes, axis[0]);
  },
  Transpose: ({ kind, inputs }) => {
    const order = inputs[1].numbers;
    return order?.[0] === 0 ? transposeOp(kind, order) : undefined;
  },
  Slice: (facts) => {
    const [, begin, size] = facts.inputs.map(({ numbers }) => numbers);
    if (begin === undefined || size === undefined) return undefined;
    const { shape } = facts.inputs[0];
    return slice(
      facts,
      begin.map((first, axis) => {
        if (first === 0 && (size[axis] === -1 || size[axis] === shape[axis])) return undefined;
        const length = shape[axis];
        if (length === null && size[axis] === -1) return null;
        return [first, size[axis] === -1 ? length! : first + size[axis], 1];
      }),
    );
  },
  StridedSlice: stridedSlice,
  ResizeBilinear: ({ kind, inputs, node }) => {
    const size = inputs[1].numbers;
    if (size === undefined) return undefined;
    return resizeBilinearOp(kind, () => [size[0], size[1]], {
      alignCorners: attribute(node, 'alignCorners') === true,
      halfPixelCenters: attribute(node, 'halfPixelCenters') === true,
    });
  },
  ResizeNearestNeighbor: ({ kind, inputs, node, output }) => {
    const factors = [1, 2].map((axis) => Number(output[axis]) / Number(inputs[0].shape[axis]));
    const whole = factors.every((factor) => Number.isInteger(factor) && factor >= 1);
    const known = [1, 2].every((axis) => inputs[0].shape[axis] !== null && output[axis] !== null);
    if (!whole || !known || attribute(node, 'alignCorners') === true) return undefined;
    return upsampleNearestOp(kind, factors);
  },
};

function padding({ kind, node, inputs }: NodeFacts): Op | undefined {
  const flat = inputs[1].numbers;
  if (flat === undefined || inputs[0].shape.length < 3) return undefined;
  const pairs = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  const outer = [pairs[0], pairs[pairs.length - 1]].flat();
  if (outer.some((by) => by !== 0)) return undefined;
  const value = inputs.length > 2 ? inputs[2].numbers?.[0] : attribute(node, 'constantValue');
  if (inputs.length > 2 && value === undefined) return undefined;
  const spatial = pairs.slice(1, -1).map(([a, b]) => [a, b] as const);
  return padOp(kind, spatial, Number(value ?? 0));
}

/** All reshapes by their result: the sizes of one sample, at most one of them free. */
function reshape({ kind, inputs, output }: NodeFacts): Op | undefined {
  const rest = output.slice(1);
  if (output.length === 0 || rest.filter((size) => size === null).length > 1) return undefined;
  // the batch must stay the first axis: the samples' sizes must agree
  const size = (shape: Shape) => shape.slice(1).reduce<number>((a, b) => a * (b ?? 1), 1);
  const free = [inputs[0].shape, output].some((shape) => shape.slice(1).includes(null));
  if (!free && size(inputs[0].shape) !== size(output)) return undefined;
  return reshapeOp(
    kind,
    rest.map((length) => length ?? -1),
  );
}

function concatenate(kind: string, inputs: readonly Operand[], axis: Operand): Op | undefined {
  const at = axis.numbers?.[0];
  if (at === undefined || at === 0 || inputs.some(({ weight }) => weight !== undefined)) {
    return undefined;
  }
  return concatOp(kind, at);
}

function stridedSlice(facts: NodeFacts): Op | undefined {
  const { node, inputs } = facts;
  const [, begin, end, steps] = inputs.map(({ numbers }) => numbers);
  const mask = (name: string) => Number(attribute(node, name) ?? 0);
  if (begin === undefined || end === undefined || steps === undefined) return undefined;
  if (mask('ellipsisMask') !== 0 || mask('newAxisMask') !== 0) return undefined;
  const { shape } = inputs[0];
  const squeeze: number[] = [];
  const ranges = begin.map((first, axis): Range => {
    const bit = 1 << axis;
    const length = shape[axis];
    const step = steps[axis];
    const shrinks = (mask('shrinkAxisMask') & bit) !== 0;
    if (shrinks) squeeze.push(axis);
    const [fromStart, toEnd] = ['beginMask', 'endMask'].map((name) => (mask(name) & bit) !== 0);
    if (fromStart && toEnd && step === 1 && !shrinks) return undefined;
    if (axis === 0 || length === null || step < 1) return null;
    const within = (at: number) => Math.min(length, Math.max(0, at < 0 ? at + length : at));
    if (shrinks) return [within(first), within(first) + 1, 1];
    return [fromStart ? 0 : within(first), toEnd ? length : within(end[axis]), step];
  });
  return slice(facts, ranges, squeeze);
}

/** Undefined: the whole axis; null: not known. */
type Range = [number, number, number] | undefined | null;

function slice(
  { kind }: NodeFacts,
  ranges: readonly Range[],
  squeeze: readonly number[] = [],
): Op | undefined {
  if (ranges[0] !== undefined || ranges.includes(null)) return undefined;
  return sliceOp(kind, ranges as readonly Exclude<Range, null>[], squeeze);
}
