/** The table of operations: their names in the graph, and the values that they stand for. */
import type { Operation } from '../site.js';
import { LINEAR } from './linear.js';
import { POINTWISE } from './pointwise.js';
import { REDUCE } from './reduce.js';
import { SHAPE } from './shape.js';
import { SPATIAL } from './spatial.js';

const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...POINTWISE,
  ...LINEAR,
  ...SPATIAL,
  ...REDUCE,
  ...SHAPE,
};

/** The meaning of an operation; undefined if whylens has none. */
export function operationOf(op: string): Operation | undefined {
  return Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op] : undefined;
}
