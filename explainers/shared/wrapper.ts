/** What explainers that run another explainer many times (`smooth`, `tta`) have in common. */
import {
  explainer,
  type ExplainContext,
  type ExplainedMaps,
  type Explainer,
  type ExplainerNeeds,
} from '../../src/container/plugin.js';
import { AbortedError, isWhylensError, WhylensError } from '../../src/errors.js';
import {
  validateOptions,
  type OptionSpecs,
  type OptionValues,
  type StringOption,
} from '../../src/options.js';

/** The option with which a wrapper names what it wraps. */
export interface OfOption extends StringOption {
  readonly default: string;
}

/** How a wrapper describes itself, and what it does with the method that it wraps. */
export interface WrapperDefinition<Id extends string, Own extends OptionSpecs> {
  readonly id: Id;
  /** A line of `whylens methods`. */
  readonly summary?: string;
  /** Its description while it wraps nothing yet. */
  readonly description: string;
  /** What it adds to the description of the method that it wraps. */
  readonly added: string;
  readonly reference: string;
  /** In runs of the wrapped method: `n (25)`. */
  readonly cost: string;
  /** Measured with the default method. */
  readonly sanity?: string;
  /** True if another `seed` gives another result whatever is wrapped. */
  readonly seeded?: boolean;
  /** The option that names the wrapped method. */
  readonly of: { readonly default: string; readonly help: string };
  /** Its own options; those of the wrapped method stand beside them. */
  readonly options: Own;
  explain(context: ExplainContext<OptionValues<Own>>, inner: Explainer): Promise<ExplainedMaps>;
}

/** A wrapper by itself, and around a method of the caller's. */
export interface Wrapper<Id extends string, Own extends OptionSpecs> {
  /** To be registered: it wraps the method that option `of` names. */
  readonly explainer: Explainer<Id, { readonly of: OfOption } & Own>;
  /** A method (or the id of one), wrapped. */
  around(method: Explainer | string): Explainer;
}

/**
 * An explainer that runs another one many times, as data: `smooth`, `tta`.
 * It takes on the needs, documents and options of the method that it wraps.
 *
 * @example
 * const { explainer: twice, around } = wrapper({
 *   id: 'twice',
 *   description: "The method's maps, doubled.",
 *   added: 'Doubled.',
 *   reference: 'an example',
 *   cost: '1',
 *   of: { default: 'grad-cam', help: 'the method that is doubled' },
 *   options: { factor: { type: 'number', default: 2, help: 'factor' } },
 *   explain: async (context, inner) => …,
 * });
 */
export function wrapper<const Id extends string, const Own extends OptionSpecs>(
  definition: WrapperDefinition<Id, Own>,
): Wrapper<Id, Own> {
  const { id, summary, description, reference, cost, sanity } = definition;
  const of: OfOption = { type: 'string', ...definition.of };
  const base: Wrapper<Id, Own>['explainer'] = explainer<Id, { readonly of: OfOption } & Own>({
    id,
    family: 'wrapper',
    ...(summary === undefined ? {} : { summary }),
    description,
    reference,
    cost: `${cost} × the method`,
    ...(sanity === undefined ? {} : { sanity: `of ${of.default}, its default: ${sanity}` }),
    needs: {},
    ...(definition.seeded === undefined ? {} : { seeded: definition.seeded }),
    documents: ['image', 'array'],
    options: { of, ...definition.options },
    specialise(given, find) {
      const name = given.of ?? of.default;
      if (typeof name !== 'string') return base;
      const inner = find(name);
      const around = wrapped(inner.specialise?.({}, find) ?? inner, definition);
      return { ...around, options: { of: { ...of, default: name }, ...around.options } };
    },
    explain: (context) =>
      wrapped(context.explainer(String(context.options.of)), definition).explain(context),
  });
  const around = (method: Explainer | string): Explainer => {
    if (typeof method !== 'string') return wrapped(method, definition, `${id}(${method.id})`);
    return {
      ...base,
      id: `${id}(${method})`,
      sanity: undefined,
      options: definition.options,
      specialise: (_, find) => around(find(method)),
      explain: (context) => around(context.explainer(method)).explain(context),
    };
  };
  return { explainer: base, around };
}

type Wrapping = Pick<
  WrapperDefinition<string, OptionSpecs>,
  'id' | 'added' | 'reference' | 'cost' | 'seeded' | 'options' | 'explain'
>;

/**
 * An explainer with the needs, documents and options of `inner`, and the
 * wrapper's own options beside them (which win if names are the same).
 */
export function wrapped(inner: Explainer, wrapping: Wrapping, id: string = wrapping.id): Explainer {
  const { added, reference, cost, seeded, options, explain } = wrapping;
  return {
    id,
    family: 'wrapper',
    description: `${inner.description} ${added}`,
    reference: `${reference}; ${inner.reference}`,
    cost: `${cost} × (${inner.cost})`,
    needs: inner.needs,
    documents: inner.documents,
    options: { ...inner.options, ...options },
    ...(inner.ignoresTarget === undefined ? {} : { ignoresTarget: inner.ignoresTarget }),
    ...(inner.sanity === undefined ? {} : { sanity: inner.sanity }),
    ...(seeded === true || inner.seeded === true ? { seeded: true } : {}),
    ...(inner.refuses === undefined
      ? {}
      : { refuses: (description) => inner.refuses!(description) }),
    explain: (context) => explain(withLayer(context, inner.needs), inner),
  };
}

/** The context's options that are the wrapped method's: given ones, its own defaults for the rest. */
export function innerOptions(
  { options }: ExplainContext,
  inner: Explainer,
  own: OptionSpecs,
): Record<string, unknown> {
  const given = Object.fromEntries(
    Object.entries(options).filter(
      ([name]) => Object.hasOwn(inner.options, name) && !Object.hasOwn(own, name),
    ),
  );
  return validateOptions(inner.id, inner.options, given);
}

/** A part of a wrapper's work: `size` units after `done` of `total`. */
export interface Part {
  readonly done: number;
  readonly size: number;
  readonly total: number;
}

/** Runs the wrapped method; its progress and its abort are reported in units of the whole. */
export async function explainPart(
  inner: Explainer,
  context: ExplainContext,
  { done, size, total }: Part,
): Promise<ExplainedMaps> {
  let reached = done;
  const onProgress = (innerDone: number, innerTotal: number) => {
    // an inner method of several passes starts again at 0: the whole never goes back
    const now = done + Math.floor((size * innerDone) / innerTotal);
    if (now <= reached) return;
    reached = now;
    context.batch.onProgress?.(now, total);
  };
  try {
    const explained = await inner.explain({ ...context, batch: { ...context.batch, onProgress } });
    if (explained.kind === 'maps') {
      onProgress(1, 1);
      return explained;
    }
  } catch (error) {
    if (!isWhylensError(error, 'ABORTED')) throw error;
    throw new AbortedError(reached, total, error.cause ?? error);
  }
  throw new WhylensError(
    'INVALID_OPTION',
    `option 'of' must be a method that gives maps; '${inner.id}' gives records of its own, which cannot be averaged`,
    { facts: { method: inner.id } },
  );
}

/** A wrapper that does not know yet what it wraps needs no layer; when it runs, it takes the default one. */
function withLayer(context: ExplainContext, needs: ExplainerNeeds): ExplainContext {
  return needs.layer !== true || context.layer !== undefined
    ? context
    : { ...context, layer: context.resolveLayer() };
}
