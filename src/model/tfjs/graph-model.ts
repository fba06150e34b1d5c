/** What is used of a tfjs graph model; by shape, since it may come from another copy of tfjs. */
import type { Tensor } from '@tensorflow/tfjs-core';

interface GraphNode {
  readonly op: string;
  readonly category: string;
  readonly inputNames: readonly string[];
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
  readonly artifacts?: { readonly modelTopology?: unknown; readonly signature?: unknown };
  execute(inputs: Record<string, Tensor>, outputs: string | string[]): Tensor | Tensor[];
  executeAsync?(
    inputs: Record<string, Tensor>,
    outputs: string | string[],
  ): Promise<Tensor | Tensor[]>;
  dispose?(): void;
}

/** Names that the signature gives to nodes: `Identity:0` is the output `probabilities`. */
export function signatureNames(entries: Signature['inputs']): Map<string, string> {
  return new Map(
    Object.entries(entries ?? {}).map(([name, info]) => [
      (info.name ?? name).replace(/:0$/, ''),
      name,
    ]),
  );
}
