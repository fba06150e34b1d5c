/** A plain function as a model of texts or rows, if it is asked about a text or a row by feature name. */
import { isLoadedModel } from '../model/loaded.js';
import {
  modelOfRows,
  modelOfTexts,
  type RowFunction,
  type TextFunction,
} from '../model/tabular/functions.js';
import { isTabularModel, type FeatureInfo, type TabularModel } from '../model/tabular/interface.js';
import type { ExplainOptions } from './explain-options.js';

const PICTURE_FILE = /^\S+\.(png|jpe?g|webp|gif|tiff?|avif|bmp)$/i;

type Row = Readonly<Record<string, unknown>>;

/** The model of rows or texts that the caller passed, or the function as such a model for these documents. */
export function tabularModelFor(
  model: unknown,
  docs: readonly unknown[],
  options: Parameters<typeof tabularFunction>[2],
): TabularModel | undefined {
  const native = isLoadedModel(model) ? model.model : model;
  return isTabularModel(native) ? native : tabularFunction(model, docs, options);
}

/**
 * The function as a model, or undefined for what is not a function, and for other
 * documents (pictures, arrays). Features and categories are those of the given rows: the documents
 * and the background.
 */
export function tabularFunction(
  model: unknown,
  docs: readonly unknown[],
  given: Pick<ExplainOptions, 'estimator' | 'labels' | 'outputActivation'> & {
    readonly background?: unknown;
  },
): TabularModel | undefined {
  const native = isLoadedModel(model) ? model.model : model;
  if (typeof native !== 'function' || docs.length === 0) return undefined;
  // a value that is not an options object is refused later
  const { estimator, labels, outputActivation, background } = Object(given) as typeof given;
  const options = {
    ...(estimator !== undefined && { name: estimator }),
    ...(labels !== undefined && { classNames: labels }),
    ...(outputActivation !== undefined && { outputActivation }),
  };
  if (docs.every((doc) => typeof doc === 'string')) {
    // the path of a picture that was not loaded is probably meant for a model of pictures
    if (docs.some((doc) => PICTURE_FILE.test(doc))) return undefined;
    return modelOfTexts(native as TextFunction, options);
  }
  if (!docs.every(isRow)) return undefined;
  const features = featuresOf([...docs, ...rowsOf(background)]);
  if (features.length === 0) return undefined;
  return modelOfRows(native as RowFunction<never>, { ...options, features, rows: 'objects' });
}

/** An object of plain values; a document for an input of a model is not one. */
function isRow(doc: unknown): doc is Row {
  if (typeof doc !== 'object' || doc === null || Array.isArray(doc) || ArrayBuffer.isView(doc)) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(doc);
  return (
    (prototype === Object.prototype || prototype === null) &&
    Object.values(doc).every((value) => typeof value !== 'object' || value === null)
  );
}

/** Rows of a background that are objects, or lists with their columns named. */
function rowsOf(table: unknown): Row[] {
  if (Array.isArray(table)) return table.filter(isRow);
  const { columns, rows } = (table ?? {}) as { columns?: unknown; rows?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(rows)) return [];
  return rows.map((row: unknown) =>
    Array.isArray(row)
      ? Object.fromEntries(columns.map((name, j) => [String(name), row[j] as unknown]))
      : (row as Row),
  );
}

/** Columns that hold text become columns of categories, named by the texts in them. */
function featuresOf(rows: readonly Row[]): FeatureInfo[] {
  return Object.keys(rows[0]).map((name) => {
    const words = rows.map((row) => row[name]).filter((value) => typeof value === 'string');
    return {
      name,
      missing: true,
      ...(words.length > 0 && { categories: [...new Set(words)] }),
    };
  });
}
