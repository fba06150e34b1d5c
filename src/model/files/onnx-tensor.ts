/** The numbers of an ONNX tensor, of any element type and in any of the fields that can hold them. */
import { WhylensError } from '../../errors.js';
import { sizeOf } from '../../maths/ndarray.js';
import { ELEMENT, type OnnxTensor } from './onnx.js';

/** Numbers as one of the arrays that hold them exactly; whole numbers of 64 bits become the nearest double. */
export type Numbers = Float32Array | Float64Array;

/** Values in one tensor: no weight of a classifier has more. */
const MOST_VALUES = 2 ** 31;

const NAMES = new Map<number, string>(Object.entries(ELEMENT).map(([name, type]) => [type, name]));
export const elementName = (type: number): string => NAMES.get(type) ?? `type ${type}`;

/** True for the element types whose numbers are whole. */
export function isWhole(type: number): boolean {
  return ![ELEMENT.float, ELEMENT.float16, ELEMENT.bfloat16, ELEMENT.double].includes(
    type as never,
  );
}

/** Bits per element of what lies in raw bytes. */
const BITS: Readonly<Record<number, number>> = {
  [ELEMENT.float]: 32,
  [ELEMENT.uint8]: 8,
  [ELEMENT.int8]: 8,
  [ELEMENT.uint16]: 16,
  [ELEMENT.int16]: 16,
  [ELEMENT.int32]: 32,
  [ELEMENT.int64]: 64,
  [ELEMENT.bool]: 8,
  [ELEMENT.float16]: 16,
  [ELEMENT.double]: 64,
  [ELEMENT.uint32]: 32,
  [ELEMENT.uint64]: 64,
  [ELEMENT.bfloat16]: 16,
  [ELEMENT.float8e4m3fn]: 8,
  [ELEMENT.float8e4m3fnuz]: 8,
  [ELEMENT.float8e5m2]: 8,
  [ELEMENT.float8e5m2fnuz]: 8,
  [ELEMENT.uint4]: 4,
  [ELEMENT.int4]: 4,
};

/**
 * The numbers of a tensor. float32 in raw bytes that start on a multiple of four is a view on the
 * file; everything else is a copy: 16-bit floats as float32, the rest as float64.
 *
 * @param raw the tensor's bytes if they are in another file
 * @throws WhylensError `MODEL_LOAD` if data and shape do not fit
 */
export function tensorNumbers(
  tensor: OnnxTensor,
  raw: Uint8Array | undefined = tensor.raw,
): Numbers {
  const { bits, count } = requireComplete(tensor, raw);
  if (raw !== undefined && raw.length > 0) return fromRaw(raw, tensor.type, count);
  const stored = fromFields(tensor);
  return bits === 4 ? nibbles(stored, tensor.type, count) : decoded(stored, tensor.type);
}

/** Checks that a tensor's data is all there, without reading it. */
export function requireComplete(
  tensor: OnnxTensor,
  raw: Uint8Array | undefined = tensor.raw,
): { readonly bits: number; readonly count: number } {
  const count = sizeOf(tensor.dims);
  const name = `tensor '${tensor.name}' of ${elementName(tensor.type)} [${tensor.dims.join(', ')}]`;
  if (!Number.isSafeInteger(count) || count > MOST_VALUES) {
    throw new WhylensError('MODEL_LOAD', `${name} would have ${count} values: the file is damaged`);
  }
  const bits = BITS[tensor.type] as number | undefined;
  if (bits === undefined) {
    throw new WhylensError(
      'MODEL_LOAD',
      `${name} holds no numbers that whylens reads; it reads ${[...NAMES.values()].filter((kind) => kind !== 'string').join(', ')}`,
    );
  }
  if (raw !== undefined && raw.length > 0) {
    const expected = Math.ceil((count * bits) / 8);
    if (raw.length !== expected) throw misfit(name, `${raw.length} bytes instead of ${expected}`);
  } else {
    const held = bits === 4 ? Math.ceil(count / 2) : count;
    const found = fieldOf(tensor).length;
    if (found !== held) throw misfit(name, `${found} values instead of ${held}`);
  }
  return { bits, count };
}

function misfit(name: string, what: string): WhylensError {
  return new WhylensError(
    'MODEL_LOAD',
    `${name} has ${what}: the file is damaged. Copy or export it again`,
  );
}

function fromRaw(raw: Uint8Array, type: number, count: number): Numbers {
  if (type === ELEMENT.float) {
    // a view needs an aligned start
    const aligned = raw.byteOffset % 4 === 0 ? raw : raw.slice();
    return new Float32Array(aligned.buffer, aligned.byteOffset, count);
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const read = (width: number, get: (at: number) => number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => get(i * width));
  switch (type) {
    case ELEMENT.double:
      return read(8, (at) => view.getFloat64(at, true));
    case ELEMENT.int64:
      return read(8, (at) => Number(view.getBigInt64(at, true)));
    case ELEMENT.uint64:
      return read(8, (at) => Number(view.getBigUint64(at, true)));
    case ELEMENT.int32:
      return read(4, (at) => view.getInt32(at, true));
    case ELEMENT.uint32:
      return read(4, (at) => view.getUint32(at, true));
    case ELEMENT.int16:
      return read(2, (at) => view.getInt16(at, true));
    case ELEMENT.uint16:
      return read(2, (at) => view.getUint16(at, true));
    // there are many weights of eight bits, and float32 holds them exactly in half the space
    case ELEMENT.int8:
      return Float32Array.from(new Int8Array(raw.buffer, raw.byteOffset, count));
    case ELEMENT.uint8:
    case ELEMENT.bool:
      return Float32Array.from(raw);
    case ELEMENT.uint4:
    case ELEMENT.int4:
      return nibbles(raw, type, count);
    case ELEMENT.float16:
    case ELEMENT.bfloat16: {
      const result = new Float32Array(count);
      const number = type === ELEMENT.float16 ? float16 : bfloat16;
      for (let i = 0; i < count; i++) result[i] = number(view.getUint16(i * 2, true));
      return result;
    }
    default:
      return Float64Array.from(raw, (bits) => float8(bits, type));
  }
}

/** The field that holds the numbers of this type if they are not raw. */
function fieldOf({
  type,
  floats,
  doubles,
  int32s,
  int64s,
  uint64s,
}: OnnxTensor): readonly (number | bigint)[] {
  switch (type) {
    case ELEMENT.float:
      return floats ?? [];
    case ELEMENT.double:
      return doubles ?? [];
    case ELEMENT.int64:
      return int64s ?? [];
    case ELEMENT.uint32:
    case ELEMENT.uint64:
      return uint64s ?? [];
    default:
      return int32s ?? [];
  }
}
function fromFields(tensor: OnnxTensor): number[] {
  const isUnsigned = tensor.type === ELEMENT.uint32 || tensor.type === ELEMENT.uint64;
  return fieldOf(tensor).map((value) =>
    Number(isUnsigned ? BigInt.asUintN(64, BigInt(value)) : value),
  );
}

/** Small types lie in the int32 field with their bits. */
function decoded(stored: readonly number[], type: number): Numbers {
  if (type === ELEMENT.float) return Float32Array.from(stored);
  if (type === ELEMENT.float16) return Float32Array.from(stored, float16);
  if (type === ELEMENT.bfloat16) return Float32Array.from(stored, bfloat16);
  if (type >= ELEMENT.float8e4m3fn && type <= ELEMENT.float8e5m2fnuz) {
    return Float64Array.from(stored, (bits) => float8(bits, type));
  }
  return Float64Array.from(stored);
}

/** Two numbers in each byte, the lower half first. */
function nibbles(bytes: ArrayLike<number>, type: number, count: number): Float64Array {
  const result = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const nibble = (bytes[i >> 1] >> ((i & 1) * 4)) & 15;
    result[i] = type === ELEMENT.int4 && nibble > 7 ? nibble - 16 : nibble;
  }
  return result;
}

export function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));
export function bfloat16(bits: number): number {
  word.setUint32(0, (bits & 0xffff) * 65536);
  return word.getFloat32(0);
}

/** Eight bits: 4 of exponent and 3 of fraction, or 5 and 2; `fnuz` has no negative zero and a bias of one more. */
function float8(bits: number, type: number): number {
  const wide = type === ELEMENT.float8e5m2 || type === ELEMENT.float8e5m2fnuz;
  const odd = type === ELEMENT.float8e4m3fnuz || type === ELEMENT.float8e5m2fnuz;
  const width = wide ? 2 : 3;
  const bias = (wide ? 15 : 7) + (odd ? 1 : 0);
  const sign = bits & 128 ? -1 : 1;
  const fraction = bits & (2 ** width - 1);
  const exponent = (bits & 127) >> width;
  if (odd) {
    if (bits === 128) return NaN;
  } else if (wide) {
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  } else if ((bits & 127) === 127) return NaN;
  const scaled = fraction / 2 ** width;
  return exponent === 0
    ? sign * scaled * 2 ** (1 - bias)
    : sign * (1 + scaled) * 2 ** (exponent - bias);
}
