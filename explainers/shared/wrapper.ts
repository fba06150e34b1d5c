/** What explainers that run another explainer many times (`smooth`, `tta`) have in common. */
import type {
  ExplainContext,
  ExplainedMaps,
  Explainer,
  ExplainerNeeds,
} from '../../src/container/plugin.js';
import { AbortedError, isWhylensError, WhylensError } from '../../src/errors.js';
import { validateOptions, type OptionSpecs, type StringOption } from '../../src/options.js';
import { chooseLayer } from '../../src/model/layers.js';

/** How a wrapper introduces itself once it knows what it wraps. */
export interface Wrapping {
  readonly id: string;
  readonly description: string;
  readonly reference: string;
  readonly cost: string;
  readonly options: OptionSpecs;
  explain(context: ExplainContext, inner: Explainer): Promise<ExplainedMaps>;
}

/**
 * An explainer with the needs, documents and options of `inner`, and the
 * wrapper's own options beside them (which win where names meet).
 */
export function wrapped(inner: Explainer, wrapping: Wrapping, id = wrapping.id): Explainer {
  return {
    id,
    family: 'wrapper',
    description: `${inner.description} ${wrapping.description}`,
    reference: `${wrapping.reference}; ${inner.reference}`,
    cost: `${wrapping.cost} × (${inner.cost})`,
    needs: inner.needs,
    documents: inner.documents,
    options: { ...inner.options, ...wrapping.options },
    ...(inner.ignoresTarget === undefined ? {} : { ignoresTarget: inner.ignoresTarget }),
    ...(inner.sanity === undefined ? {} : { sanity: inner.sanity }),
    ...(inner.refuses === undefined
      ? {}
      : { refuses: (description) => inner.refuses!(description) }),
    explain: (context) => wrapping.explain(withLayer(context, inner.needs), inner),
  };
}

/** What the option `of` makes of a wrapper: the wrapper around the named method, that name recorded. */
export function aroundNamed(
  base: Explainer,
  wrapping: Wrapping,
  of: StringOption & { readonly default: string },
  given: Readonly<Record<string, unknown>>,
  find: (id: string) => Explainer,
): Explainer {
  const id = given.of ?? of.default;
  if (typeof id !== 'string') return base;
  const inner = find(id);
  const explainer = wrapped(inner.specialise?.({}, find) ?? inner, wrapping);
  return { ...explainer, options: { of: { ...of, default: id }, ...explainer.options } };
}

/** `smooth(method)` and its like: the wrapped form of a method, as a method. */
export function asMethod(
  base: Explainer,
  wrapping: Wrapping,
  method: Explainer | string,
): Explainer {
  if (typeof method !== 'string') return wrapped(method, wrapping, `${wrapping.id}(${method.id})`);
  const { family, description, reference, cost, needs, documents } = base;
  return {
    id: `${wrapping.id}(${method})`,
    family,
    description,
    reference,
    cost,
    needs,
    documents,
    options: wrapping.options,
    specialise: (_, find) => asMethod(base, wrapping, find(method)),
    explain: (context) => asMethod(base, wrapping, context.explainer(method)).explain(context),
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

/** A stretch of a wrapper's work: `size` units after `done` of `total`. */
export interface Part {
  readonly done: number;
  readonly size: number;
  readonly total: number;
}

/** Runs the wrapped method; its progress and its abort are told in units of the whole. */
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

/** A wrapper used without knowing what it wraps was asked for no layer: then the default one. */
function withLayer(context: ExplainContext, needs: ExplainerNeeds): ExplainContext {
  return needs.layer !== true || context.layer !== undefined
    ? context
    : { ...context, layer: chooseLayer(context.description) };
}
