/** The attributes of ONNX nodes as numbers and words. */
import type { OnnxNode } from '../../files/onnx.js';
import { tensorNumbers } from '../../files/onnx-tensor.js';
import { broken } from '../fields.js';

const decoder = new TextDecoder();

/** A node with its attributes at hand. */
export class Node {
  constructor(
    readonly node: OnnxNode,
    private readonly file: string,
  ) {}

  get op(): string {
    return this.node.op;
  }

  get inputs(): readonly string[] {
    return this.node.inputs;
  }

  has(name: string): boolean {
    return this.node.attributes.has(name);
  }

  numbers(name: string): Float64Array {
    const attribute = this.node.attributes.get(name);
    if (attribute?.t !== undefined) return Float64Array.from(tensorNumbers(attribute.t));
    if (attribute?.floats !== undefined) return Float64Array.from(attribute.floats);
    return Float64Array.from(attribute?.ints ?? [], Number);
  }

  number(name: string, fallback: number): number {
    const attribute = this.node.attributes.get(name);
    return attribute?.f ?? (attribute?.i === undefined ? fallback : Number(attribute.i));
  }

  text(name: string, fallback: string): string {
    const bytes = this.node.attributes.get(name)?.s;
    return bytes === undefined ? fallback : decoder.decode(bytes);
  }

  texts(name: string): string[] {
    return (this.node.attributes.get(name)?.strings ?? []).map((bytes) => decoder.decode(bytes));
  }

  /** The first of these lists of words or numbers that is there, as words. */
  labels(...names: string[]): string[] | undefined {
    for (const name of names) {
      const words = this.texts(name);
      if (words.length > 0) return words;
      const numbers = this.numbers(name);
      if (numbers.length > 0) return Array.from(numbers, String);
    }
    return undefined;
  }

  wrong(problem: string): Error {
    return broken(this.file, `its node ${this.op} '${this.node.name}' ${problem}`);
  }
}
