/** Weight tables, importances and transitions. */
import type { FeatureWeight, FeatureWeights } from '../../src/explanation.js';
import { featureValue, importanceText, weightColumn } from '../shared/numbers.js';
import { centred, clean, table, truncate, widthOf, type Column } from './layout.js';
import type { Style } from './style.js';
import { append, greatest } from '../../src/maths/extremes.js';

/** The largest first; a line counts the features that were cut; ELI5's layout. */
export function weightTable(weights: FeatureWeights, style: Style): string[] {
  const { pos, neg, posRemaining, negRemaining } = weights;
  const against = [...neg].reverse();
  const rows = [...pos, ...against];
  const say = weightColumn(rows.map(({ weight }) => weight));
  const spread = rows.some(({ std }) => std !== undefined);
  // a weight that has the value of its feature is a contribution
  const values = rows.some(({ value }) => value !== undefined);
  const columns: Column[] = [
    { title: values ? 'Contribution' : 'Weight', align: 'right' },
    ...(spread ? [{ title: `${style.signs.spread} std`, align: 'right' } as const] : []),
    { title: 'Feature', flexible: true },
    ...(values ? [{ title: 'Value', align: 'right', flexible: true } as const] : []),
  ];
  const nameOf = featureNames(rows);
  const cells = rows.map(({ feature, weight, std, value }) => [
    (weight > 0 ? '+' : '') + say(weight),
    ...(spread ? [std === undefined ? '' : say(std)] : []),
    nameOf(feature),
    ...(values ? [typeof value === 'number' ? featureValue(value) : clean(value ?? '')] : []),
  ]);
  const lines = table(columns, cells, style.width, style.signs.more, (row, column, cell) =>
    column === 0 ? style.paint(rows[row].weight < 0 ? 'against' : 'for', cell) : cell,
  );
  const cut = [
    ...moreLine(posRemaining, ' positive', lines, style),
    ...moreLine(negRemaining, ' negative', lines, style),
  ];
  // a head of two lines comes first
  return [...lines.slice(0, 2 + pos.length), ...cut, ...lines.slice(2 + pos.length)];
}

/** The line in the middle of the table that counts what was cut. */
function moreLine(
  count: number,
  sign: string,
  lines: readonly string[],
  { signs, paint }: Style,
): string[] {
  if (count === 0) return [];
  // the rule beneath the head is as wide as the table
  const line = `${signs.more} ${count} more${sign} ${signs.more}`;
  return [paint('dim', centred(line, widthOf(lines[1])))];
}

/** If one name begins or ends with a space, the spaces of all names are shown. */
function featureNames(rows: readonly FeatureWeight[]): (feature: string) => string {
  const shown = rows.some(({ feature }) => feature.startsWith(' ') || feature.endsWith(' '));
  return (feature) => (shown ? clean(feature).replaceAll(' ', '░') : clean(feature));
}

/** Importances have no sign; twice their standard deviation stands beside them, as in ELI5. */
export function importanceTable(
  importances: readonly FeatureWeight[],
  remaining: number,
  style: Style,
): string[] {
  const { signs, width } = style;
  const spread = importances.some(({ std }) => std !== undefined);
  const columns: Column[] = [
    { title: spread ? `Importance ${signs.spread} 2 std` : 'Importance', align: 'right' },
    { title: 'Feature', flexible: true },
  ];
  const nameOf = featureNames(importances);
  const numbers = importances.map((item) => importanceText(item, signs.spread));
  const widest = greatest(numbers.map(widthOf), 0);
  const cells = importances.map(({ feature, std }, row) => [
    // a number without a spread keeps its decimals below those with one
    spread && std === undefined ? numbers[row].padEnd(widest) : numbers[row],
    nameOf(feature),
  ]);
  const lines = table(columns, cells, width, signs.more);
  return [...lines, ...moreLine(remaining, '', lines, style)];
}

/** `from` down, `to` across; a matrix wider than the text is continued below. */
export function transitionTable(
  names: readonly string[],
  coefficients: readonly (readonly number[])[],
  style: Style,
): string[] {
  const format = weightColumn(coefficients.flat());
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
      ...row.slice(first, first + perTable).map(format),
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
