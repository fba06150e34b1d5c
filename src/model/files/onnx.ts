/** What an ONNX file holds, decoded: messages as plain objects, tensor data as views on the file's bytes. */

/** Element types by their number in the file. */
export const ELEMENT = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e4m3fnuz: 18,
  float8e5m2: 19,
  float8e5m2fnuz: 20,
  uint4: 21,
  int4: 22,
} as const;

export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  /** Version by domain; the standard domain is `''`. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: OnnxGraph;
  readonly functions: readonly OnnxFunction[];
  readonly metadata: ReadonlyMap<string, string>;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
  readonly opsets: ReadonlyMap<string, number>;
  /** Default values of attributes. */
  readonly defaults: ReadonlyMap<string, OnnxAttribute>;
}

export interface OnnxNode {
  readonly op: string;
  /** `''` for the standard operators. */
  readonly domain: string;
  readonly overload: string;
  readonly name: string;
  /** Tensor names; `''` if an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  readonly metadata: ReadonlyMap<string, string>;
}

export interface OnnxAttribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: bigint;
  readonly s?: Uint8Array;
  readonly t?: OnnxTensor;
  readonly g?: OnnxGraph;
  readonly floats?: readonly number[];
  readonly ints?: readonly bigint[];
  readonly strings?: readonly Uint8Array[];
  readonly tensors?: readonly OnnxTensor[];
  readonly graphs?: readonly OnnxGraph[];
  /** The name of the function's attribute that stands here. */
  readonly reference?: string;
}

/** An attribute of one whole number, or of several. */
export const wholeAttribute = (name: string, given: number | readonly number[]): OnnxAttribute =>
  typeof given === 'number'
    ? { name, type: 2, i: BigInt(given) }
    : { name, type: 7, ints: given.map(BigInt) };

export interface OnnxTensor {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  readonly raw?: Uint8Array;
  readonly floats?: readonly number[];
  /** int32, and with their bits all smaller types: float16 and bool too. */
  readonly int32s?: readonly bigint[];
  readonly int64s?: readonly bigint[];
  readonly doubles?: readonly number[];
  readonly uint64s?: readonly bigint[];
  readonly strings?: readonly Uint8Array[];
  readonly external?: OnnxExternal;
}

/** The place of a tensor's data outside the file. */
export interface OnnxExternal {
  readonly location: string;
  readonly offset: number;
  readonly length?: number;
}

export interface OnnxValueInfo {
  readonly name: string;
  /** Element type of a tensor, 0 for what is not a tensor (a sequence or a map). */
  readonly type: number;
  /** A size, the name of a free one, or null; undefined if even the rank is open. */
  readonly shape?: readonly (number | string | null)[];
}
