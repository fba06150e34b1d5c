import { reshape } from '../../graph/build.js';
import type { GraphOutput } from '../../graph/model-graph.js';
import type { Value } from '../../graph/value.js';

/** The output, and the value before its final softmax or sigmoid, also behind a reshape. */
export function outputOf(name: string, value: Value): GraphOutput {
  let at = value;
  while (at.op === 'reshape') at = at.inputs[0];
  const activation =
    at.op === 'softmax'
      ? 'softmax'
      : at.op === 'unary' && at.attrs.fn === 'sigmoid'
        ? 'sigmoid'
        : 'linear';
  if (activation === 'linear') return { name, value, logits: value, activation };
  return { name, value, activation, logits: reshape(at.inputs[0], value.shape) };
}
