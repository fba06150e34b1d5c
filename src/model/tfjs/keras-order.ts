/** Whether a topology can be built at all: tfjs waits without end for calls that never come. Pure. */
import { WhylensError } from '../../errors.js';
import type { InboundTensor, LayerJson } from './keras-topology.js';

interface Place {
  readonly file: string;
  readonly prefix: string;
}

interface Call {
  readonly layer: string;
  readonly takes: readonly InboundTensor[];
}

/**
 * Makes the calls in an order in which each finds what it takes, as tfjs does,
 * and throws `MODEL_LOAD` if some are left: layers in a circle, a layer that
 * takes its own output, a call that the layer does not have, a layer that is
 * never called.
 */
export function requireOrder(
  layers: readonly LayerJson[],
  ends: readonly (readonly unknown[])[],
  { file, prefix }: Place,
): void {
  // inputs and nested models have one call from the start: their own making
  const made = new Map(layers.map((layer) => [layer.name, hasOwnCall(layer) ? 1 : 0]));
  let left: Call[] = layers.flatMap(({ name, inbound_nodes: nodes = [] }) =>
    nodes.filter((takes) => takes.length > 0).map((takes) => ({ layer: name, takes })),
  );
  for (;;) {
    const waiting: Call[] = [];
    for (const call of left) {
      if (!call.takes.every(([from, index]) => isMade(made, from, index))) waiting.push(call);
      else made.set(call.layer, made.get(call.layer)! + 1);
    }
    if (waiting.length === left.length) break;
    left = waiting;
  }
  if (left.length > 0) {
    const { layer, takes } = left[0];
    const [from, index] = takes.find(([name, call]) => !isMade(made, name, call))!;
    throw new WhylensError(
      'MODEL_LOAD',
      `layer '${prefix}${layer}' in ${file} takes the output of call ${index} of '${from}', which is never made: the layers lead in a circle, or the call does not exist. Convert the model again`,
      { facts: { layer: prefix + layer, from, call: index } },
    );
  }
  for (const [name, index] of ends) {
    if (typeof name === 'string' && made.has(name) && isMade(made, name, Number(index))) continue;
    throw new WhylensError(
      'MODEL_LOAD',
      `the model in ${file} begins or ends at call ${String(index)} of layer '${prefix}${String(name)}', which is never made. Convert the model again`,
      { facts: { layer: prefix + String(name) } },
    );
  }
}

function isMade(made: ReadonlyMap<string, number>, layer: string, call: number): boolean {
  return Number.isInteger(call) && call >= 0 && call < (made.get(layer) ?? 0);
}

function hasOwnCall({ class_name: kind, config }: LayerJson): boolean {
  return kind === 'InputLayer' || Array.isArray(config.layers);
}
