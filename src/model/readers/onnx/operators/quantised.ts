/**
 * Quantised networks as the float network they stand for: weights are multiplied out, the
 * rounding of activations is left out. A zero point at the lowest number cuts off what is below 0,
 * which is how quantisers absorb a ReLU.
 */
import * as b from '../../../graph/build.js';
import { sizeOf } from '../../../../maths/ndarray.js';
import { ELEMENT } from '../../../files/onnx.js';
import { broken } from '../attributes.js';
import { numbers, plainAxis } from '../fold.js';
import {
  need,
  needKnown,
  needTraced,
  optionalKnown,
  type Inputs,
  type Operator,
  type Site,
} from '../site.js';
import {
  asTraced,
  dimsOf,
  known,
  range,
  transposed,
  withValue,
  type Known,
  type Operand,
  type Traced,
} from '../tensor.js';
import { gemm, product, scaled } from './linear.js';
import { joined, POINTWISE } from './pointwise.js';
import { averaged, channelsLast, convolve, spatial } from './spatial.js';
import * as c from '../../../graph/composites.js';

const WARNING =
  'the network is quantised: its derivatives are those of the float network that it stands for, without the rounding';

const one = (number: number): Known => known([], [number], ELEMENT.float);

/** (q − zero point) · scale, whole tensors, per row of an axis, or in blocks along it. */
function multipliedOut(
  q: Known,
  scale: Known,
  zero: Known | undefined,
  axis: number,
  block: number,
  site: Site,
): Known {
  const dims = dimsOf(q);
  const [from, by] = [numbers(q), numbers(scale)];
  const offset = zero === undefined ? undefined : numbers(zero);
  const inner = sizeOf(dims.slice(axis + 1));
  const data = new Float32Array(from.length);
  const perTensor = by.length === 1;
  const n = dims[axis] ?? 1;
  const blocks = block > 0 ? Math.ceil(n / block) : n;
  const expected = block > 0 ? (from.length / n) * blocks : n;
  if (!perTensor && by.length !== expected) {
    throw broken(site.attributes.node, `has ${by.length} scales for [${dims.join(', ')}]`);
  }
  for (let i = 0; i < data.length; i++) {
    let at = 0;
    if (!perTensor) {
      const row = Math.floor(i / inner) % n;
      at = row;
      if (block > 0) {
        const outer = Math.floor(i / (inner * n));
        at = (outer * blocks + Math.floor(row / block)) * inner + (i % inner);
      }
    }
    data[i] = (from[i] - (offset?.[offset.length === 1 ? 0 : at] ?? 0)) * by[at];
  }
  return known(dims, data, ELEMENT.float);
}

const axisOf = (x: Operand, site: Site): number => {
  const rank = dimsOf(x).length;
  return rank === 0
    ? 0
    : plainAxis(Math.min(site.attributes.int('axis', 1), rank - 1), rank, site.attributes);
};

/** The lowest number of the type that a zero point has. */
const LOWEST: Readonly<Record<number, number>> = {
  [ELEMENT.uint8]: 0,
  [ELEMENT.int8]: -128,
  [ELEMENT.uint16]: 0,
  [ELEMENT.int16]: -32768,
  [ELEMENT.uint4]: 0,
  [ELEMENT.int4]: -8,
};
/** The part of a value that quantising keeps: all of it, or what is above 0. */
function quantised(x: Traced, zero: Known | undefined): Traced {
  // the input's own range may start at 0 without a ReLU
  if (zero === undefined || x.value.op === 'input' || x.value.op === 'relu') return x;
  const first = numbers(zero)[0];
  return first === LOWEST[zero.type] ? withValue(x, b.relu(x.value)) : x;
}

/** An operand of a quantised operator: a value is float already, weights are multiplied out. */
function float(inputs: Inputs, at: number, site: Site, axis = 0): Traced {
  const x = need(inputs, at, site);
  if (x.kind === 'traced') return x;
  const scale = needKnown(inputs, at + 1, site);
  return asTraced(multipliedOut(x, scale, optionalKnown(inputs, at + 2, site), axis, 0, site));
}

const quantize: Operator = (inputs, site) => {
  site.warn(WARNING);
  return [quantised(needTraced(inputs, 0, site), optionalKnown(inputs, 2, site))];
};
const dequantize: Operator = (inputs, site) => {
  const x = need(inputs, 0, site);
  if (x.kind === 'traced') return [x];
  const block = site.attributes.int('block_size', 0);
  const axis = axisOf(x, site);
  return [
    multipliedOut(x, needKnown(inputs, 1, site), optionalKnown(inputs, 2, site), axis, block, site),
  ];
};
const dynamicQuantize: Operator = (inputs, site) => {
  site.warn(WARNING);
  return [needTraced(inputs, 0, site), one(1), one(0)];
};

/** Whole numbers minus their zero point; a value is float already. */
function centred(inputs: Inputs, at: number, zeroAt: number, axis: number, site: Site): Operand {
  const x = need(inputs, at, site);
  if (x.kind === 'traced') return x;
  return shiftedBy(x, optionalKnown(inputs, zeroAt, site), axis, site);
}
function shiftedBy(x: Known, zero: Known | undefined, axis: number, site: Site): Known {
  if (zero === undefined) return known(dimsOf(x), Float32Array.from(numbers(x)), ELEMENT.float);
  const scale = known(
    dimsOf(zero),
    Array.from(numbers(zero), () => 1),
    ELEMENT.float,
  );
  return multipliedOut(x, scale, zero, axis, 0, site);
}

const matMulInteger: Operator = (inputs, site) => {
  site.warn(WARNING);
  const [left, right] = [
    centred(inputs, 0, 2, 0, site),
    centred(inputs, 1, 3, lastAxis(inputs, 1, site), site),
  ];
  return [product(left, right, site)];
};
const lastAxis = (inputs: Inputs, at: number, site: Site): number =>
  Math.max(0, dimsOf(need(inputs, at, site)).length - 1);
const convInteger: Operator = (inputs, site) => {
  site.warn(WARNING);
  return [convolve(need(inputs, 0, site), centred(inputs, 1, 3, 0, site), undefined, site)];
};

const qLinearConv: Operator = (inputs, site) => {
  site.warn(WARNING);
  const x = float(inputs, 0, site);
  const kernel = float(inputs, 3, site, 0);
  const bias = inputs[8] === undefined ? undefined : biasOf(inputs, 8, 1, 4, site);
  const y = convolve(x, kernel, bias, site);
  return [quantised(y, optionalKnown(inputs, 7, site))];
};
/** A bias of whole numbers has the product of both scales. */
function biasOf(inputs: Inputs, at: number, first: number, second: number, site: Site): Known {
  const bias = needKnown(inputs, at, site);
  const [p, q] = [
    numbers(needKnown(inputs, first, site)),
    numbers(needKnown(inputs, second, site)),
  ];
  const n = Math.max(p.length, q.length);
  const scale = Float64Array.from(
    { length: n },
    (_, i) => p[p.length === 1 ? 0 : i] * q[q.length === 1 ? 0 : i],
  );
  return multipliedOut(
    bias,
    known(n === 1 ? [] : [n], scale, ELEMENT.float),
    undefined,
    0,
    0,
    site,
  );
}
const qLinearMatMul: Operator = (inputs, site) => {
  site.warn(WARNING);
  const y = product(
    float(inputs, 0, site),
    float(inputs, 3, site, lastAxis(inputs, 3, site)),
    site,
  );
  return [quantised(y, optionalKnown(inputs, 7, site))];
};
const qGemm: Operator = (inputs, site) => {
  site.warn(WARNING);
  const turned = site.attributes.int('transB', 0) === 1;
  const bias = inputs[6] === undefined ? undefined : biasOf(inputs, 6, 1, 4, site);
  const [y] = gemm([float(inputs, 0, site), float(inputs, 3, site, turned ? 0 : 1), bias], site);
  return [quantised(y as Traced, optionalKnown(inputs, 8, site))];
};
const qLinearPair =
  (f: typeof b.add): Operator =>
  (inputs, site) => {
    site.warn(WARNING);
    const y = joined([float(inputs, 0, site), float(inputs, 3, site)], ([p, q]) => f(p, q));
    return [quantised(y, optionalKnown(inputs, 7, site))];
  };
/** Operators that take one value, its scale and zero point, and those of the result. */
const qLinearOne =
  (f: (x: Traced, site: Site) => Traced): Operator =>
  (inputs, site) => {
    site.warn(WARNING);
    return [quantised(f(float(inputs, 0, site), site), optionalKnown(inputs, 4, site))];
  };
const pooled =
  (f: (x: Traced, site: Site) => Traced) =>
  (x: Traced, site: Site): Traced => {
    if (site.attributes.int('channels_last', 0) !== 1) return f(x, site);
    const last = x.rank - 1;
    const first = transposed(x, [0, last, ...range(last - 1, 1)]);
    return transposed(f(first, site), [0, ...range(last - 1, 2), 1]);
  };
const through =
  (name: string) =>
  (x: Traced, site: Site): Traced =>
    POINTWISE[name]([x], site)[0] as Traced;
const qLinearConcat: Operator = (inputs, site) => {
  site.warn(WARNING);
  const count = Math.floor((inputs.length - 2) / 3);
  const parts = range(count).map((i) => float(inputs, 2 + 3 * i, site));
  return [concatenated(parts, site)];
};
function concatenated(parts: readonly Traced[], site: Site): Traced {
  const axis = plainAxis(site.attributes.int('axis', 0), parts[0].rank, site.attributes);
  const moved = parts.map((x) => channelsLast(x, site));
  const at = axis === 1 ? moved[0].shape.length - 1 : axis - 2;
  return spatial(b.concat(moved, at));
}

/** Weights in blocks of a few bits: `[N, blocks, bytes]`, of which the product takes the transpose. */
const matMulNBits: Operator = (inputs, site) => {
  const { attributes } = site;
  const [n, k] = [attributes.int('N', 0), attributes.int('K', 0)];
  const [bits, size] = [attributes.int('bits', 4), attributes.int('block_size', 32)];
  const blocks = Math.ceil(k / size);
  const packed = numbers(needKnown(inputs, 1, site));
  const scales = numbers(needKnown(inputs, 2, site));
  const zero = optionalKnown(inputs, 3, site);
  const perByte = 8 / bits;
  const bytes = Math.ceil(size / perByte);
  if (
    ![2, 4, 8].includes(bits) ||
    packed.length !== n * blocks * bytes ||
    scales.length !== n * blocks
  ) {
    throw broken(
      attributes.node,
      `has ${packed.length} bytes for ${n} × ${k} weights of ${bits} bits`,
    );
  }
  const read = (list: ArrayLike<number>, start: number, i: number): number =>
    (list[start + Math.floor(i / perByte)] >> ((i % perByte) * bits)) & (2 ** bits - 1);
  const zeroBytes = Math.ceil(blocks / perByte);
  const zeros = zero === undefined ? undefined : numbers(zero);
  const zeroOf = (row: number, block: number): number => {
    if (zeros === undefined) return 2 ** (bits - 1);
    return zero!.type === ELEMENT.uint8
      ? read(zeros, row * zeroBytes, block)
      : zeros[row * blocks + block];
  };
  const data = new Float32Array(n * k);
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < k; i++) {
      const block = Math.floor(i / size);
      const at = row * blocks + block;
      data[row * k + i] = (read(packed, at * bytes, i % size) - zeroOf(row, block)) * scales[at];
    }
  }
  const weights = transposed(asTraced(known([n, k], data, ELEMENT.float)), [1, 0]);
  const y = product(need(inputs, 0, site), weights, site);
  const bias = inputs[5];
  site.warn('weights of few bits are multiplied out to 32');
  return [bias === undefined ? y : joined([y, bias], ([p, q]) => b.add(p, q))];
};

export const QUANTISED: Readonly<Record<string, Operator>> = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  MatMulInteger: matMulInteger,
  ConvInteger: convInteger,
  QLinearConv: qLinearConv,
  QLinearMatMul: qLinearMatMul,
};
/** In ONNX Runtime's own domain. */
export const QUANTISED_RUNTIME: Readonly<Record<string, Operator>> = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  QGemm: qGemm,
  QLinearAdd: qLinearPair(b.add),
  QLinearMul: qLinearPair(b.mul),
  QLinearConcat: qLinearConcat,
  QLinearSigmoid: qLinearOne(through('Sigmoid')),
  QLinearLeakyRelu: qLinearOne(through('LeakyRelu')),
  QLinearSoftmax: qLinearOne((x, site) => through('Softmax')(x, site)),
  QLinearGlobalAveragePool: qLinearOne(
    pooled((x, site) => {
      const value = channelsLast(x, site);
      return spatial(c.reduceMean(value, range(value.shape.length - 1)));
    }),
  ),
  QLinearAveragePool: qLinearOne(
    pooled((x, site) => spatial(averaged(channelsLast(x, site), site.attributes))),
  ),
  // x · (integer product) · scale: the scale is 1 if the value is float already
  DynamicQuantizeMatMul: (inputs, site) => {
    site.warn(WARNING);
    const right = multipliedOut(
      needKnown(inputs, 1, site),
      needKnown(inputs, 2, site),
      optionalKnown(inputs, 3, site),
      lastAxis(inputs, 1, site),
      0,
      site,
    );
    const y = product(need(inputs, 0, site), right, site);
    return [inputs[4] === undefined ? y : joined([y, inputs[4]], ([p, q]) => b.add(p, q))];
  },
  MatMulIntegerToFloat: (inputs, site) => {
    site.warn(WARNING);
    const left = scaledBy(need(inputs, 0, site), optionalKnown(inputs, 2, site));
    const right = multipliedOut(
      needKnown(inputs, 1, site),
      needKnown(inputs, 3, site),
      optionalKnown(inputs, 5, site),
      lastAxis(inputs, 1, site),
      0,
      site,
    );
    const y = product(left, right, site);
    return [inputs[6] === undefined ? y : joined([y, inputs[6]], ([p, q]) => b.add(p, q))];
  },
  MatMulNBits: matMulNBits,
};
const scaledBy = (x: Operand, scale: Known | undefined): Traced =>
  scaled(asTraced(x), scale === undefined ? 1 : numbers(scale)[0]);
