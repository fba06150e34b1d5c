/** Matrix products, and normalisation by stored statistics. */
import * as b from '../../../graph/build.js';
import * as c from '../../../graph/composites.js';
import { joined } from '../../onnx/operators/pointwise.js';
import { asTraced, dimsOf, range, traced, transposed, type Operand } from '../../onnx/tensor.js';
import {
  broken,
  need,
  numberAt,
  onnx,
  refused,
  settled,
  type Operation,
  type Site,
} from '../site.js';
import { fused, normalised } from './fused.js';

const turned = (x: Operand, isTurned: boolean, site: Site): Operand => {
  if (!isTurned) return x;
  const t = asTraced(x);
  if (t.rank < 2) throw broken(site, 'turns a matrix that has one axis');
  return transposed(t, [...range(t.rank - 2), t.rank - 1, t.rank - 2]);
};

const product =
  (left: string, right: string): Operation =>
  (inputs, site) => {
    const { attributes } = site;
    const a = turned(need(inputs, 0, site), attributes.bool(left), site);
    const w = turned(need(inputs, 1, site), attributes.bool(right), site);
    const [y] = onnx('MatMul', [a, w], site);
    return attributes.has('fused_ops') ? [fused(asTraced(y), inputs.slice(2), site, 'NHWC')] : [y];
  };

const einsum: Operation = (inputs, site) =>
  onnx('Einsum', inputs, site, { equation: site.attributes.text('equation') ?? '' });

/** Only the diagonals from `lower` below to `upper` above stay; all of them if a number is negative. */
const band: Operation = (inputs, site) => {
  const x = need(inputs, 0, site);
  const [rows, columns] = dimsOf(x).slice(-2);
  const [lower, upper] = [numberAt(inputs, 1, site), numberAt(inputs, 2, site)];
  const mask = c.matrixOf(rows, columns, (i, j) =>
    Number((lower < 0 || i - j <= lower) && (upper < 0 || j - i <= upper)),
  );
  return [settled(joined([x, traced(mask, 2, [0, 1])], ([p, q]) => b.mul(p, q)))];
};

const batchNorm: Operation = (inputs, site) => {
  const x = asTraced(need(inputs, 0, site));
  const rest = range(4, 1).map((i) => need(inputs, i, site));
  if (rest.slice(2).some((one) => dimsOf(one).includes(0))) {
    throw refused(site, 'normalises by the batch, as in training');
  }
  const { attributes } = site;
  const format = attributes.choice('data_format', 'NHWC');
  return [normalised(x, rest, attributes.float('epsilon', 1e-4), format), ...rest.slice(2)];
};

export const LINEAR: Readonly<Record<string, Operation>> = {
  MatMul: product('transpose_a', 'transpose_b'),
  _FusedMatMul: product('transpose_a', 'transpose_b'),
  FusedMatMul: product('transpose_a', 'transpose_b'),
  BatchMatMul: product('adj_x', 'adj_y'),
  BatchMatMulV2: product('adj_x', 'adj_y'),
  BatchMatMulV3: product('adj_x', 'adj_y'),
  Einsum: einsum,
  MatrixBandPart: band,
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
};
