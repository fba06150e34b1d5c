/**
 * The wire format of protocol buffers: reading as views on the file's bytes, and writing as a
 * list of pieces, so that weights are copied neither way. Whole numbers keep all 64 bits.
 */
import { WhylensError } from '../../errors.js';

const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A message that is read: `next` gives the field, then one of the others reads its content. */
export class MessageReader {
  readonly #view: DataView;
  #at = 0;
  #wire = 0;
  #field = 0;

  constructor(
    readonly bytes: Uint8Array,
    /** Names what is read, for messages. */
    readonly what: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The number of the next field, 0 at the end. */
  next(): number {
    if (this.#at >= this.bytes.length) return 0;
    const tag = Number(this.#varint());
    this.#wire = tag & 7;
    this.#field = Math.floor(tag / 8);
    if (this.#field === 0) throw this.damaged('a field has number 0');
    return this.#field;
  }

  /** Skips a field that is not needed. */
  skip(): void {
    if (this.#wire === WIRE.varint) this.#varint();
    else if (this.#wire === WIRE.bytes) this.#take(Number(this.#varint()));
    else if (this.#wire === WIRE.fixed64) this.#take(8);
    else if (this.#wire === WIRE.fixed32) this.#take(4);
    else throw this.damaged(`field ${this.#field} has the unknown wire type ${this.#wire}`);
  }

  int64(): bigint {
    this.#expect(WIRE.varint);
    return BigInt.asIntN(64, this.#varint());
  }

  /** A whole number that fits a double: an enumeration, a version, a size. */
  int(): number {
    return Number(this.int64());
  }

  float(): number {
    this.#expect(WIRE.fixed32);
    this.#need(4);
    const value = this.#view.getFloat32(this.#at, true);
    this.#at += 4;
    return value;
  }

  /** A view on the bytes of this field. */
  chunk(): Uint8Array {
    this.#expect(WIRE.bytes);
    return this.#take(Number(this.#varint()));
  }

  text(): string {
    return decoder.decode(this.chunk());
  }

  message(what: string): MessageReader {
    return new MessageReader(this.chunk(), what);
  }

  /** Adds the numbers of this field, packed or single. */
  int64s(into: bigint[]): void {
    if (this.#wire !== WIRE.bytes) {
      into.push(this.int64());
      return;
    }
    const packed = this.message(this.what);
    while (packed.#at < packed.bytes.length) into.push(BigInt.asIntN(64, packed.#varint()));
  }

  floats(into: number[]): void {
    if (this.#wire !== WIRE.bytes) {
      into.push(this.float());
      return;
    }
    for (const value of this.#packed(4, (view, at) => view.getFloat32(at, true))) into.push(value);
  }

  doubles(into: number[]): void {
    if (this.#wire === WIRE.fixed64) {
      this.#need(8);
      into.push(this.#view.getFloat64(this.#at, true));
      this.#at += 8;
      return;
    }
    for (const value of this.#packed(8, (view, at) => view.getFloat64(at, true))) into.push(value);
  }

  damaged(why: string): WhylensError {
    return new WhylensError(
      'MODEL_LOAD',
      `${this.what} is damaged or not ONNX: ${why}. Copy or export the file again`,
    );
  }

  *#packed(width: number, read: (view: DataView, at: number) => number): Generator<number> {
    const bytes = this.chunk();
    if (bytes.length % width !== 0) {
      throw this.damaged(`field ${this.#field} holds ${bytes.length} bytes of ${width} each`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += width) yield read(view, at);
  }

  #varint(): bigint {
    // up to 28 bits without big numbers: lengths and tags nearly always
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 127) << shift;
      if (byte < 128) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw this.damaged('a number is longer than ten bytes');
  }

  #byte(): number {
    this.#need(1);
    return this.bytes[this.#at++];
  }

  #take(length: number): Uint8Array {
    this.#need(length);
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  #need(length: number): void {
    if (this.#at + length > this.bytes.length) {
      throw this.damaged(
        `field ${this.#field} needs ${length} bytes, but ${this.bytes.length - this.#at} are left`,
      );
    }
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) {
      throw this.damaged(`field ${this.#field} has wire type ${this.#wire} instead of ${wire}`);
    }
  }
}

/** A message that is written. Large pieces are not copied until the end. */
export class MessageWriter {
  readonly #pieces: Uint8Array[] = [];
  #small: number[] = [];
  #length = 0;

  get length(): number {
    return this.#length + this.#small.length;
  }

  /** The message as a list of pieces, in order. */
  pieces(): Uint8Array[] {
    this.#flush();
    return this.#pieces;
  }

  int(field: number, value: number | bigint): this {
    this.#varint(field * 8 + WIRE.varint);
    this.#varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#varint(field * 8 + WIRE.fixed32);
    this.#small.push(...new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + WIRE.bytes);
    this.#varint(value.length);
    if (value.length < 64) this.#small.push(...value);
    else this.#append([value]);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  message(field: number, write: (inner: MessageWriter) => void): this {
    const inner = new MessageWriter();
    write(inner);
    this.#varint(field * 8 + WIRE.bytes);
    this.#varint(inner.length);
    this.#append(inner.pieces());
    return this;
  }

  ints(field: number, values: readonly (number | bigint)[]): this {
    if (values.length === 0) return this;
    return this.message(field, (inner) => values.forEach((value) => inner.#varint(value)));
  }

  floats(field: number, values: readonly number[]): this {
    if (values.length === 0) return this;
    return this.bytes(field, new Uint8Array(Float32Array.from(values).buffer));
  }

  doubles(field: number, values: readonly number[]): this {
    if (values.length === 0) return this;
    return this.bytes(field, new Uint8Array(Float64Array.from(values).buffer));
  }

  #varint(value: number | bigint): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#small.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.#small.push(Number(rest));
  }

  #append(pieces: readonly Uint8Array[]): void {
    this.#flush();
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#length += piece.length;
    }
  }

  #flush(): void {
    if (this.#small.length === 0) return;
    this.#pieces.push(Uint8Array.from(this.#small));
    this.#length += this.#small.length;
    this.#small = [];
  }
}

/** Pieces put together in one array. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
