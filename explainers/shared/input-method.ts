/** Gradients at the input as data: what they say of themselves, and one function from a gradient to a map. */
import { explainer, type Explainer, type ExplainerDefinition } from '../../src/container/plugin.js';
import type { Heatmap, NdArray } from '../../src/explanation.js';
import { CHANNEL_REDUCTIONS } from '../../src/maths/channels.js';
import type { ReluRule } from '../../src/model/interface.js';
import type { OptionSpecs, OptionValues } from '../../src/options.js';
import { differentiateInput } from './input-calls.js';

/** How a gradient with channels becomes a map: spread into the options of a method. */
export const REDUCE_OPTIONS = {
  reduce: {
    type: 'choice',
    choices: CHANNEL_REDUCTIONS,
    default: 'sum',
    help: 'over channels: the signed sum, the largest magnitude, or the mean magnitude',
  },
} as const satisfies OptionSpecs;

/**
 * A method that makes a map of the gradient of the score at the input, one
 * call for every sample and target: `saliency` and its like.
 */
export function inputMethod<
  const Id extends string,
  const Specs extends OptionSpecs = Readonly<Record<never, never>>,
>(
  method: Pick<
    ExplainerDefinition<Id, Specs>,
    'id' | 'summary' | 'description' | 'reference' | 'sanity'
  > & {
    readonly options?: Specs;
    /** How rectifiers pass the gradient back. Default `plain`. */
    readonly reluRule?: ReluRule;
    /** Gradient and sample `[..., channels]` to a map `[...]`. */
    map(gradient: NdArray, sample: NdArray, options: OptionValues<Specs>): Heatmap;
  },
): Explainer<Id, Specs> {
  const { id, summary, description, reference, sanity, reluRule = 'plain' } = method;
  return explainer<Id, Specs>({
    id,
    family: 'gradient',
    ...(summary === undefined ? {} : { summary }),
    description,
    reference,
    cost: '1 forward + 1 backward per target',
    needs: { gradients: true },
    ...(sanity === undefined ? {} : { sanity }),
    documents: ['image', 'array'],
    options: method.options ?? ({} as Specs),
    explain: (context) =>
      differentiateInput(
        context,
        (sample, gradient) => method.map(gradient, sample, context.options),
        { reluRule },
      ),
  });
}
