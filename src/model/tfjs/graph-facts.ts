/** What a translation sees of a node, and how it reads its attributes. */
import { WhylensError } from '../../errors.js';
import type { GraphNode } from './graph-model.js';
import type { ConvGeometry } from './ops/conv.js';
import type { Op } from './program.js';
import type { Weight } from './weight.js';

/** Null where the size is free. */
export type Shape = readonly (number | null)[];

/** One input of a node. */
export interface Operand {
  /** Set for a constant. */
  readonly weight?: Weight;
  /** Known numbers: of a constant, or of a value that follows from fixed sizes. */
  readonly numbers?: readonly number[];
  /** With the batch axis. */
  readonly shape: Shape;
}

export interface NodeFacts {
  readonly node: GraphNode;
  readonly kind: string;
  readonly inputs: readonly Operand[];
  /** Of the first output, with the batch axis. */
  readonly output: Shape;
}

/** One op of a node; all but the last get a name of their own. */
export interface NodePart {
  readonly op: Op;
  readonly name?: string;
}

export function attribute(node: GraphNode, name: string): unknown {
  return node.attrParams[name]?.value;
}

export function numbersOf(node: GraphNode, name: string): number[] {
  const value = attribute(node, name);
  return Array.isArray(value) ? (value as number[]) : [];
}

export function geometryOf(node: GraphNode): ConvGeometry {
  requireChannelsLast(node);
  const spatial = (list: readonly number[]) => (list.length === 4 ? list.slice(1, 3) : [1, 1]);
  const pad = String(attribute(node, 'pad') ?? 'valid').toLowerCase();
  const flat = numbersOf(node, 'explicitPaddings');
  return {
    strides: spatial(numbersOf(node, 'strides')),
    dilations: spatial(numbersOf(node, 'dilations')),
    padding:
      pad === 'explicit'
        ? [
            [flat[2], flat[3]],
            [flat[4], flat[5]],
          ]
        : (pad as 'same' | 'valid'),
  };
}

export function requireChannelsLast(node: GraphNode): void {
  const format = String(attribute(node, 'dataFormat') ?? 'nhwc').toLowerCase();
  if (format === 'nhwc') return;
  throw new WhylensError(
    'UNSUPPORTED_OPERATION',
    `node '${node.name}' (${node.op}) has data format ${format.toUpperCase()}; only channels last (NHWC) is computed. Export the model with channels last`,
    { facts: { layer: node.name, operation: node.op } },
  );
}
