/** scikit-learn's scalers: each column shifted and stretched by itself. */
import { type Field } from '../fields.js';
import type { Rows, Stage } from '../interface.js';

/**
 * `(x − centre) / scale` by column, or MinMaxScaler's `x · scale + min`.
 * Told by its attributes: `mean_` or `center_` with `scale_`, `min_` with `scale_`, `max_abs_`.
 */
export function readScaler(field: Field, names: readonly string[]): Stage {
  const count = names.length;
  const optional = (...keys: string[]): Float64Array | undefined => {
    const key = keys.find((name) => field.has(name));
    return key === undefined ? undefined : field.get(key).numbers(count);
  };
  const minimum = optional('min_');
  const centre = optional('mean_', 'center_');
  const scale = minimum === undefined ? optional('scale_', 'max_abs_') : optional('scale_');
  if (minimum === undefined && centre === undefined && scale === undefined) {
    throw field.wrong('a scaler with mean_, center_, min_, max_abs_ or scale_');
  }
  const source = field.has('kind')
    ? field.get('kind').text()
    : minimum !== undefined
      ? 'MinMaxScaler'
      : field.has('center_')
        ? 'RobustScaler'
        : field.has('max_abs_')
          ? 'MaxAbsScaler'
          : 'StandardScaler';
  return {
    source,
    names,
    columns: Int32Array.from(names, (_, j) => j),
    apply: (rows: Rows): Rows => {
      const data = new Float64Array(rows.data.length);
      for (let i = 0; i < data.length; i++) {
        const j = i % count;
        const x = rows.data[i];
        if (minimum !== undefined) data[i] = x * (scale?.[j] ?? 1) + minimum[j];
        else data[i] = (x - (centre?.[j] ?? 0)) / (scale?.[j] ?? 1);
      }
      return { ...rows, data };
    },
  };
}
