/** The final activation of an output, also behind reshapes: the values before it are the logits. */
import { reshape, transpose } from '../../graph/build.js';
import type { GraphOutput } from '../../graph/model-graph.js';
import type { Value } from '../../graph/value.js';

/** Logits and activation of an output's value; a linear one is its own logits. */
export function finalActivation(value: Value): Pick<GraphOutput, 'logits' | 'activation'> {
  const found = search(value);
  return found ?? { logits: value, activation: 'linear' };
}

function search(value: Value): Pick<GraphOutput, 'logits' | 'activation'> | undefined {
  if (value.op === 'softmax') return { logits: value.inputs[0], activation: 'softmax' };
  if (value.op === 'unary' && value.attrs.fn === 'sigmoid') {
    return { logits: value.inputs[0], activation: 'sigmoid' };
  }
  // only what leaves the classes of one softmax together on the last axis
  if (value.op === 'reshape' || value.op === 'transpose') {
    const inner = search(value.inputs[0]);
    if (inner === undefined) return undefined;
    const logits =
      value.op === 'reshape'
        ? reshape(inner.logits, value.shape)
        : transpose(inner.logits, value.attrs.order);
    const classes = inner.logits.shape.at(-1);
    if (inner.activation === 'softmax' && value.shape.at(-1) !== classes) return undefined;
    return { ...inner, logits };
  }
  return undefined;
}
