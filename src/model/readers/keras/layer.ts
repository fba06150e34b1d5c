/** The arguments and results of a row of the table of layers. */
import { WhylensError } from '../../../errors.js';
import { channelsFirst, channelsLast } from '../../graph/composites.js';
import type { Value } from '../../graph/value.js';
import type { ActivationInfo } from '../../interface.js';
import type { Argument, Json, LayerConfig } from './config.js';
import type { LayerWeights } from './weights.js';

/** A layer's value, and the value before its own activation, if it has one. */
export interface Built {
  readonly value: Value;
  readonly before?: Value;
  readonly activation?: ActivationInfo;
}

export interface Layer {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
  readonly weights: LayerWeights;
  /** Major version that wrote the file: some names mean something else in each. */
  readonly keras: 2 | 3;
  /** Builds another layer inside this one (wrappers). */
  readonly inside: (layer: LayerConfig, weights: LayerWeights, args: readonly Argument[]) => Built;
}

export type BuildLayer = (
  layer: Layer,
  args: readonly Argument[],
  kwargs: Readonly<Record<string, Argument>>,
) => Value | Built;

/** The settings of a layer, checked: missing ones have Keras' default, wrong ones are named in an error. */
export class Config {
  constructor(
    readonly raw: Json,
    private readonly where: string,
  ) {}

  has(name: string): boolean {
    return this.raw[name] !== undefined && this.raw[name] !== null;
  }

  number(name: string, preset?: number): number {
    const value = this.raw[name] ?? preset;
    // Python's infinity is not JSON
    if (value === 'Infinity') return Infinity;
    if (typeof value !== 'number' || Number.isNaN(value)) throw this.wrong(name, 'a number', value);
    return value;
  }

  text(name: string, preset: string): string {
    const value = this.raw[name] ?? preset;
    if (typeof value !== 'string') throw this.wrong(name, 'a text', value);
    return value;
  }

  flag(name: string, preset: boolean): boolean {
    return Boolean(this.raw[name] ?? preset);
  }

  /** One number for each axis; a single one holds for all. */
  sizes(name: string, rank: number, preset?: number | readonly number[]): number[] {
    const value = this.raw[name] ?? preset;
    const list = Array.isArray(value) ? (value as unknown[]) : new Array<unknown>(rank).fill(value);
    if (list.length !== rank || !list.every((n) => Number.isInteger(n) && (n as number) >= 0)) {
      throw this.wrong(name, `${rank} whole numbers`, value);
    }
    return list as number[];
  }

  /** A list of numbers, or one as a list. */
  list(name: string): number[] {
    const value = this.raw[name];
    const list = Array.isArray(value) ? (value as unknown[]).flat(8) : [value];
    if (!list.every((n) => typeof n === 'number')) throw this.wrong(name, 'numbers', value);
    return list;
  }

  /** Low and high per axis: `1`, `[1, 2]` or `[[1, 2], [3, 4]]`. */
  margins(name: string, rank: number, preset: number): { low: number[]; high: number[] } {
    const value = this.raw[name] ?? preset;
    const given = Array.isArray(value)
      ? (value as unknown[])
      : new Array<unknown>(rank).fill(value);
    // of one axis, a pair is its low and high
    const list = rank === 1 && given.length === 2 ? [given] : given;
    const pairs = list.map((one) => (Array.isArray(one) ? (one as unknown[]) : [one, one]));
    const good =
      pairs.length === rank &&
      pairs.every((pair) => pair.length === 2 && pair.every((n) => Number.isInteger(n)));
    if (!good) throw this.wrong(name, `${rank} pairs of whole numbers`, value);
    return {
      low: pairs.map(([low]) => low as number),
      high: pairs.map(([, high]) => high as number),
    };
  }

  get channelsFirst(): boolean {
    return this.raw.data_format === 'channels_first';
  }

  wrong(name: string, wanted: string, value: unknown): WhylensError {
    return new WhylensError(
      'UNSUPPORTED_MODEL',
      `${this.where}: '${name}' must be ${wanted}, got ${JSON.stringify(value)}`,
      { facts: { option: name } },
    );
  }
}

/** Work on channels last whatever the layer's own order is. */
export function lastly(layer: Layer, x: Value, work: (x: Value) => Value): Value {
  return layer.config.channelsFirst ? channelsFirst(work(channelsLast(x))) : work(x);
}

/** A Keras axis, which counts the batch, as one of a sample. */
export function sampleAxis(axis: number, rank: number): number {
  const plain = axis < 0 ? axis + rank : axis - 1;
  if (plain < 0 || plain >= rank) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `an operation over axis ${axis} mixes the samples of a batch, or there is no such axis`,
    );
  }
  return plain;
}

/** The values among arguments, one by one or in a list. */
export function valuesOf(args: readonly Argument[]): Value[] {
  return (Array.isArray(args[0]) ? (args[0] as unknown[]) : args).filter(isValue);
}

export const isValue = (x: unknown): x is Value =>
  typeof x === 'object' && x !== null && 'op' in x && 'shape' in x && 'inputs' in x;

/** The first argument as a value. */
export function only(layer: { name: string; className: string }, args: readonly Argument[]): Value {
  const [first] = valuesOf(args);
  if (first === undefined) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `layer '${layer.name}' (${layer.className}) is called without a tensor`,
    );
  }
  return first;
}
