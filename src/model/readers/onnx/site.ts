/** The surroundings of an operator: its node, and what all operators share. */
import { numbers } from './fold.js';
import { broken, refused, type Attributes } from './attributes.js';
import { asTraced, type Known, type Operand, type Traced } from './tensor.js';

export interface Site {
  readonly attributes: Attributes;
  /** Version of the node's domain. */
  readonly opset: number;
  /** A warning for the reader of the explanation, given once. */
  warn(message: string): void;
}

export type Inputs = readonly (Operand | undefined)[];
/** The outputs of a node, from its inputs. */
export type Operator = (inputs: Inputs, site: Site) => readonly Operand[];

export function need(inputs: Inputs, index: number, site: Site): Operand {
  const found = inputs[index];
  if (found === undefined) throw broken(site.attributes.node, `lacks its input ${index}`);
  return found;
}
export const needTraced = (inputs: Inputs, index: number, site: Site): Traced =>
  asTraced(need(inputs, index, site));

/** Numbers that must not depend on the picture: shapes, axes, rows. */
export function needKnown(inputs: Inputs, index: number, site: Site): Known {
  const found = need(inputs, index, site);
  if (found.kind === 'known') return found;
  throw refused(
    site.attributes.node,
    `takes its input ${index} from the values of the picture, which has no derivative that whylens knows`,
  );
}
export const optionalKnown = (inputs: Inputs, index: number, site: Site): Known | undefined =>
  inputs[index] === undefined ? undefined : needKnown(inputs, index, site);

/** One number, from an input or an attribute of older versions. */
export function optionalNumber(inputs: Inputs, index: number, site: Site): number | undefined {
  const found = optionalKnown(inputs, index, site);
  return found === undefined ? undefined : numbers(found)[0];
}
