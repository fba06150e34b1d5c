import stringWidth from 'string-width';
import { cleanName } from './clean.js';
import { greatest } from '../maths/extremes.js';

/** Aligned columns, two spaces apart; `right` lists the columns aligned to the right. */
export function table(
  head: readonly string[],
  given: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const rows = given.map((row) => row.map(cleanName));
  const widths = head.map((title, column) =>
    greatest(
      rows.map((row) => stringWidth(row[column])),
      stringWidth(title),
    ),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => {
          const space = ' '.repeat(widths[column] - stringWidth(cell));
          return right.includes(column) ? space + cell : cell + space;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
