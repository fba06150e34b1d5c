/** scikit-learn's nearest neighbours: their share of each class, or the mean of their values. */
import { broken, unsupported, type Field } from '../fields.js';
import type { Columns, Rows } from '../interface.js';
import { squaredDistance } from '../kernels.js';
import type { Network } from './network.js';

/**
 * The rows it was fitted to are in the file. Of rows at the same distance the
 * first are taken, where scikit-learn's choice depends on its search.
 */
export function readNeighbours(file: Field, features: number): Network {
  const fitted = file.get('fit_X_').matrix();
  if (fitted.columns !== features) {
    throw broken(file.file, `it was fitted to rows of ${fitted.columns} features, not ${features}`);
  }
  const params = file.get('params');
  const k = params.has('n_neighbors') ? params.get('n_neighbors').count(1, fitted.rows) : 5;
  const weights = params.has('weights') ? params.get('weights').value : 'uniform';
  if (weights !== 'uniform' && weights !== 'distance') {
    throw unsupported(
      file.file,
      'nearest neighbours with weights of their own, which are a program',
    );
  }
  const distance = distanceOf(file, params);
  const truth = file.get('y_').array();
  const classes = file.has('classes') ? file.get('classes').list().length : 0;
  const width = classes > 0 ? classes : truth.data.length / fitted.rows;
  if (classes > 0 && truth.data.length !== fitted.rows) {
    throw unsupported(file.file, 'nearest neighbours of several outputs; give one file an output');
  }
  // a class votes for itself
  const values = new Float64Array(fitted.rows * width);
  if (classes > 0) truth.data.forEach((c, i) => (values[i * width + c] = 1));
  else values.set(truth.data);
  const one = (row: Float64Array, into: Float64Array): void => {
    const distances = Float64Array.from({ length: fitted.rows }, (_, i) =>
      distance(row, fitted.data.subarray(i * features, (i + 1) * features)),
    );
    const nearest = [...distances.keys()]
      .sort((a, b) => distances[a] - distances[b] || a - b)
      .slice(0, k);
    // at distance 0 a neighbour decides alone
    const same = weights === 'distance' && nearest.some((i) => distances[i] === 0);
    let total = 0;
    for (const i of nearest) {
      const weight =
        weights === 'uniform' ? 1 : same ? Number(distances[i] === 0) : 1 / distances[i];
      total += weight;
      for (let o = 0; o < width; o++) into[o] += weight * values[i * width + o];
    }
    for (let o = 0; o < width; o++) into[o] /= total;
  };
  return {
    outputs: width,
    link: { kind: 'identity' },
    network: ({ count, data }: Rows): Columns => {
      const result = new Float64Array(count * width);
      for (let n = 0; n < count; n++) {
        one(
          data.subarray(n * features, (n + 1) * features),
          result.subarray(n * width, (n + 1) * width),
        );
      }
      return { count, columns: width, data: result };
    },
  };
}

type Distance = (a: Float64Array, b: Float64Array) => number;

function distanceOf(file: Field, params: Field): Distance {
  const metric = params.has('metric') ? params.get('metric').text() : 'minkowski';
  const p = metric === 'minkowski' ? params.get('p').number(2) : NaN;
  const sum = (a: Float64Array, b: Float64Array, part: (difference: number) => number): number => {
    let total = 0;
    for (let j = 0; j < a.length; j++) total += part(Math.abs(a[j] - b[j]));
    return total;
  };
  if (metric === 'euclidean' || p === 2) return (a, b) => Math.sqrt(squaredDistance(a, b));
  if (metric === 'sqeuclidean') return squaredDistance;
  if (['manhattan', 'cityblock', 'l1'].includes(metric) || p === 1) {
    return (a, b) => sum(a, b, (d) => d);
  }
  if (metric === 'chebyshev' || p === Infinity) {
    return (a, b) => {
      let most = 0;
      for (let j = 0; j < a.length; j++) most = Math.max(most, Math.abs(a[j] - b[j]));
      return most;
    };
  }
  if (metric === 'minkowski') return (a, b) => sum(a, b, (d) => d ** p) ** (1 / p);
  throw unsupported(
    file.file,
    `nearest neighbours by the metric '${metric}'; known are minkowski, euclidean, manhattan and chebyshev. Export it to ONNX`,
  );
}
