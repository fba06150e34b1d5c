/** Attributes of a node by name, with the defaults of TensorFlow. */
import { fromBase64 } from '../../../images/base64.js';
import type { GraphNode } from './graph-def.js';
import { shapeOf } from './graph-def.js';

const text = new TextDecoder();

export class Attributes {
  constructor(readonly node: GraphNode) {}

  has(name: string): boolean {
    return this.#raw(name) !== undefined;
  }

  int(name: string, fallback: number): number;
  int(name: string): number | undefined;
  int(name: string, fallback?: number): number | undefined {
    const value = this.#raw(name)?.i;
    return value === undefined || value === null ? fallback : Number(value);
  }

  float(name: string, fallback: number): number {
    const raw = this.#raw(name);
    const value = raw?.f ?? raw?.i;
    return value === undefined || value === null ? fallback : Number(value);
  }

  bool(name: string, fallback = false): boolean {
    const value = this.#raw(name)?.b;
    return typeof value === 'boolean' ? value : fallback;
  }

  /** In capitals: `SAME`, `NHWC`. */
  choice(name: string, fallback: string): string {
    return (this.text(name) ?? fallback).toUpperCase();
  }

  text(name: string): string | undefined {
    return textOf(this.#raw(name)?.s);
  }

  texts(name: string): string[] {
    return this.#list(name, 's').map((one) => textOf(one) ?? '');
  }

  ints(name: string): number[] | undefined {
    return this.#raw(name)?.list === undefined ? undefined : this.#list(name, 'i').map(Number);
  }

  /** `DT_FLOAT` and so on; old files have numbers. */
  type(name: string): string | undefined {
    const value = this.#raw(name)?.type;
    return typeof value === 'number' ? TYPES[value] : typeof value === 'string' ? value : undefined;
  }

  /** Sizes, null if one is open; undefined if all are. */
  shape(name: string): (number | null)[] | undefined {
    const raw = this.#raw(name);
    return raw?.shape === undefined ? undefined : shapeOf(raw.shape);
  }

  /** The name of a function of the graph's library. */
  func(name: string): string | undefined {
    const value = this.#raw(name)?.func as { name?: unknown } | undefined;
    return typeof value?.name === 'string' ? value.name : undefined;
  }

  tensor(name: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#raw(name)?.tensor;
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  }

  #raw(name: string) {
    const { attributes } = this.node;
    return Object.hasOwn(attributes, name) ? (attributes[name] ?? undefined) : undefined;
  }

  #list(name: string, kind: string): unknown[] {
    const list = this.#raw(name)?.list as Record<string, unknown> | undefined;
    const found = list?.[kind];
    return Array.isArray(found) ? (found as unknown[]) : [];
  }
}

const TYPES: Readonly<Record<number, string>> = {
  1: 'DT_FLOAT',
  2: 'DT_DOUBLE',
  3: 'DT_INT32',
  4: 'DT_UINT8',
  7: 'DT_STRING',
  9: 'DT_INT64',
  10: 'DT_BOOL',
  19: 'DT_HALF',
};

/** Text is bytes in base64; a model in memory may hold the bytes themselves. */
function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return text.decode(Uint8Array.from(value as number[]));
  if (typeof value !== 'string') return undefined;
  const bytes = fromBase64(value);
  return bytes === undefined ? value : text.decode(bytes);
}

/** Whether numbers of a type are whole. */
export const isWholeType = (type: string | undefined): boolean =>
  type !== undefined && /^DT_U?INT|^DT_BOOL|^DT_Q/.test(type);
