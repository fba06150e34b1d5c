/**
 * A graph of ONNX nodes in the making. Every tensor has the batch as its first
 * axis; behind it the axes of a value may lie in any order (`perm`: which axis
 * of the sample comes first, second, …), so that moving axes costs nothing
 * until an operation asks for one order, and channels stay where convolutions
 * want them.
 */
import type { Shape } from '../../graph/primitives.js';
import { range } from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import { liesAlike, reordered } from '../../graph/order.js';
import { ordered, type Uses, type Value } from '../../graph/value.js';
import { joined } from '../../files/protobuf.js';
import { encodeOnnx } from '../../files/onnx-encode.js';
import {
  ELEMENT,
  wholeAttribute,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
} from '../../files/onnx.js';

/** Attributes by name: a number is written as an integer unless it is in `floats`. */
export interface Attributes {
  readonly ints?: Readonly<Record<string, number | Shape>>;
  readonly floats?: Readonly<Record<string, number>>;
  readonly strings?: Readonly<Record<string, string>>;
}

export type Perm = Shape;
export const plain = (rank: number): number[] => range(rank);
/** Channels first: the last axis of the sample, then the others. */
export const first = (rank: number): number[] => [rank - 1, ...range(rank - 1)];

const OPSET = 17;
const IR_VERSION = 8;

export class Emitter {
  private readonly nodes: OnnxNode[] = [];
  private readonly initializers: OnnxTensor[] = [];
  /** Names of each value by the order of its axes. */
  private readonly held = new Map<Value, Map<string, string>>();
  private readonly shared = new Map<string, string>();
  private readonly roots = new Map<Value, string>();
  private count = 0;

  constructor(readonly uses: Uses) {}

  /** Adds a node and gives the name of its first output. */
  node(op: string, inputs: readonly string[], attrs: Attributes = {}): string {
    const { ints = {}, floats = {}, strings = {} } = attrs;
    const name = `${op}_${++this.count}`;
    const attributes = new Map<string, OnnxAttribute>();
    for (const [key, value] of Object.entries(ints)) {
      attributes.set(key, wholeAttribute(key, value));
    }
    for (const [key, text] of Object.entries(strings)) {
      attributes.set(key, { name: key, type: 3, s: new TextEncoder().encode(text) });
    }
    for (const [key, f] of Object.entries(floats)) attributes.set(key, { name: key, type: 1, f });
    this.nodes.push({
      op,
      domain: '',
      overload: '',
      name,
      inputs,
      outputs: [name],
      attributes,
      metadata: new Map(),
    });
    return name;
  }

  /** Constant numbers; small equal ones are kept once. */
  floats(dims: Shape, data: ArrayLike<number>): string {
    const numbers = data instanceof Float32Array ? data : Float32Array.from(data);
    const make = (): string => {
      const name = `w_${++this.count}`;
      const raw = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
      this.initializers.push({ name, type: ELEMENT.float, dims, raw });
      return name;
    };
    return numbers.length > 16 ? make() : this.once(`f ${dims.join()} ${numbers.join()}`, make);
  }
  ints(data: Shape): string {
    return this.once(`i ${data.join()}`, () => {
      const name = `i_${++this.count}`;
      const int64s = data.map(BigInt);
      this.initializers.push({ name, type: ELEMENT.int64, dims: [data.length], int64s });
      return name;
    });
  }
  once(key: string, make: () => string): string {
    let name = this.shared.get(key);
    if (name === undefined) this.shared.set(key, (name = make()));
    return name;
  }

  set(v: Value, perm: Perm, name: string): void {
    let names = this.held.get(v);
    if (names === undefined) this.held.set(v, (names = new Map()));
    names.set(perm.join(), name);
  }
  /** The orders in which a value lies already. */
  permsOf(v: Value): number[][] {
    return [...(this.held.get(v)?.keys() ?? [])].map((key) =>
      key === '' ? [] : key.split(',').map(Number),
    );
  }
  /** The order of the first that was made. */
  permOf(v: Value): number[] {
    return this.permsOf(v)[0] ?? plain(v.shape.length);
  }

  /** The value's tensor in an order; transposed once if it has another order. */
  as(v: Value, perm: Perm): string {
    const key = perm.join();
    const known = this.held.get(v)?.get(key);
    if (known !== undefined) return known;
    const name = v.live ? this.turned(v, perm) : this.constant(v, perm);
    this.set(v, perm, name);
    return name;
  }
  /** In whatever order it lies. */
  any(v: Value): { name: string; perm: number[] } {
    const perm = this.permOf(v);
    return { name: this.as(v, perm), perm };
  }
  /** True if this order needs no numbers to be moved. */
  lies(v: Value, perm: Perm): boolean {
    return !v.live || this.permsOf(v).some((own) => liesAlike(own, perm, v.shape));
  }

  private turned(v: Value, perm: Perm): string {
    const perms = this.permsOf(v);
    const near = perms.find((own) => liesAlike(own, perm, v.shape));
    if (near !== undefined) {
      return this.reshaped(
        this.as(v, near),
        perm.map((a) => v.shape[a]),
      );
    }
    const own = perms[0];
    const order = perm.map((a) => own.indexOf(a) + 1);
    return this.node('Transpose', [this.as(v, own)], { ints: { perm: [0, ...order] } });
  }
  /** The batch stays, the rest takes these sizes. */
  reshaped(name: string, sizes: Shape): string {
    return this.node('Reshape', [name, this.ints([0, ...sizes])]);
  }
  /** Without a batch axis, which broadcasting adds in front. */
  private constant(v: Value, perm: Perm): string {
    return this.floats(
      perm.map((a) => v.shape[a]),
      numbersIn(v, perm),
    );
  }
  /** A constant of lower rank among values of `rank`, in their order. */
  operand(v: Value, perm: Perm): string {
    const rank = perm.length;
    if (v.live) return this.as(v, perm);
    const lead = rank - v.shape.length;
    if (lead === 0) return this.as(v, perm);
    const shape = [...new Array<number>(lead).fill(1), ...v.shape];
    const sizes = perm.map((a) => shape[a]);
    // leading ones say nothing
    const from = sizes.findIndex((n) => n !== 1);
    return this.once(`c ${this.idOf(v)} ${perm.join()}`, () =>
      this.floats(from === -1 ? [] : sizes.slice(from), reordered(numbersOf(v), shape, perm)),
    );
  }
  private readonly ids = new Map<Value, number>();
  private idOf(v: Value): number {
    let id = this.ids.get(v);
    if (id === undefined) this.ids.set(v, (id = this.ids.size));
    return id;
  }

  /** Which inputs a value comes from: those of the same have the same batch. */
  rootsOf(v: Value): string {
    let found = this.roots.get(v);
    if (found === undefined) {
      const inputs = ordered([v]).filter(({ op }) => op === 'input');
      found = inputs
        .map((x) => this.idOf(x))
        .sort((a, b) => a - b)
        .join();
      this.roots.set(v, found);
    }
    return found;
  }

  /** What leads to the outputs: rules that take several values together leave the single ones behind. */
  private needed(outputs: readonly string[]): {
    nodes: OnnxNode[];
    initializers: OnnxTensor[];
  } {
    const names = new Set(outputs);
    const nodes = [...this.nodes]
      .reverse()
      .filter((node) => {
        if (!node.outputs.some((name) => names.has(name))) return false;
        node.inputs.forEach((name) => names.add(name));
        return true;
      })
      .reverse();
    return { nodes, initializers: this.initializers.filter(({ name }) => names.has(name)) };
  }

  /** The finished model: inputs by name with a free batch, outputs `[N, …sample]`; large weights lie beside it. */
  finish(outputs: readonly Value[]): Finished {
    const names = outputs.map((v) => this.node('Identity', [this.as(v, plain(v.shape.length))]));
    const inputs = ordered(outputs).filter((v): v is Value<'input'> => v.op === 'input');
    const { nodes, initializers } = this.needed(names);
    const beside = initializers.filter(({ raw }) => raw !== undefined && raw.length > MOST_INSIDE);
    const bytes = joined(
      encodeOnnx({
        irVersion: IR_VERSION,
        producer: 'whylens',
        opsets: new Map([['', OPSET]]),
        functions: [],
        metadata: new Map(),
        graph: {
          name: 'whylens',
          nodes,
          initializers: initializers.map((tensor) =>
            beside.includes(tensor) ? elsewhere(tensor) : tensor,
          ),
          inputs: inputs.map((v) => ({
            name: inputName(v, inputs),
            type: ELEMENT.float,
            shape: [`batch_${inputName(v, inputs)}`, ...v.shape],
          })),
          outputs: names.map((name) => ({ name, type: 0 })),
        },
      }),
    );
    return { bytes, names, files: beside.map(({ name, raw }) => ({ path: name, data: raw! })) };
  }
}

/** Bytes of a weight beyond which it is handed over as it is, rather than copied into the model. */
const MOST_INSIDE = 2 ** 18;

export interface Finished {
  readonly bytes: Uint8Array;
  /** Tensor names of the outputs, in their order. */
  readonly names: readonly string[];
  /** Weights outside the model's bytes, as files of these names. */
  readonly files: readonly { readonly path: string; readonly data: Uint8Array }[];
}

const elsewhere = ({ name, type, dims, raw }: OnnxTensor): OnnxTensor => ({
  name,
  type,
  dims,
  external: { location: name, offset: 0, length: raw!.length },
});

/** Inputs have names of the writer's own: those of a file may be anything. */
const inputName = (v: Value, inputs: readonly Value[]): string => `in_${inputs.indexOf(v)}`;

/** Numbers of a constant with its axes in an order: what was turned once is turned from where it came. */
export function numbersIn(v: Value, perm: Perm): Float32Array | Float64Array {
  const turned = v.op === 'constant' ? v.attrs.weight.turned : undefined;
  if (turned === undefined) return reordered(numbersOf(v), v.shape, perm);
  const { from, order } = turned;
  return reordered(
    from.data,
    from.shape,
    perm.map((a) => order[a]),
  );
}
export function numbersOf(v: Value): Float32Array | Float64Array {
  return v.op === 'constant' ? v.attrs.weight.data : evaluate([v])[0];
}
