/** Probabilities of classes from those of each pair of them. */

/**
 * Wu, Lin and Weng 2004, as libsvm does it: the p that minimises
 * Σ_i Σ_j≠i (r_ji p_i − r_ij p_j)², to within libsvm's own limit, which of two
 * classes too leaves the last digits of a probability open.
 *
 * @param pairs P(i | i or j) for the pairs (0,1), (0,2), …, (1,2), …
 * @returns one probability a class, summing to 1
 */
export function coupled(pairs: ArrayLike<number>, classes: number): Float64Array {
  const least = 1e-7;
  const clipped = (p: number): number => Math.min(Math.max(p, least), 1 - least);
  const r = new Float64Array(classes * classes);
  let pair = 0;
  for (let i = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++, pair++) {
      r[i * classes + j] = clipped(pairs[pair]);
      r[j * classes + i] = 1 - r[i * classes + j];
    }
  }
  const q = new Float64Array(classes * classes);
  for (let t = 0; t < classes; t++) {
    for (let j = 0; j < classes; j++) {
      if (j === t) continue;
      q[t * classes + t] += r[j * classes + t] ** 2;
      q[t * classes + j] = -r[j * classes + t] * r[t * classes + j];
    }
  }
  const p = new Float64Array(classes).fill(1 / classes);
  const qp = new Float64Array(classes);
  const precision = 0.005 / classes;
  for (let round = 0; round < Math.max(100, classes); round++) {
    let total = 0;
    for (let t = 0; t < classes; t++) {
      qp[t] = 0;
      for (let j = 0; j < classes; j++) qp[t] += q[t * classes + j] * p[j];
      total += p[t] * qp[t];
    }
    if (qp.every((own) => Math.abs(own - total) < precision)) break;
    for (let t = 0; t < classes; t++) {
      const change = (-qp[t] + total) / q[t * classes + t];
      p[t] += change;
      total =
        (total + change * (change * q[t * classes + t] + 2 * qp[t])) / (1 + change) / (1 + change);
      for (let j = 0; j < classes; j++) {
        qp[j] = (qp[j] + change * q[t * classes + j]) / (1 + change);
        p[j] /= 1 + change;
      }
    }
  }
  return p;
}
