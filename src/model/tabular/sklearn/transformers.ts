/** What scikit-learn does to columns before a model sees them. */
import { unsupported, type Field } from '../fields.js';
import type { Rows } from '../interface.js';
import { codeOf, meaning, numbersOf, type Column, type Step } from './columns.js';
import { readScaler } from './scaling.js';

type Reader = (field: Field, columns: readonly Column[]) => Step;

const SCALERS = ['StandardScaler', 'MinMaxScaler', 'MaxAbsScaler', 'RobustScaler'];

const READERS: Readonly<Record<string, Reader>> = {
  SimpleImputer: imputer,
  OneHotEncoder: oneHot,
  OrdinalEncoder: ordinal,
  Normalizer: normalizer,
  Binarizer: (field, columns) => {
    const above = field.get('threshold').number(0);
    return eachNumber('Binarizer', columns, (x) => (x > above ? 1 : 0));
  },
  FunctionTransformer: identity,
  PolynomialFeatures: polynomials,
  PCA: components,
  TruncatedSVD: components,
};

/** @throws `UNSUPPORTED_MODEL` for a transformer that is not known, naming those that are */
export function readTransformer(field: Field, columns: readonly Column[]): Step {
  if (field.value === 'passthrough') return { source: '', columns, apply: (rows) => rows };
  const name = field.get('class_').text();
  if (SCALERS.includes(name)) return scaler(field, columns);
  if (Object.hasOwn(READERS, name)) return READERS[name](field, columns);
  throw unsupported(
    field.file,
    `a pipeline with the step '${name}'; known are ${[...SCALERS, ...Object.keys(READERS)].join(', ')}, ColumnTransformer, and vectorizers of texts. Export it to ONNX, or give a function (modelOfRows)`,
  );
}

function plain(columns: readonly Column[]): Column[] {
  return columns.map(({ name, origin }) => ({ name, origin }));
}

function eachNumber(
  source: string,
  columns: readonly Column[],
  of: (x: number, column: number) => number,
): Step {
  return {
    source,
    columns: plain(columns),
    apply: (rows) => ({
      ...rows,
      data: numbersOf(columns, rows).map((x, i) => of(x, i % columns.length)),
    }),
  };
}

function scaler(field: Field, columns: readonly Column[]): Step {
  const params = field.has('params') ? field.get('params') : field;
  const off = (flag: string) => params.get(flag).value === false;
  const names = columns.map(({ name }) => name);
  // without either it leaves numbers as they are
  const bare = off('with_mean') && off('with_std');
  const stage = bare ? undefined : readScaler(field, names);
  const step = eachNumber(stage?.source ?? 'StandardScaler', columns, (x) => x);
  const clips =
    params.get('clip').value === true ? field.get('feature_range').numbers(2) : undefined;
  return {
    ...step,
    source: field.get('class_').text(),
    apply: (rows) => {
      const scaled = stage?.apply(step.apply(rows)) ?? step.apply(rows);
      if (clips === undefined) return scaled;
      const [low, high] = clips;
      return { ...scaled, data: scaled.data.map((x) => Math.min(high, Math.max(low, x))) };
    },
  };
}

/** A list of words and numbers; what stands for a missing one is NaN. */
function valuesOf(field: Field): (string | number)[] {
  if (field.isObject()) return [...field.numbers()];
  return field.list().map(({ value }) => {
    if (value === null || value === 'NaN') return NaN;
    if (typeof value === 'boolean') return Number(value);
    return typeof value === 'number' ? value : String(value);
  });
}

function imputer(field: Field, columns: readonly Column[]): Step {
  const fill = valuesOf(field.get('statistics_'));
  if (fill.length !== columns.length) {
    throw field
      .get('statistics_')
      .wrong(`${columns.length} values, one a column`, `${fill.length}`);
  }
  const indicator = field.get('indicator_');
  const told = indicator.exists ? [...indicator.get('features_').numbers()] : [];
  for (const { source } of columns) if (source !== undefined) source.missing = true;
  const empty = fill.findIndex((value) => Number.isNaN(value));
  if (empty !== -1) {
    throw unsupported(
      field.file,
      `an imputer whose column '${columns[empty].name}' held no value at all when it was fitted; drop the column`,
    );
  }
  const width = columns.length + told.length;
  return {
    source: 'SimpleImputer',
    columns: [
      ...columns,
      ...told.map((j) => ({ name: `${columns[j].name} missing`, origin: columns[j].origin })),
    ],
    apply: ({ count, data }) => {
      const result = new Float64Array(count * width);
      for (let n = 0; n < count; n++) {
        columns.forEach((column, j) => {
          const x = data[n * columns.length + j];
          result[n * width + j] = Number.isNaN(x) ? codeOf(column, fill[j]) : x;
        });
        told.forEach((j, i) => {
          const missing = Number.isNaN(data[n * columns.length + j]);
          result[n * width + columns.length + i] = Number(missing);
        });
      }
      return { count, columns: width, data: result };
    },
  };
}

/** Categories of each column; the table's own columns learn of them. */
function categoriesOf(field: Field, columns: readonly Column[]): (string | number)[][] {
  const lists = field.get('categories_').list();
  if (lists.length !== columns.length) {
    throw field
      .get('categories_')
      .wrong(`${columns.length} lists, one a column`, `${lists.length}`);
  }
  const ignores = ['ignore', 'infrequent_if_exist', 'use_encoded_value', 'warn'].includes(
    String(field.get('handle_unknown').value),
  );
  return lists.map((list, j) => {
    const categories = valuesOf(list);
    const { source } = columns[j];
    if (source === undefined) return categories;
    source.categories ??= [];
    for (const category of categories) {
      if (Number.isNaN(category)) source.missing = true;
      else if (!source.categories.includes(category)) source.categories.push(category);
    }
    source.open ||= ignores;
    return categories;
  });
}

/** Place among the categories of a value, −1 for an unknown one. */
function placeOf(categories: readonly (string | number)[], value: string | number): number {
  return categories.findIndex((category) => Object.is(category, value) || category === value);
}

function oneHot(field: Field, columns: readonly Column[]): Step {
  const rare = ['min_frequency', 'max_categories'].some((name) => field.has(name));
  if (rare) {
    throw unsupported(
      field.file,
      'a OneHotEncoder that puts rare categories together; export it to ONNX',
    );
  }
  const lists = categoriesOf(field, columns);
  const dropped = field.has('drop_idx_') ? valuesOf(field.get('drop_idx_')) : [];
  const kept = lists.map((categories, j) =>
    categories.flatMap((category, c) => (c === dropped[j] ? [] : [{ category, c }])),
  );
  const starts = kept.map((_, j) => kept.slice(0, j).reduce((sum, own) => sum + own.length, 0));
  const width = kept.reduce((sum, own) => sum + own.length, 0);
  const places = kept.map((own) => new Map(own.map(({ c }, i) => [c, i])));
  return {
    source: 'OneHotEncoder',
    columns: kept.flatMap((own, j) =>
      own.map(({ category }) => ({
        name: `${columns[j].name}=${Number.isNaN(category) ? 'missing' : category}`,
        origin: columns[j].origin,
      })),
    ),
    apply: ({ count, data }) => {
      const result = new Float64Array(count * width);
      for (let n = 0; n < count; n++) {
        columns.forEach((column, j) => {
          const value = meaning(column, data[n * columns.length + j]);
          const place = places[j].get(placeOf(lists[j], value));
          if (place !== undefined) result[n * width + starts[j] + place] = 1;
        });
      }
      return { count, columns: width, data: result };
    },
  };
}

function ordinal(field: Field, columns: readonly Column[]): Step {
  const lists = categoriesOf(field, columns);
  const unknown = field.get('unknown_value').number(NaN);
  const missing = field.get('encoded_missing_value').number(NaN);
  return {
    source: 'OrdinalEncoder',
    columns: plain(columns),
    apply: (rows) => ({
      ...rows,
      data: rows.data.map((x, i) => {
        const j = i % columns.length;
        const place = placeOf(lists[j], meaning(columns[j], x));
        if (Number.isNaN(x) && place !== -1) return missing;
        return place === -1 ? unknown : place;
      }),
    }),
  };
}

function normalizer(field: Field, columns: readonly Column[]): Step {
  const norm = field.has('norm') ? field.get('norm').text() : 'l2';
  return {
    source: 'Normalizer',
    columns: plain(columns),
    apply: (rows) => {
      const data = Float64Array.from(numbersOf(columns, rows));
      for (let n = 0; n < rows.count; n++) {
        const row = data.subarray(n * columns.length, (n + 1) * columns.length);
        const length = lengthOf(row, norm);
        if (length > 0) row.forEach((x, j) => (row[j] = x / length));
      }
      return { ...rows, data };
    },
  };
}

function lengthOf(row: Float64Array, norm: string): number {
  if (norm === 'l1') return row.reduce((sum, x) => sum + Math.abs(x), 0);
  if (norm === 'max') return row.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
}

function identity(field: Field, columns: readonly Column[]): Step {
  if (field.has('func')) throw unsupported(field.file, 'a FunctionTransformer, which is a program');
  return { source: '', columns, apply: (rows) => rows };
}

/** Products of columns, by degree and then in the order of the columns. */
function polynomials(field: Field, columns: readonly Column[]): Step {
  const degrees = field.get('degree');
  const [least, most] =
    typeof degrees.value === 'number' ? [0, degrees.count(1, 20)] : degrees.numbers(2);
  const once = field.get('interaction_only').flag();
  const terms: number[][] = [];
  const extend = (term: number[], left: number): void => {
    if (left === 0) {
      terms.push(term);
      return;
    }
    const from = term.length === 0 ? 0 : term[term.length - 1] + (once ? 1 : 0);
    for (let j = from; j < columns.length; j++) extend([...term, j], left - 1);
  };
  for (let degree = field.get('include_bias').flag(true) ? 0 : 1; degree <= most; degree++) {
    if (degree === 0 || degree >= least) extend([], degree);
  }
  return {
    source: 'PolynomialFeatures',
    columns: terms.map((term) => ({
      name: term.length === 0 ? '1' : term.map((j) => columns[j].name).join(' · '),
      origin: new Set(term).size === 1 ? columns[term[0]].origin : -1,
    })),
    apply: (rows: Rows) => {
      const numbers = numbersOf(columns, rows);
      const data = new Float64Array(rows.count * terms.length);
      for (let n = 0; n < rows.count; n++) {
        terms.forEach((term, i) => {
          data[n * terms.length + i] = term.reduce(
            (product, j) => product * numbers[n * columns.length + j],
            1,
          );
        });
      }
      return { count: rows.count, columns: terms.length, data };
    },
  };
}

/** (x − mean) · componentsᵀ, divided by the spread where it whitens. */
function components(field: Field, columns: readonly Column[]): Step {
  const { rows: count, columns: width, data: axes } = field.get('components_').matrix();
  if (width !== columns.length) {
    throw field.get('components_').wrong(`components of ${columns.length} columns`, `of ${width}`);
  }
  const mean = field.has('mean_') ? field.get('mean_').numbers(width) : new Float64Array(width);
  const variance = field.get('whiten').flag()
    ? field.get('explained_variance_').numbers(count)
    : undefined;
  const name = field.get('class_').text();
  return {
    source: name,
    columns: Array.from({ length: count }, (_, k) => ({ name: `${name} ${k}`, origin: -1 })),
    apply: (rows) => {
      const numbers = numbersOf(columns, rows);
      const data = new Float64Array(rows.count * count);
      for (let n = 0; n < rows.count; n++) {
        for (let k = 0; k < count; k++) {
          let sum = 0;
          for (let j = 0; j < width; j++) {
            sum += (numbers[n * width + j] - mean[j]) * axes[k * width + j];
          }
          data[n * count + k] = variance === undefined ? sum : sum / Math.sqrt(variance[k]);
        }
      }
      return { count: rows.count, columns: count, data };
    },
  };
}
