/** Numbers and words on their way through a graph of tables. */

/** A matrix [rows, columns], row after row. A vector is one column. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** A column of words. */
export interface Words {
  readonly words: readonly string[];
}

export type Flowing = Matrix | Words;

export function isWords(value: Flowing): value is Words {
  return 'words' in value;
}

/** Of each row and column, rounded to float32 as ONNX Runtime holds numbers. */
export function mapMatrix(
  { rows, columns, data }: Matrix,
  change: (x: number, column: number) => number,
): Matrix {
  const made = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) made[i] = Math.fround(change(data[i], i % columns));
  return { rows, columns, data: made };
}

/** Numbers of two matrices, the second of which may be a row, a column or a number. */
export function zipMatrix(a: Matrix, b: Matrix, join: (x: number, y: number) => number): Matrix {
  const rows = Math.max(a.rows, b.rows);
  const columns = Math.max(a.columns, b.columns);
  const at = (m: Matrix, n: number, j: number) =>
    m.data[(m.rows === 1 ? 0 : n) * m.columns + (m.columns === 1 ? 0 : j)];
  const data = new Float64Array(rows * columns);
  for (let n = 0; n < rows; n++) {
    for (let j = 0; j < columns; j++) {
      data[n * columns + j] = Math.fround(join(at(a, n, j), at(b, n, j)));
    }
  }
  return { rows, columns, data };
}

/** Side by side. */
export function besideMatrices(parts: readonly Matrix[]): Matrix {
  const rows = parts[0].rows;
  const columns = parts.reduce((sum, part) => sum + part.columns, 0);
  const data = new Float64Array(rows * columns);
  let offset = 0;
  for (const part of parts) {
    for (let n = 0; n < rows; n++) {
      data.set(part.data.subarray(n * part.columns, (n + 1) * part.columns), n * columns + offset);
    }
    offset += part.columns;
  }
  return { rows, columns, data };
}

export function pickColumns(matrix: Matrix, chosen: readonly number[]): Matrix {
  const data = new Float64Array(matrix.rows * chosen.length);
  for (let n = 0; n < matrix.rows; n++) {
    chosen.forEach((j, i) => (data[n * chosen.length + i] = matrix.data[n * matrix.columns + j]));
  }
  return { rows: matrix.rows, columns: chosen.length, data };
}
