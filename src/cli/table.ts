import stringWidth from 'string-width';

/** Aligned columns, two spaces apart; `right` lists the columns aligned to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const widths = head.map((title, column) =>
    Math.max(stringWidth(title), ...rows.map((row) => stringWidth(row[column]))),
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
