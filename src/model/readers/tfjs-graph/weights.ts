/** The numbers of constants, by node: from the weight files, from a live model, or from the graph itself. */
import { WhylensError } from '../../../errors.js';
import { fromBase64 } from '../../../images/base64.js';
import { sizeOf } from '../../../maths/ndarray.js';
import { ELEMENT } from '../../files/onnx.js';
import { float16 } from '../../files/onnx-tensor.js';
import type { Weight } from '../../graph/primitives.js';
import type { Known } from '../onnx/tensor.js';
import { Attributes, isWholeType } from './attributes.js';
import type { GraphNode } from './graph-def.js';
import { shapeOf } from './graph-def.js';

type Numbers = Weight['data'];

/** Constants by the name of their node. */
export interface GraphWeights {
  get(name: string): Known | undefined;
}

/** One entry of a weight manifest, as far as it is looked at here. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: {
    readonly dtype: string;
    readonly scale?: number;
    readonly min?: number;
  };
}

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  float16: 2,
  int32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/** A constant whose numbers are read once, when they are needed. */
export function lazily(shape: readonly number[], dtype: string, read: () => Numbers): Known {
  let data: Numbers | undefined;
  const type = dtype === 'bool' ? ELEMENT.bool : dtype === 'int32' ? ELEMENT.int32 : ELEMENT.float;
  return {
    kind: 'known',
    type,
    weight: {
      shape,
      get data() {
        return (data ??= read());
      },
    },
  };
}

/** Weights one after the other in one buffer, as the manifest lists them. */
export function storedWeights(specs: readonly WeightSpec[], buffer: ArrayBuffer): GraphWeights {
  const found = new Map<string, Known>();
  let at = 0;
  for (const spec of specs) {
    // texts tell their length themselves, so nothing behind them can be found
    if (spec.dtype === 'string') break;
    const stored = spec.quantization?.dtype ?? spec.dtype;
    const count = sizeOf(spec.shape);
    const start = at;
    at += count * (stored === 'complex64' ? 8 : BYTES[stored]);
    if (!Object.hasOwn(BYTES, stored)) continue;
    const view = new DataView(buffer, start, count * BYTES[stored]);
    found.set(
      spec.name,
      lazily(spec.shape, spec.dtype, () => decoded(spec, stored, view, count)),
    );
  }
  return found;
}

function decoded(spec: WeightSpec, stored: string, view: DataView, count: number): Numbers {
  if (stored === 'float32' && view.byteOffset % 4 === 0) {
    return new Float32Array(view.buffer, view.byteOffset, count);
  }
  const read: Readonly<Record<string, (i: number) => number>> = {
    float32: (i) => view.getFloat32(4 * i, true),
    float16: (i) => float16(view.getUint16(2 * i, true)),
    int32: (i) => view.getInt32(4 * i, true),
    uint16: (i) => view.getUint16(2 * i, true),
    uint8: (i) => view.getUint8(i),
    bool: (i) => view.getUint8(i),
  };
  const number = read[stored];
  const { scale, min = 0 } = spec.quantization ?? {};
  const whole = spec.dtype === 'int32';
  const data = whole ? new Float64Array(count) : new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const x = scale === undefined ? number(i) : number(i) * scale + min;
    data[i] = whole ? Math.round(x) : x;
  }
  return data;
}

/** A constant whose numbers stand in the graph itself. */
export function inlineConstant(node: GraphNode): Known | undefined {
  const tensor = new Attributes(node).tensor('value');
  const shape = shapeOf(tensor?.tensorShape);
  if (tensor === undefined || shape === undefined || shape.includes(null)) return undefined;
  const type = typeof tensor.dtype === 'string' ? tensor.dtype : 'DT_FLOAT';
  const dims = shape as number[];
  const size = sizeOf(dims);
  const list = ['floatVal', 'doubleVal', 'intVal', 'int64Val', 'boolVal']
    .map((name) => tensor[name])
    .find((one): one is unknown[] => Array.isArray(one) && one.length > 0);
  const numbers = list?.map(Number) ?? contentOf(tensor.tensorContent, type);
  if (numbers === undefined || (numbers.length !== size && numbers.length !== 1)) return undefined;
  if (!(size <= 2 ** 24)) {
    throw new WhylensError(
      'MODEL_LOAD',
      `the constant '${node.name}' of the graph would have ${size} values: the file is damaged`,
    );
  }
  const dtype = type === 'DT_BOOL' ? 'bool' : isWholeType(type) ? 'int32' : 'float32';
  return lazily(dims, dtype, () =>
    Float64Array.from({ length: size }, (_, i) => numbers[numbers.length === 1 ? 0 : i]),
  );
}

function contentOf(content: unknown, type: string): number[] | undefined {
  const bytes = typeof content === 'string' ? fromBase64(content) : undefined;
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer);
  const all = (width: number, read: (at: number) => number): number[] =>
    Array.from({ length: Math.floor(bytes.length / width) }, (_, i) => read(i * width));
  switch (type) {
    case 'DT_FLOAT':
      return all(4, (at) => view.getFloat32(at, true));
    case 'DT_DOUBLE':
      return all(8, (at) => view.getFloat64(at, true));
    case 'DT_INT32':
      return all(4, (at) => view.getInt32(at, true));
    case 'DT_INT64':
      return all(8, (at) => Number(view.getBigInt64(at, true)));
    case 'DT_BOOL':
    case 'DT_UINT8':
      return [...bytes];
    case 'DT_HALF':
      return all(2, (at) => float16(view.getUint16(at, true)));
    default:
      return undefined;
  }
}
