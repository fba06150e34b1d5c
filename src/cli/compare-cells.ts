/** The panels of a comparison: every combination of the listed values. Pure. */

export interface Axis {
  readonly name: string;
  /** At least one. */
  readonly values: readonly string[];
}

export interface Cell {
  /** Index of the value on each axis. */
  readonly at: readonly number[];
  /** The values that differ between panels, in words; empty for a single panel. */
  readonly title: string;
  /** Names of the axes that differ between panels. */
  readonly varies: ReadonlySet<string>;
}

export interface Grid {
  readonly cells: readonly Cell[];
  /** Undefined if rows have no meaning: the figure makes them even. */
  readonly columns?: number;
  /** True if each row is one value of the other axes. */
  readonly aligned: boolean;
}

const WIDEST = 8;

/**
 * The last axis varies fastest. A row holds the last axis that varies, if another one varies too
 * and such a row fits; otherwise the figure decides.
 */
export function cellsOf(axes: readonly Axis[]): Grid {
  const several = axes.filter(({ values }) => values.length > 1);
  const varies = new Set(several.map(({ name }) => name));
  let combinations: number[][] = [[]];
  for (const { values } of axes) {
    combinations = combinations.flatMap((at) => values.map((_, index) => [...at, index]));
  }
  const cells = combinations.map((at) => ({
    at,
    title: axes
      .map(({ name, values }, axis) => (varies.has(name) ? values[at[axis]] : ''))
      .filter((text) => text !== '')
      .join(', '),
    varies,
  }));
  const last = several.at(-1)?.values.length ?? 1;
  const aligned = several.length > 1 && last <= WIDEST;
  return { cells, ...(aligned ? { columns: last } : {}), aligned };
}
