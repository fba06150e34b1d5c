/** Graph models written node by node, loaded by tfjs-converter as from a file. */
import * as converter from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type { TfjsGraph } from '../../src/model/readers/tfjs-graph/read.js';
import { storedWeights } from '../../src/model/readers/tfjs-graph/weights.js';
import { sizeOf } from '../../src/maths/ndarray.js';

type Attribute = number | boolean | string | readonly number[] | readonly string[];

export class GraphBuilder {
  private readonly nodes: Record<string, unknown>[] = [];
  private readonly specs: tf.io.WeightsManifestEntry[] = [];
  private readonly data: number[] = [];
  private readonly functions: unknown[] = [];

  placeholder(name: string, shape?: readonly number[], dtype = 'DT_FLOAT'): string {
    const dims = shape?.map((size) => ({ size: String(size) }));
    this.nodes.push({
      name,
      op: 'Placeholder',
      attr: {
        dtype: { type: dtype },
        ...(dims === undefined ? {} : { shape: { shape: { dim: dims } } }),
      },
    });
    return name;
  }

  constant(name: string, shape: readonly number[], values: ArrayLike<number>, int = false): string {
    const dtype = int ? 'DT_INT32' : 'DT_FLOAT';
    const dim = shape.map((size) => ({ size: String(size) }));
    this.nodes.push({
      name,
      op: 'Const',
      attr: { dtype: { type: dtype }, value: { tensor: { dtype, tensorShape: { dim } } } },
    });
    this.specs.push({ name, shape: [...shape], dtype: int ? 'int32' : 'float32' });
    for (let i = 0; i < values.length; i++) this.data.push(values[i]);
    return name;
  }

  ints(name: string, values: readonly number[]): string {
    return this.constant(name, [values.length], values, true);
  }

  int(name: string, value: number): string {
    return this.constant(name, [], [value], true);
  }

  /** Text attributes become bytes as in the file, numbers int or float by `float`. */
  op(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const attr: Record<string, unknown> = { T: { type: 'DT_FLOAT' } };
    for (const [key, value] of Object.entries(attributes)) attr[key] = encode(key, value);
    this.nodes.push({ name, op, input: [...inputs], attr });
    return name;
  }

  /** A function of the library, written by another builder; `outputs` by name. */
  function(
    name: string,
    inputs: readonly string[],
    outputs: Readonly<Record<string, string>>,
    write: (g: GraphBuilder) => void,
  ): void {
    const inner = new GraphBuilder();
    write(inner);
    this.specs.push(...inner.specs);
    this.data.push(...inner.data);
    const args = (names: readonly string[]) =>
      names.map((arg) => ({ name: arg, type: 'DT_FLOAT' }));
    this.functions.push({
      signature: { name, inputArg: args(inputs), outputArg: args(Object.keys(outputs)) },
      nodeDef: inner.nodes,
      ret: outputs,
    });
  }

  /** As the reader takes it, without any library. */
  graph(signature?: Signature): TfjsGraph {
    const { modelTopology, weightSpecs, weightData, ...rest } = this.artifacts(signature);
    return {
      topology: modelTopology,
      signature: 'signature' in rest ? rest.signature : undefined,
      weights: storedWeights(weightSpecs, weightData),
    };
  }

  async load(signature?: Signature): Promise<converter.GraphModel> {
    const { weightsManifest: _, ...artifacts } = this.artifacts(signature);
    return converter.loadGraphModel(tf.io.fromMemory(artifacts));
  }

  /** As a converter writes them: `model.json` and one file of weights. */
  files(signature?: Signature): { name: string; bytes: Uint8Array }[] {
    const { weightData, weightSpecs: _, ...json } = this.artifacts(signature);
    return [
      { name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(json)) },
      { name: 'group1-shard1of1.bin', bytes: new Uint8Array(weightData) },
    ];
  }

  private artifacts(signature?: Signature) {
    const buffer = new ArrayBuffer(this.data.length * 4);
    const floats = new Float32Array(buffer);
    const ints = new Int32Array(buffer);
    let at = 0;
    for (const { shape, dtype } of this.specs) {
      const size = sizeOf(shape);
      for (let i = 0; i < size; i++, at++) {
        if (dtype === 'int32') ints[at] = this.data[at];
        else floats[at] = this.data[at];
      }
    }
    const entries = (names: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(names).map(([key, name]) => [
          key,
          { name, dtype: 'DT_FLOAT', tensorShape: shapeOf(this.nodes, name) },
        ]),
      );
    return {
      modelTopology: { node: this.nodes, library: { function: this.functions }, versions: {} },
      weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: this.specs }],
      weightSpecs: this.specs,
      weightData: buffer,
      format: 'graph-model',
      ...(signature === undefined
        ? {}
        : {
            signature: {
              inputs: entries(signature.inputs),
              outputs: entries(signature.outputs),
            },
          }),
    };
  }
}

interface Signature {
  readonly inputs: Record<string, string>;
  readonly outputs: Record<string, string>;
}

function shapeOf(nodes: readonly Record<string, unknown>[], name: string): unknown {
  const node = nodes.find((candidate) => candidate.name === name.replace(/:\d+$/, ''));
  const attr = node?.attr as { shape?: { shape?: unknown } } | undefined;
  return attr?.shape?.shape ?? { unknownRank: true };
}

const FLOATS = ['epsilon', 'alpha', 'leakyrelu_alpha', 'beta', 'bias'];

function encode(key: string, value: Attribute): unknown {
  const bytes = (text: string) => Buffer.from(text).toString('base64');
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'number') return FLOATS.includes(key) ? { f: value } : { i: String(value) };
  if (typeof value === 'string')
    return value.startsWith('DT_') ? { type: value } : { s: bytes(value) };
  if (key.endsWith('branch') || key === 'f' || key === 'cond' || key === 'body') {
    return { func: { name: (value as readonly string[])[0] } };
  }
  return typeof value[0] === 'string'
    ? { list: { s: (value as string[]).map(bytes) } }
    : { list: { i: (value as number[]).map(String) } };
}
