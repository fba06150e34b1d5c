/** Options that methods for rows and texts share. */
import { WhylensError } from '../../../src/errors.js';
import type { FeatureWeightsOptions } from '../../../src/builders/feature-weights.js';
import type { OptionSpecs, OptionValues } from '../../../src/options.js';

/** Name of the feature that stands for the part that no feature explains. */
export const BIAS = '<BIAS>';

type Top = number | readonly [pos: number, neg: number] | null;
type FeatureFilter = (name: string, value: number | string | undefined) => boolean;

const isCount = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;

/** Which features the record keeps. */
export const FEATURE_OPTIONS = {
  top: {
    type: 'value',
    default: undefined,
    expects: 'a whole number, two of them [for, against], or null for all',
    check: (value: unknown): value is Top =>
      value === null ||
      isCount(value) ||
      (Array.isArray(value) && value.length === 2 && value.every(isCount)),
    parse: (text) => {
      if (text === 'all' || text === 'null') return null;
      const parts = text.split(',').map(Number);
      return parts.length === 1 ? parts[0] : parts;
    },
    help: 'how many features are kept, the largest first; the others are counted (default: all)',
  },
  featureRe: {
    type: 'value',
    default: undefined,
    expects: 'a regular expression',
    check: (value: unknown): value is RegExp | string =>
      value instanceof RegExp || (typeof value === 'string' && isPattern(value)),
    parse: (text) => text,
    help: 'only features whose name matches',
  },
  featureFilter: {
    type: 'value',
    default: undefined,
    expects: 'a function of a name and a value',
    check: (value: unknown): value is FeatureFilter => typeof value === 'function',
    help: 'only features for which the function (name, value) is true',
  },
} as const satisfies OptionSpecs;

/** What of these options `featureWeights` reads. */
export function featureChoice({
  top,
  featureRe,
  featureFilter,
}: OptionValues<typeof FEATURE_OPTIONS>): FeatureWeightsOptions {
  const pattern =
    featureRe === undefined
      ? undefined
      : new RegExp(featureRe, typeof featureRe === 'string' ? 'u' : undefined);
  const filtered = pattern !== undefined || featureFilter !== undefined;
  return {
    ...(top !== undefined && top !== null && { top }),
    ...(filtered && {
      filter: (name: string, value: number | string | undefined) =>
        (pattern === undefined || name.search(pattern) !== -1) &&
        (featureFilter === undefined || featureFilter(name, value)),
    }),
  };
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

/**
 * Options that say nothing of the kind of document at hand are refused, not passed over.
 *
 * @param names of the options that belong to the other kind
 */
export function refuseOptions(
  document: 'row' | 'text',
  specs: OptionSpecs,
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
): void {
  const found = names.find((name) => {
    const { default: usual } = specs[name];
    return given[name] !== usual && !(isEmpty(usual) && isEmpty(given[name]));
  });
  if (found === undefined) return;
  throw new WhylensError(
    'INVALID_OPTION',
    `option '${found}' is for ${document === 'row' ? 'texts' : 'rows'}, and a ${document} is explained; leave it out`,
  );
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
