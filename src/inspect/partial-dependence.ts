import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import { parseTarget, type TargetOption } from '../model/parse-targets.js';
import type { RowModel, Rows } from '../model/tabular/interface.js';
import { requireRowModel, requireTable } from './model.js';
import { throwIfAborted } from '../reading/abort.js';

/** Options of `partialDependence`. */
export interface PartialDependenceOptions {
  /** Values of the feature (for two features a list of two lists), or how many. Default 100. */
  readonly grid?: number | readonly number[] | readonly (readonly number[])[];
  /** The mean curve, each row's own, or both. Default `'average'`. */
  readonly kind?: 'average' | 'individual' | 'both';
  /** Class or output by index or name. Default: every class (of two the second), every output. */
  readonly targets?: TargetOption | readonly TargetOption[];
  /** Probabilities and values (`'output'`, default), or margins (`'logit'`). */
  readonly score?: 'logit' | 'output';
  readonly signal?: AbortSignal;
}

/** The curve of one feature or class: values of the feature, and the mean prediction at each. */
export interface PartialDependenceCurve {
  /** Index of the class or output. */
  readonly target: number;
  readonly label?: string;
  /** `[grid]`; for two features `[grid 1 × grid 2]`, the second fastest. */
  readonly average?: readonly number[];
  /** `[row][grid]`. */
  readonly individual?: readonly (readonly number[])[];
}

/** Plain data: JSON keeps it whole. */
export interface PartialDependence {
  readonly kind: 'partial-dependence';
  readonly estimator: string;
  /** One feature, or two. */
  readonly features: readonly string[];
  /** The values of the grid, one list for each feature. */
  readonly grid: readonly (readonly number[])[];
  readonly rows: number;
  readonly score: 'logit' | 'output';
  readonly curves: readonly PartialDependenceCurve[];
}

/** The grid ends at these quantiles. */
const ENDS = [0.05, 0.95];

/**
 * Partial dependence (Friedman 2001) and individual conditional expectation
 * (Goldstein et al. 2015, arXiv 1309.6392): the prediction with one feature
 * set to each value of a grid, for every row, and its mean over the rows.
 *
 * The grid holds the distinct values of the column if there are fewer than `grid`, else that many
 * equal steps between the 5 % and 95 % quantiles (as in scikit-learn). Rows are combined with
 * values that they never had: if features are correlated, the ends of the curve are guesses.
 *
 * @param feature name or index of a feature, or two of them
 * @example
 * const { grid, curves } = await partialDependence(model, table, 'age', { kind: 'both' });
 */
export async function partialDependence(
  model: unknown,
  table: unknown,
  feature: string | number | readonly (string | number)[],
  options: PartialDependenceOptions = {},
): Promise<PartialDependence> {
  const rowModel = requireRowModel(model, 'partialDependence');
  const rows = requireTable(table, rowModel);
  const wanted = (Array.isArray(feature) ? feature : [feature]) as readonly (string | number)[];
  const columns = wanted.map((one) => columnOf(one, rowModel));
  const { kind = 'average', score = 'output', grid = 100 } = options;
  if (!['average', 'individual', 'both'].includes(kind)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `kind must be average, individual or both, got '${String(kind)}'`,
    );
  }
  if (columns.length < 1 || columns.length > 2 || new Set(columns).size !== columns.length) {
    throw new WhylensError(
      'INVALID_OPTION',
      `partialDependence takes one feature or two different ones, got ${wanted.join(', ') || 'none'}`,
    );
  }
  const grids = columns.map((column, i) =>
    gridOf(
      rows,
      column,
      rowModel,
      columns.length === 1
        ? grid
        : typeof grid === 'number'
          ? grid
          : (grid as readonly (readonly number[])[])[i],
    ),
  );
  const points =
    grids.length === 1
      ? grids[0].map((x) => [x])
      : grids[0].flatMap((x) => grids[1].map((y) => [x, y]));
  const units = await unitsOf(rowModel, rows, score, options);
  const sums = units.map(() => new Float64Array(points.length));
  const own = units.map(() =>
    Array.from(
      { length: kind === 'average' ? 0 : rows.count },
      () => new Array<number>(points.length),
    ),
  );
  for (const [g, point] of points.entries()) {
    throwIfAborted(options.signal, 'partial dependence');
    const data = rows.data.slice();
    columns.forEach((column, i) => {
      for (let n = 0; n < rows.count; n++) data[n * rows.columns + column] = point[i];
    });
    const prediction = await rowModel.predict({ ...rows, data }, { signal: options.signal });
    const { data: found, columns: width } =
      score === 'logit' ? prediction.margins : prediction.values;
    units.forEach(({ column, sign }, u) => {
      for (let n = 0; n < rows.count; n++) {
        const value = sign * found[n * width + column];
        sums[u][g] += value / rows.count;
        if (kind !== 'average') own[u][n][g] = value;
      }
    });
  }
  return {
    kind: 'partial-dependence',
    estimator: rowModel.name,
    features: columns.map((column) => rowModel.features[column].name),
    grid: grids,
    rows: rows.count,
    score,
    curves: units.map(({ target, label }, u) => ({
      target,
      ...(label !== undefined && { label }),
      ...(kind !== 'individual' && { average: [...sums[u]] }),
      ...(kind !== 'average' && { individual: own[u] }),
    })),
  };
}

function columnOf(feature: string | number, { features, name }: RowModel): number {
  const column =
    typeof feature === 'number' ? feature : features.findIndex((one) => one.name === feature);
  if (features[column] !== undefined) return column;
  const names = features.map((one) => one.name);
  throw new WhylensError(
    'INVALID_OPTION',
    `'${name}' has no feature ${JSON.stringify(feature)}${didYouMean(String(feature), names)} Its features are ${names.slice(0, 30).join(', ')}`,
  );
}

function gridOf(
  rows: Rows,
  column: number,
  { features }: RowModel,
  grid: unknown,
): readonly number[] {
  if (Array.isArray(grid) && grid.length > 0 && grid.every((x) => typeof x === 'number'))
    return [...grid];
  if (!Number.isInteger(grid) || (grid as number) < 2) {
    throw new WhylensError(
      'INVALID_OPTION',
      `grid must be a whole number of at least 2, or a list of values for '${features[column].name}', got ${JSON.stringify(grid)}`,
    );
  }
  const count = grid as number;
  const known = Float64Array.from(
    { length: rows.count },
    (_, n) => rows.data[n * rows.columns + column],
  )
    .filter((x) => !Number.isNaN(x))
    .sort();
  const distinct = [...new Set(known)];
  if (distinct.length === 0) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `column '${features[column].name}' has no values; give 'grid'`,
    );
  }
  // there is nothing between codes of categories
  if (distinct.length < count || features[column].categories !== undefined) return distinct;
  const [low, high] = ENDS.map((p) => quantile(known, p));
  return Array.from({ length: count }, (_, i) =>
    i === count - 1 ? high : low + (i * (high - low)) / (count - 1),
  );
}

/** `scipy.stats.mstats.mquantiles` with its defaults (alphap = betap = 0.4). */
function quantile(sorted: Float64Array, p: number): number {
  const n = sorted.length;
  const place = n * p + 0.4 + p * 0.2;
  const k = Math.floor(Math.min(n - 1, Math.max(1, place)));
  const share = Math.min(1, Math.max(0, place - k));
  return (1 - share) * sorted[k - 1] + share * sorted[Math.min(n - 1, k)];
}

interface Unit {
  readonly target: number;
  readonly label?: string;
  readonly column: number;
  readonly sign: 1 | -1;
}

async function unitsOf(
  model: RowModel,
  rows: Rows,
  score: 'logit' | 'output',
  { targets, signal }: PartialDependenceOptions,
): Promise<Unit[]> {
  const first = rows.data.slice(0, rows.columns);
  const one = await model.predict({ count: 1, columns: rows.columns, data: first }, { signal });
  const { columns } = score === 'logit' ? one.margins : one.values;
  const classes = model.task === 'classification';
  const names = classes ? model.classNames : model.outputNames;
  const count = classes ? Math.max(2, columns) : columns;
  const list =
    targets === undefined || targets === 'all'
      ? undefined
      : Array.isArray(targets)
        ? targets
        : [targets];
  const wanted =
    list === undefined
      ? classes && count === 2
        ? [1]
        : Array.from({ length: count }, (_, k) => k)
      : list.map((target: TargetOption) => {
          const parsed = parseTarget(target, names);
          if ((parsed.kind === 'class' || parsed.kind === 'regression') && parsed.index < count)
            return parsed.index;
          throw new WhylensError(
            'INVALID_TARGET',
            `a target of partialDependence must be a class or output from 0 to ${count - 1}`,
          );
        });
  return wanted.map((target) => {
    const single = classes && columns === 1;
    return {
      target,
      ...(names?.[target] !== undefined && { label: names[target] }),
      column: single ? 0 : target,
      sign: single && target === 0 ? -1 : 1,
    };
  });
}
