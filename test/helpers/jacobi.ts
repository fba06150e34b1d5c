/** All eigenpairs of a small symmetric matrix (rows) by cyclic Jacobi rotations; column `i` of `vectors` belongs to `values[i]`. */
export function jacobiEigen(matrix: readonly Float64Array[]): {
  readonly values: readonly number[];
  readonly vectors: readonly Float64Array[];
} {
  const n = matrix.length;
  const a = matrix.map((row) => row.slice());
  const v = a.map((_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
  const norm = Math.sqrt(a.reduce((sum, row) => sum + dot(row, row), 0));
  for (let sweep = 0; sweep < 60; sweep++) {
    let rest = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) rest += a[i][j] ** 2;
    if (Math.sqrt(rest) <= 1e-15 * norm) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let i = 0; i < n; i++) rotateColumns(a[i], p, q, c, s);
        for (let i = 0; i < n; i++) {
          [a[p][i], a[q][i]] = [c * a[p][i] - s * a[q][i], s * a[p][i] + c * a[q][i]];
        }
        for (let i = 0; i < n; i++) rotateColumns(v[i], p, q, c, s);
      }
    }
  }
  return { values: a.map((row, i) => row[i]), vectors: v };
}

function rotateColumns(row: Float64Array, p: number, q: number, c: number, s: number): void {
  const x = row[p];
  const y = row[q];
  row[p] = c * x - s * y;
  row[q] = s * x + c * y;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
