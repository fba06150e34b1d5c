/** Weight tables, importances and transitions. */
import type { FeatureWeight, FeatureWeights } from '../../src/explanation.js';
import { plain, plainColumn } from '../shared/numbers.js';
import { clean, table, truncate, type Column } from './layout.js';
import type { Style } from './style.js';
import { append, greatest } from '../../src/maths/extremes.js';

/** The largest first, with what remains below each cut where it was cut. */
export function weightTable(weights: FeatureWeights, style: Style): string[] {
  const { pos, neg, posRemaining, negRemaining } = weights;
  const ordered = [...pos, ...[...neg].reverse()];
  const more = (count: number, sign: string): FeatureWeight[] =>
    count === 0
      ? []
      : [{ feature: `${style.signs.more} ${count} more ${sign} ${style.signs.more}`, weight: NaN }];
  const rows = [
    ...pos,
    ...more(posRemaining, 'positive'),
    ...more(negRemaining, 'negative'),
    ...[...neg].reverse(),
  ];
  return featureTable(rows, ordered, titleFor(ordered), true, style);
}

/** A weight with the value it is made of is a contribution. */
function titleFor(weights: readonly FeatureWeight[]): string {
  return weights.some(({ value }) => value !== undefined) ? 'Contribution' : 'Weight';
}

/** Importances have no sign; the spread stands beside them. */
export function importanceTable(
  importances: readonly FeatureWeight[],
  remaining: number,
  style: Style,
): string[] {
  const rest =
    remaining === 0
      ? []
      : [{ feature: `${style.signs.more} ${remaining} more ${style.signs.more}`, weight: NaN }];
  return featureTable([...importances, ...rest], importances, 'Importance', false, style);
}

function featureTable(
  rows: readonly FeatureWeight[],
  numbered: readonly FeatureWeight[],
  title: string,
  signed: boolean,
  style: Style,
): string[] {
  const format = plainColumn(numbered.map(({ weight }) => weight));
  const spread = numbered.some(({ std }) => std !== undefined);
  const values = numbered.some(({ value }) => value !== undefined);
  const columns: Column[] = [
    { title, align: 'right' },
    ...(spread ? [{ title: `${style.signs.spread} std`, align: 'right' } as const] : []),
    { title: 'Feature', flexible: true },
    ...(values ? [{ title: 'Value', align: 'right', flexible: true } as const] : []),
  ];
  const cells = rows.map(({ feature, weight, std, value }) => [
    Number.isNaN(weight) ? '' : (signed && weight > 0 ? '+' : '') + format(weight),
    ...(spread ? [std === undefined ? '' : format(std)] : []),
    clean(feature),
    ...(values ? [typeof value === 'number' ? plain(value, 6) : clean(value ?? '')] : []),
  ]);
  return table(columns, cells, style.width, style.signs.more, (row, column, cell) => {
    const { weight } = rows[row];
    if (Number.isNaN(weight)) return style.paint('dim', cell);
    return column === 0 && signed ? style.paint(weight < 0 ? 'against' : 'for', cell) : cell;
  });
}

/** `from` down, `to` across; a matrix wider than the text goes on below itself. */
export function transitionTable(
  names: readonly string[],
  coefficients: readonly (readonly number[])[],
  style: Style,
): string[] {
  const format = plainColumn(coefficients.flat());
  const clear = names.map(clean);
  const numberWidth = greatest(
    coefficients.flat().map((value) => format(value).length),
    6,
  );
  const perTable = Math.max(1, Math.floor((style.width - 14) / (numberWidth + 2)));
  const lines: string[] = [];
  for (let first = 0; first < names.length; first += perTable) {
    const part = clear.slice(first, first + perTable);
    const columns: Column[] = [
      { title: 'from \\ to', flexible: true },
      ...part.map(
        (title) =>
          ({
            title: truncate(title, Math.max(numberWidth, 8), style.signs.more),
            align: 'right',
          }) as const,
      ),
    ];
    const rows = coefficients.map((row, from) => [
      clear[from],
      ...row.slice(first, first + perTable).map((value) => (value > 0 ? '+' : '') + format(value)),
    ]);
    if (first > 0) lines.push('');
    append(
      lines,
      table(columns, rows, style.width, style.signs.more, (row, column, cell) =>
        column === 0
          ? cell
          : style.paint(coefficients[row][first + column - 1] < 0 ? 'against' : 'for', cell),
      ),
    );
  }
  return lines;
}
