/** Rows that stand for "unknown": given as a table, reduced if it is large. */
import type { ExplainContext } from '../../../src/container/plugin.js';
import type { RowModel, Rows } from '../../../src/model/tabular/interface.js';
import { modelRows } from '../../../src/model/tabular/read-rows.js';
import type { OptionSpecs } from '../../../src/options.js';

export const BACKGROUND_OPTION = {
  background: {
    type: 'value',
    default: undefined,
    expects: 'a table: an array of rows, or { columns, rows }',
    check: (value) => typeof value === 'object' && value !== null,
    help: 'rows that stand for unknown values',
  },
} as const satisfies OptionSpecs;

/** The option `background` in the order of the model's features. */
export async function backgroundRows(
  { options }: Pick<ExplainContext, 'options'>,
  model: RowModel,
): Promise<Rows | undefined> {
  return options.background === undefined
    ? undefined
    : modelRows(options.background, model, 'the background');
}
