/** The weight of each channel in a classifier of global average pooling and one linear layer. */
import type { ExplainContext } from '../../src/container/plugin.js';
import type { Target } from '../../src/explanation.js';
import type { OutputValues, ScoreKind } from '../../src/model/interface.js';
import { seedOf } from '../../src/model/targets.js';

/**
 * How much the target's score rises with the mean of each channel of the
 * context's layer, if nothing but global average pooling and a linear layer follow and the target
 * is linear in that output; otherwise what is there, in words.
 */
export function channelWeights(
  context: ExplainContext,
  target: Target,
  outputs: readonly OutputValues[],
  n: number,
  score: ScoreKind,
): Float64Array | { readonly found: string } {
  if (!isLinear(target)) return { found: 'a target that is not linear in the output' };
  const seeds = seedOf(target, outputs, n, 'logit');
  let weights: Float64Array | undefined;
  for (const [i, seed] of seeds.entries()) {
    if (seed === undefined) continue;
    if (score === 'output' && outputs[i].activation !== 'linear') {
      return { found: `a ${outputs[i].activation} after the linear layer, explained with it` };
    }
    const head = context.model.linearHead(context.layer!.path, outputs[i].name);
    if ('found' in head) return head;
    const [channels, classes] = head.kernel.shape;
    weights ??= new Float64Array(channels);
    // most targets look at one class of a thousand
    const seen = Array.from(seed.keys()).filter((c) => seed[c] !== 0);
    for (let k = 0; k < channels; k++) {
      for (const c of seen) weights[k] += seed[c] * head.kernel.data[k * classes + c];
    }
  }
  return weights ?? { found: 'a target that looks at no output' };
}

function isLinear(target: Target): boolean {
  return target.kind === 'weighted'
    ? target.terms.every(({ target: term }) => isLinear(term))
    : target.kind !== 'similarity';
}
