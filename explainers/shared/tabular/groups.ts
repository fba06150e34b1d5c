/** Columns that are explained as one: those of a one-hot code, or any that belong together. */
import type { ExplainContext } from '../../../src/container/plugin.js';
import { didYouMean } from '../../../src/did-you-mean.js';
import { WhylensError } from '../../../src/errors.js';
import type { RowModel } from '../../../src/model/tabular/interface.js';
import type { OptionSpecs } from '../../../src/options.js';
import type { Player } from './row-game.js';
import { least } from '../../../src/maths/extremes.js';

const isNames = (value: unknown) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((item) => typeof item === 'string' || Number.isInteger(item));

export const GROUPS_OPTION = {
  groups: {
    type: 'value',
    default: undefined,
    expects: 'an object of lists of feature names (or indices) by the name of the group',
    check: (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every(isNames),
    help: 'columns that come and go together, and get one weight',
  },
} as const satisfies OptionSpecs;

/** One player a group, and one for each feature in no group. */
export function playersOf(
  { options }: Pick<ExplainContext, 'options'>,
  { features, name }: RowModel,
): Player[] {
  const groups = (options.groups ?? {}) as Record<string, readonly (string | number)[]>;
  const names = features.map((feature) => feature.name);
  const taken = new Map<number, string>();
  const players: Player[] = [];
  for (const [group, members] of Object.entries(groups)) {
    const columns = members.map((member) => {
      const column = typeof member === 'number' ? member : names.indexOf(member);
      if (names[column] === undefined) {
        throw new WhylensError(
          'INVALID_OPTION',
          `group '${group}' names the feature '${member}', which '${name}' does not have${didYouMean(String(member), names)} Its features are ${names.slice(0, 30).join(', ')}`,
        );
      }
      if (taken.has(column)) {
        throw new WhylensError(
          'INVALID_OPTION',
          `feature '${names[column]}' must be in one group, it is in '${taken.get(column)}' and '${group}'`,
        );
      }
      taken.set(column, group);
      return column;
    });
    players.push({ name: group, columns });
  }
  names.forEach((feature, column) => {
    if (!taken.has(column)) players.push({ name: feature, columns: [column] });
  });
  return players.sort((a, b) => least(a.columns) - least(b.columns));
}

/** The value that is shown beside a player: the feature's, or those of the group. */
export function valueOf(
  { columns }: Player,
  row: Float64Array,
  { features }: RowModel,
  shown: (value: number, categories?: readonly (string | number)[]) => number | string,
): { readonly value: number | string } {
  const values = columns.map((j) => shown(row[j], features[j].categories));
  return { value: values.length === 1 ? values[0] : values.join(', ') };
}
