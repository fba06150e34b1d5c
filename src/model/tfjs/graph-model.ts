/** What is used of a tfjs graph model; by shape, since it may come from another copy of tfjs. */
import type { Tensor } from '@tensorflow/tfjs-core';

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly category: string;
  readonly inputNames: readonly string[];
  readonly attrParams: Readonly<Record<string, { readonly value?: unknown } | undefined>>;
}

interface TensorInfo {
  readonly name: string;
  readonly shape?: readonly number[];
  readonly dtype: string;
}

interface Signature {
  readonly inputs?: Readonly<Record<string, { readonly name?: string }>>;
  readonly outputs?: Readonly<Record<string, { readonly name?: string }>>;
}

export interface GraphModel {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly weights: Readonly<Record<string, readonly Tensor[] | undefined>>;
  readonly modelSignature?: Signature;
  readonly executor: {
    readonly graph: { readonly nodes: Readonly<Record<string, GraphNode>> };
  };
  readonly artifacts?: {
    readonly modelTopology?: { readonly node?: readonly RawNode[] };
    readonly signature?: unknown;
  };
  execute(inputs: Record<string, Tensor>, outputs: string | string[]): Tensor | Tensor[];
}

interface RawNode {
  readonly name: string;
  readonly input?: readonly string[];
}

/** One output of a node: its name, with `:1` and so on for others than the first. */
export type Key = string;

export function keyOf(name: string): Key {
  return name.replace(/:0$/, '');
}

export function nodeOf(key: Key): string {
  return key.replace(/:\d+$/, '');
}

/** Inputs by node, without those that only order execution. */
export function dataInputs(model: GraphModel): (node: GraphNode) => Key[] {
  const raw = new Map(model.artifacts?.modelTopology?.node?.map((node) => [node.name, node]));
  return ({ name, inputNames }) =>
    (raw.get(name)?.input ?? inputNames).filter((input) => !input.startsWith('^')).map(keyOf);
}

/** Names that the signature gives to nodes: `Identity:0` is the output `probabilities`. */
export function signatureNames(entries: Signature['inputs']): Map<string, string> {
  return new Map(
    Object.entries(entries ?? {}).map(([name, info]) => [keyOf(info.name ?? name), name]),
  );
}
