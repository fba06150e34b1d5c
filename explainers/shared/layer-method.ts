/** Class activation maps as data: what they say of themselves, and one function from a layer to a map. */
import {
  explainer,
  type ExplainContext,
  type Explainer,
  type ExplainerDefinition,
} from '../../src/container/plugin.js';
import type { Heatmap, NdArray } from '../../src/explanation.js';
import type { OptionSpecs, OptionValues } from '../../src/options.js';
import { differentiateLayer, runLayer } from './calls.js';
import { TOKEN_OPTIONS } from './token-grid.js';

type TokenOptions = typeof TOKEN_OPTIONS;

/** What every method of a layer says of itself. `cost`, `documents`, `needs` and `family` are the same for all. */
type Introduction<Id extends string, Specs extends OptionSpecs> = Pick<
  ExplainerDefinition<Id, Specs>,
  'id' | 'summary' | 'description' | 'reference' | 'sanity' | 'seeded'
> & {
  /** The method's own options; option `tokens` is added to them. */
  readonly options?: Specs;
};

/**
 * A method that makes a map of a layer's activations and of the gradients of
 * the score there, one call for every sample and target: `grad-cam` and its like.
 *
 * @example
 * export const mine = layerMethod({
 *   id: 'mine',
 *   description: 'Positive values are …',
 *   reference: 'a paper',
 *   options: { power: { type: 'number', default: 1, help: 'exponent of the gradient' } },
 *   map: (activations, gradients, { power }) => …, // { shape: [h, w], data }
 * });
 */
export function layerMethod<
  const Id extends string,
  const Specs extends OptionSpecs = Readonly<Record<never, never>>,
>(
  method: Introduction<Id, Specs> & {
    /** Activations and gradients `[..., channels]` to a map `[...]`, raw and signed. */
    map(activations: NdArray, gradients: NdArray, options: OptionValues<Specs>): Heatmap;
  },
): Explainer<Id, TokenOptions & Specs> {
  return ofLayer(method, {
    cost: '1 forward + 1 partial backward per target',
    needs: { gradients: true, activations: true, layer: true },
    explain: (context) =>
      differentiateLayer(context, (activations, gradients) =>
        method.map(activations, gradients, context.options),
      ),
  });
}

/**
 * A method that makes a map of a layer's activations alone, one call for every
 * sample: `eigen-cam` and its like. It knows no target.
 */
export function activationMethod<
  const Id extends string,
  const Specs extends OptionSpecs = Readonly<Record<never, never>>,
>(
  method: Introduction<Id, Specs> & {
    /** Activations `[..., channels]` to a map `[...]`, raw and signed. */
    map(
      activations: NdArray,
      options: OptionValues<Specs>,
      context: Pick<ExplainContext, 'layer' | 'seed'>,
    ): Heatmap;
  },
): Explainer<Id, TokenOptions & Specs> {
  return ofLayer(method, {
    cost: '1 forward',
    needs: { activations: true, layer: true },
    ignoresTarget: true,
    explain: (context) =>
      runLayer(context, (activations) => method.map(activations, context.options, context)),
  });
}

function ofLayer<Id extends string, Specs extends OptionSpecs>(
  { id, summary, description, reference, sanity, seeded, options }: Introduction<Id, Specs>,
  rest: Pick<
    ExplainerDefinition<Id, TokenOptions & Specs>,
    'cost' | 'needs' | 'ignoresTarget' | 'explain'
  >,
): Explainer<Id, TokenOptions & Specs> {
  return explainer<Id, TokenOptions & Specs>({
    id,
    family: 'cam',
    ...(summary === undefined ? {} : { summary }),
    description,
    reference,
    ...(sanity === undefined ? {} : { sanity }),
    ...(seeded === undefined ? {} : { seeded }),
    documents: ['image', 'array'],
    options: { ...TOKEN_OPTIONS, ...options } as TokenOptions & Specs,
    ...rest,
  });
}
