/** ONNX bytes to messages. A file that is damaged, or made to do harm, gives a typed error. */
import { WhylensError } from '../../errors.js';
import type {
  OnnxAttribute,
  OnnxExternal,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from './onnx.js';
import { MessageReader } from './protobuf.js';

/** Graphs within graphs; real ones have two or three. */
const DEEPEST = 16;
/** Messages in a file; the largest real graphs have some ten thousand. */
const MOST_MESSAGES = 500_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Decodes a model. Tensor data stays where it is in `bytes`.
 *
 * @param file name for messages
 * @param own true where nobody else needs `bytes`: data that starts at an odd place is moved there
 * by up to three bytes, over its own length, so that it can be looked at as numbers without a
 * copy. The bytes are no model any more after that.
 * @throws WhylensError `MODEL_LOAD`
 */
export function decodeOnnx(bytes: Uint8Array, file: string, own = false): OnnxModel {
  return new Decoder(file, own).model(bytes);
}

/** Data of as many bytes has a tag and a length of three bytes or more before it. */
const MOVABLE = 128;
function moved(raw: Uint8Array): Uint8Array {
  const by = raw.byteOffset % 4;
  if (by === 0 || raw.length < MOVABLE) return raw;
  const to = new Uint8Array(raw.buffer, raw.byteOffset - by, raw.length);
  to.set(raw);
  return to;
}

class Decoder {
  #messages = 0;

  constructor(
    private readonly file: string,
    private readonly own: boolean,
  ) {}

  model(bytes: Uint8Array): OnnxModel {
    const reader = this.#open(bytes);
    const opsets = new Map<string, number>();
    const metadata = new Map<string, string>();
    const functions: OnnxFunction[] = [];
    let graph: OnnxGraph | undefined;
    let irVersion = 0;
    let producer = '';
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) irVersion = reader.int();
      else if (field === 2) producer = reader.text();
      // a repeated message is merged, as in protobuf: models are extended by appending
      else if (field === 7) graph = merged(graph, this.#graph(reader.chunk(), 0));
      else if (field === 8) this.#opset(reader.chunk(), opsets);
      else if (field === 14) this.#entry(reader.chunk(), metadata);
      else if (field === 25) functions.push(this.#function(reader.chunk()));
      else reader.skip();
    }
    if (graph === undefined) throw reader.damaged('it holds no graph');
    return { irVersion, producer, opsets, graph, functions, metadata };
  }

  #open(bytes: Uint8Array): MessageReader {
    this.#messages += 1;
    if (this.#messages > MOST_MESSAGES) {
      throw new WhylensError(
        'MODEL_LOAD',
        `${this.file} holds more than ${MOST_MESSAGES} nodes, attributes and tensors: no classifier has as many`,
      );
    }
    return new MessageReader(bytes, this.file);
  }

  #graph(bytes: Uint8Array, depth: number): OnnxGraph {
    const reader = this.#open(bytes);
    if (depth > DEEPEST) throw reader.damaged(`graphs lie ${depth} deep in each other`);
    let name = '';
    const nodes: OnnxNode[] = [];
    const initializers: OnnxTensor[] = [];
    const inputs: OnnxValueInfo[] = [];
    const outputs: OnnxValueInfo[] = [];
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) nodes.push(this.#node(reader.chunk(), depth));
      else if (field === 2) name = reader.text();
      else if (field === 5) initializers.push(this.#tensor(reader.chunk()));
      else if (field === 11) inputs.push(this.#valueInfo(reader.chunk()));
      else if (field === 12) outputs.push(this.#valueInfo(reader.chunk()));
      else if (field === 15) {
        throw new WhylensError(
          'MODEL_LOAD',
          `${this.file} holds sparse weights, which whylens does not read. Store them densely and export the model again`,
        );
      } else reader.skip();
    }
    return { name, nodes, initializers, inputs, outputs };
  }

  #node(bytes: Uint8Array, depth: number): OnnxNode {
    const reader = this.#open(bytes);
    const inputs: string[] = [];
    const outputs: string[] = [];
    const attributes = new Map<string, OnnxAttribute>();
    const metadata = new Map<string, string>();
    const told = { op: '', domain: '', overload: '', name: '' };
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) inputs.push(reader.text());
      else if (field === 2) outputs.push(reader.text());
      else if (field === 3) told.name = reader.text();
      else if (field === 4) told.op = reader.text();
      else if (field === 5) {
        const attribute = this.#attribute(reader.chunk(), depth);
        attributes.set(attribute.name, attribute);
      } else if (field === 7) told.domain = standard(reader.text());
      else if (field === 8) told.overload = reader.text();
      else if (field === 9) this.#entry(reader.chunk(), metadata);
      else reader.skip();
    }
    return { ...told, inputs, outputs, attributes, metadata };
  }

  #attribute(bytes: Uint8Array, depth: number): OnnxAttribute {
    const reader = this.#open(bytes);
    const told: Mutable<OnnxAttribute> = { name: '', type: 0 };
    const floats: number[] = [];
    const ints: bigint[] = [];
    const strings: Uint8Array[] = [];
    const tensors: OnnxTensor[] = [];
    const graphs: OnnxGraph[] = [];
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) told.name = reader.text();
      else if (field === 2) told.f = reader.float();
      else if (field === 3) told.i = reader.int64();
      else if (field === 4) told.s = reader.chunk();
      else if (field === 5) told.t = this.#tensor(reader.chunk());
      else if (field === 6) told.g = this.#graph(reader.chunk(), depth + 1);
      else if (field === 7) reader.floats(floats);
      else if (field === 8) reader.int64s(ints);
      else if (field === 9) strings.push(reader.chunk());
      else if (field === 10) tensors.push(this.#tensor(reader.chunk()));
      else if (field === 11) graphs.push(this.#graph(reader.chunk(), depth + 1));
      else if (field === 20) told.type = reader.int();
      else if (field === 21) told.reference = reader.text();
      else reader.skip();
    }
    return {
      ...told,
      ...(floats.length > 0 || told.type === 6 ? { floats } : {}),
      ...(ints.length > 0 || told.type === 7 ? { ints } : {}),
      ...(strings.length > 0 || told.type === 8 ? { strings } : {}),
      ...(tensors.length > 0 ? { tensors } : {}),
      ...(graphs.length > 0 ? { graphs } : {}),
    };
  }

  #tensor(bytes: Uint8Array): OnnxTensor {
    const reader = this.#open(bytes);
    const told: Mutable<OnnxTensor> = { name: '', type: 0, dims: [] };
    const dims: bigint[] = [];
    const floats: number[] = [];
    const int32s: bigint[] = [];
    const int64s: bigint[] = [];
    const uint64s: bigint[] = [];
    const doubles: number[] = [];
    const strings: Uint8Array[] = [];
    const external = new Map<string, string>();
    let isExternal = false;
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) reader.int64s(dims);
      else if (field === 2) told.type = reader.int();
      else if (field === 4) reader.floats(floats);
      else if (field === 5) reader.int64s(int32s);
      else if (field === 6) strings.push(reader.chunk());
      else if (field === 7) reader.int64s(int64s);
      else if (field === 8) told.name = reader.text();
      else if (field === 9) told.raw = this.own ? moved(reader.chunk()) : reader.chunk();
      else if (field === 10) reader.doubles(doubles);
      else if (field === 11) reader.int64s(uint64s);
      else if (field === 13) this.#entry(reader.chunk(), external);
      else if (field === 14) isExternal = reader.int() === 1;
      else reader.skip();
    }
    if (dims.some((size) => size < 0n)) {
      throw reader.damaged(`tensor '${told.name}' has the shape [${dims.join(', ')}]`);
    }
    return {
      ...told,
      dims: dims.map(Number),
      ...(floats.length > 0 ? { floats } : {}),
      ...(int32s.length > 0 ? { int32s } : {}),
      ...(int64s.length > 0 ? { int64s } : {}),
      ...(uint64s.length > 0 ? { uint64s } : {}),
      ...(doubles.length > 0 ? { doubles } : {}),
      ...(strings.length > 0 ? { strings } : {}),
      ...(isExternal ? { external: externalOf(external, reader, told.name) } : {}),
    };
  }

  #valueInfo(bytes: Uint8Array): OnnxValueInfo {
    const reader = this.#open(bytes);
    const told: Mutable<OnnxValueInfo> = { name: '', type: 0 };
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) told.name = reader.text();
      else if (field === 2) {
        const type = reader.message(this.file);
        for (let kind = type.next(); kind !== 0; kind = type.next()) {
          if (kind === 1) Object.assign(told, this.#tensorType(type.chunk()));
          else type.skip();
        }
      } else reader.skip();
    }
    return told;
  }

  #tensorType(bytes: Uint8Array): Pick<OnnxValueInfo, 'type' | 'shape'> {
    const reader = this.#open(bytes);
    let type = 0;
    let shape: (number | string | null)[] | undefined;
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) type = reader.int();
      else if (field === 2) {
        shape = [];
        const dims = reader.message(this.file);
        for (let kind = dims.next(); kind !== 0; kind = dims.next()) {
          if (kind === 1) shape.push(this.#dimension(dims.chunk()));
          else dims.skip();
        }
      } else reader.skip();
    }
    return { type, ...(shape === undefined ? {} : { shape }) };
  }

  #dimension(bytes: Uint8Array): number | string | null {
    const reader = this.#open(bytes);
    let size: number | string | null = null;
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) size = reader.int();
      else if (field === 2) size = reader.text();
      else reader.skip();
    }
    // some exporters write 0 or −1 for "any"
    return typeof size === 'number' && size <= 0 ? null : size === '' ? null : size;
  }

  #function(bytes: Uint8Array): OnnxFunction {
    const reader = this.#open(bytes);
    const told = { name: '', domain: '', overload: '' };
    const inputs: string[] = [];
    const outputs: string[] = [];
    const nodes: OnnxNode[] = [];
    const opsets = new Map<string, number>();
    const defaults = new Map<string, OnnxAttribute>();
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) told.name = reader.text();
      else if (field === 4) inputs.push(reader.text());
      else if (field === 5) outputs.push(reader.text());
      else if (field === 7) nodes.push(this.#node(reader.chunk(), 1));
      else if (field === 9) this.#opset(reader.chunk(), opsets);
      else if (field === 10) told.domain = standard(reader.text());
      else if (field === 11) {
        const attribute = this.#attribute(reader.chunk(), 1);
        defaults.set(attribute.name, attribute);
      } else if (field === 13) told.overload = reader.text();
      else reader.skip();
    }
    return { ...told, inputs, outputs, nodes, opsets, defaults };
  }

  #opset(bytes: Uint8Array, into: Map<string, number>): void {
    const reader = this.#open(bytes);
    let domain = '';
    let version = 0;
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) domain = standard(reader.text());
      else if (field === 2) version = reader.int();
      else reader.skip();
    }
    into.set(domain, version);
  }

  #entry(bytes: Uint8Array, into: Map<string, string>): void {
    const reader = this.#open(bytes);
    let key = '';
    let value = '';
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) key = reader.text();
      else if (field === 2) value = reader.text();
      else reader.skip();
    }
    into.set(key, value);
  }
}

/** The standard operators go by two names. */
function standard(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function externalOf(
  entries: ReadonlyMap<string, string>,
  reader: MessageReader,
  tensor: string,
): OnnxExternal {
  const location = entries.get('location') ?? '';
  const [offset, length] = ['offset', 'length'].map((key) => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    if (!/^\d{1,15}$/.test(text)) {
      throw reader.damaged(`tensor '${tensor}' has the ${key} '${text}' in another file`);
    }
    return Number(text);
  });
  if (location === '') throw reader.damaged(`tensor '${tensor}' lies in a file without a name`);
  return { location, offset: offset ?? 0, ...(length === undefined ? {} : { length }) };
}

function merged(a: OnnxGraph | undefined, b: OnnxGraph): OnnxGraph {
  if (a === undefined) return b;
  return {
    name: b.name === '' ? a.name : b.name,
    nodes: [...a.nodes, ...b.nodes],
    initializers: [...a.initializers, ...b.initializers],
    inputs: [...a.inputs, ...b.inputs],
    outputs: [...a.outputs, ...b.outputs],
  };
}
