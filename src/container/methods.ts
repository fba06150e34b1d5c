/** Which options go with which method, as types: what completes and checks calls of `explainPrediction`. */
import type { BuiltInExplainer, RowSides } from '../../explainers/index.js';
import type { GivenOptions, OptionSpecs } from '../options.js';
import type { Explainer } from './plugin.js';

/** Every option of any built-in method; if several have a name in common, the values of all. */
type AnyOptions = {
  readonly [K in NamesIn<BuiltInExplainer>]?: BuiltInExplainer extends infer E
    ? E extends { readonly options: infer Specs extends OptionSpecs }
      ? K extends keyof Specs
        ? GivenOptions<Specs>[K]
        : never
      : never
    : never;
};

type NamesIn<E> = E extends { readonly options: infer Specs } ? keyof Specs : never;

/** A method that wraps another takes the options of that one too. */
type OptionsOf<Specs extends OptionSpecs> = 'of' extends keyof Specs
  ? GivenOptions<Specs> & Omit<AnyOptions, keyof Specs>
  : GivenOptions<Specs>;

type BuiltInOptions = {
  readonly [E in BuiltInExplainer as E['id']]:
    | OptionsOf<E['options']>
    | (E['id'] extends keyof RowSides ? GivenOptions<RowSides[E['id']]> : never);
};

/**
 * Options by id of the method. A plugin adds its own, so that calls with it
 * are completed and checked as those with built-in methods are:
 *
 * @example
 * declare module 'whylens' {
 *   interface MethodOptions {
 *     readonly brightness: { readonly gain?: number };
 *   }
 * }
 */
// an interface, so that plugins can add to it
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface MethodOptions extends BuiltInOptions {}

/** Id of a method whose options are known. */
export type MethodId = keyof MethodOptions;

/** What may be given as `method`: an id, or an explainer such as `smooth('saliency')`. */
export type Method = MethodId | (string & {}) | Explainer;

/**
 * The options of method `M` itself. An id that is only known when the program
 * runs (a plain `string`) takes any, which are checked then.
 */
export type OwnOptions<M> = M extends MethodId
  ? MethodOptions[M]
  : string extends M
    ? Readonly<Record<string, unknown>>
    : M extends Explainer<string, infer Specs>
      ? string extends keyof Specs
        ? Readonly<Record<string, unknown>>
        : GivenOptions<Specs>
      : unknown;

/** Refuses an id that is not a method, and says which are. */
export type KnownMethod<M> = M extends MethodId | Explainer ? M : string extends M ? M : MethodId;
