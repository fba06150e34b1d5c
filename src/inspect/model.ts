/** Helpers of the calls about a model as a whole. */
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import { remedyFor } from '../mistaken.js';
import { isLoadedModel } from '../model/loaded.js';
import {
  isTabularModel,
  type RowModel,
  type Rows,
  type TabularModel,
} from '../model/tabular/interface.js';
import { modelRows } from '../model/tabular/read-rows.js';

/** The model of rows or texts that the caller passed. */
export function requireTabular(model: unknown, what: string): TabularModel {
  const native = isLoadedModel(model) ? model.model : model;
  if (isTabularModel(native)) return native;
  const got = remedyFor('model', native);
  throw new WhylensError(
    'UNSUPPORTED_MODEL',
    `${what} needs a model of rows or texts: what loadModel gives for XGBoost, LightGBM, scikit-learn and tabular ONNX files, or modelOfRows and modelOfTexts for functions${got === undefined ? '' : `; got ${got}`}`,
  );
}

export function requireRowModel(model: unknown, what: string): RowModel {
  const tabular = requireTabular(model, what);
  if (tabular.documents === 'rows') return tabular;
  throw new WhylensError(
    'UNSUPPORTED_MODEL',
    `${what} is for models of rows, and '${tabular.name}' is one of texts`,
  );
}

export function requireTable(table: unknown, model: RowModel): Rows {
  return modelRows(table, model, 'the table');
}

/** One column of a table as people write it: the truth beside the features. */
export function truthColumn(table: unknown, name: string): unknown[] {
  const { rows, columns } = (Array.isArray(table) ? { rows: table } : table) as {
    rows?: readonly unknown[];
    columns?: readonly string[];
  };
  const at = columns?.indexOf(name) ?? -1;
  return (rows ?? []).map((row, n) => {
    const list = Array.isArray(row);
    if (list ? at === -1 : !Object.hasOwn(row as object, name)) {
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `row ${n} of the table has no column '${name}', which holds the truth${columns === undefined ? '' : `${didYouMean(name, columns)} Its columns are ${columns.join(', ')}`}`,
        { facts: { row: n, column: name } },
      );
    }
    return list ? (row as unknown[])[at] : (row as Record<string, unknown>)[name];
  });
}

/** Truth as class indices (by name or index) or values. */
export function truthNumbers(
  truth: ArrayLike<unknown>,
  model: TabularModel,
  count: number,
): Float64Array {
  if (truth.length !== count) {
    throw new WhylensError(
      'INVALID_OPTION',
      `the truth must have one value for each of the ${count} rows, got ${truth.length}`,
    );
  }
  const { classNames, task } = model;
  return Float64Array.from({ length: count }, (_, n) => {
    const value = truth[n];
    if (task === 'classification') {
      const index = classNames?.findIndex((name) => name === String(value)) ?? -1;
      if (index !== -1) return index;
      const units = classNames?.length ?? Infinity;
      const number = typeof value === 'boolean' ? Number(value) : value;
      if (Number.isInteger(number) && (number as number) >= 0 && (number as number) < units)
        return number as number;
    } else if (Number.isFinite(value)) return value as number;
    throw new WhylensError(
      'INVALID_OPTION',
      `the truth of row ${n} must be ${task === 'classification' ? `a class index${classNames === undefined ? '' : ` or one of ${classNames.join(', ')}`}` : 'a finite number'}, got ${String(value)}`,
      { facts: { row: n } },
    );
  });
}
