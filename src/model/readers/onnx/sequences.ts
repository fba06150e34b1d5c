/** Lists of tensors, as exporters write them around loops and splits: known while reading, member by member. */
import { ELEMENT, type OnnxNode } from '../../files/onnx.js';
import { Attributes, broken, refused } from './attributes.js';
import type { Body } from './control.js';
import { numbers, plainAxis, splitSizes } from './fold.js';
import type { Inputs } from './site.js';
import { dimsOf, known, knownInts, range, type Known, type Operand } from './tensor.js';

const members = new WeakMap<Known, readonly Operand[]>();

/** A list in the place of a tensor; reading its numbers is an error that says so. */
function listed(list: readonly Operand[], node: OnnxNode): Known {
  const made: Known = {
    kind: 'known',
    type: 0,
    weight: {
      shape: [],
      get data(): never {
        throw broken(node, 'gives a sequence, but a tensor is needed');
      },
    },
  };
  members.set(made, list);
  return made;
}
function listOf(node: OnnxNode, x: Operand | undefined): readonly Operand[] {
  const found = x?.kind === 'known' ? members.get(x) : undefined;
  if (found === undefined) throw broken(node, 'needs a sequence');
  return found;
}
/** A place in a list, counted from its end if negative. */
function placeIn(node: OnnxNode, x: Operand, size: number): number {
  if (x.kind !== 'known') throw refused(node, 'takes a place from the values of the picture');
  const [at] = numbers(x);
  const plain = at < 0 ? at + size : at;
  if (!(plain >= 0 && plain <= size)) throw broken(node, `takes place ${at} of ${size}`);
  return plain;
}

export type SequenceOperator = (node: OnnxNode, inputs: Inputs, body: Body) => Operand;

const split: SequenceOperator = (node, [x, given], body) => {
  if (x === undefined) throw broken(node, 'lacks its input');
  const attributes = new Attributes(node);
  const axis = plainAxis(attributes.int('axis', 0), dimsOf(x).length, attributes);
  const n = dimsOf(x)[axis];
  if (given !== undefined && given.kind !== 'known') {
    throw refused(node, 'splits by the values of the picture');
  }
  // one number is the size of every piece, the last may be smaller
  const each = given === undefined ? 1 : dimsOf(given).length === 0 ? numbers(given)[0] : undefined;
  const sizes =
    each === undefined
      ? splitSizes(n, given, attributes)
      : range(Math.ceil(n / each)).map((i) => Math.min(each, n - i * each));
  const keeps = given !== undefined || attributes.int('keepdims', 1) === 1;
  let start = 0;
  const pieces = sizes.map((size) => {
    const rows = knownInts(range(size, start));
    start += size;
    const piece = body.apply('Gather', [x, rows], { axis });
    return keeps ? piece : body.apply('Squeeze', [piece], { axes: [axis] });
  });
  return listed(pieces, node);
};

const concat: SequenceOperator = (node, [sequence], body) => {
  const attributes = new Attributes(node);
  const list = listOf(node, sequence);
  if (list.length === 0) throw broken(node, 'puts no tensors together');
  const axis = attributes.int('axis', 0);
  const given =
    attributes.int('new_axis', 0) === 1
      ? list.map((x) => body.apply('Unsqueeze', [x], { axes: [axis] }))
      : list;
  return body.apply('Concat', given, { axis });
};

export const SEQUENCES: Readonly<Record<string, SequenceOperator>> = {
  SequenceEmpty: (node) => listed([], node),
  SequenceConstruct: (node, inputs) =>
    listed(
      inputs.filter((x) => x !== undefined),
      node,
    ),
  SequenceInsert: (node, [sequence, x, at]) => {
    const list = [...listOf(node, sequence)];
    if (x === undefined) throw broken(node, 'lacks what it puts in');
    list.splice(at === undefined ? list.length : placeIn(node, at, list.length), 0, x);
    return listed(list, node);
  },
  SequenceErase: (node, [sequence, at]) => {
    const list = [...listOf(node, sequence)];
    list.splice(at === undefined ? list.length - 1 : placeIn(node, at, list.length), 1);
    return listed(list, node);
  },
  SequenceAt: (node, [sequence, at]) => {
    const list = listOf(node, sequence);
    const found = at === undefined ? undefined : list[placeIn(node, at, list.length)];
    if (found === undefined) throw broken(node, 'takes a place beyond the end');
    return found;
  },
  SequenceLength: (node, [sequence]) => known([], [listOf(node, sequence).length], ELEMENT.int64),
  SplitToSequence: split,
  ConcatFromSequence: concat,
};
