/** A graph model that only predicts: TensorFlow.js runs it as it is, since some of its operations are not understood. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import type { NdArray } from '../../explanation.js';
import { sizeOf } from '../../maths/ndarray.js';
import { countSamples, runChunks, takeSamples } from '../chunks.js';
import type {
  ExplainableModel,
  LinearHead,
  ModelDescription,
  OutputInfo,
  OutputValues,
  RunRequest,
  RunResult,
} from '../interface.js';
import { withLogits } from '../scores.js';
import { selectBackend } from './backend.js';
import { signatureNames, type GraphModel } from './graph-model.js';

/** What a sample is assumed to cost inside an unknown graph: this many times its input. */
const COST_FACTOR = 32;

export interface GraphPredictionsOptions {
  readonly name: string;
  readonly backend?: string;
  /** Shape of one sample, if the graph leaves sizes open. */
  readonly inputShape?: readonly number[];
  /** Why there are no derivatives. */
  readonly reason: WhylensError;
  /** Whether `release` disposes of the graph model. */
  readonly ownsModel?: boolean;
}

interface GraphInput {
  /** Of its node. */
  readonly node: string;
  readonly name: string;
  readonly shape: readonly (number | null)[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly batch: number | null;
}

/**
 * The graph as it is, tried once.
 *
 * @throws the reason why it is not understood, if TensorFlow.js does not run it either
 */
export async function graphPredictions(
  model: GraphModel,
  options: GraphPredictionsOptions,
): Promise<ExplainableModel> {
  if (options.reason.facts.never === true) throw options.reason;
  await selectBackend(options.backend);
  const found = new GraphPredictions(model, options);
  await found.tried();
  return found;
}

class GraphPredictions implements ExplainableModel {
  private readonly inputs: readonly GraphInput[];
  private outputs: readonly OutputInfo[] = [];

  constructor(
    private readonly model: GraphModel,
    private readonly options: GraphPredictionsOptions,
  ) {
    const called = signatureNames(model.modelSignature?.inputs);
    this.inputs = model.inputs.map(({ name, shape = [], dtype }) => {
      const node = name.replace(/:0$/, '');
      const sizes = shape.map((n) => (n < 0 ? null : n));
      const own = sizes.slice(1);
      const told = options.inputShape;
      const fits = told?.length === own.length && own.every((n, a) => n === null || n === told[a]);
      return {
        node,
        name: called.get(node) ?? node,
        shape: fits || (sizes.length === 0 && told !== undefined) ? told : own,
        dtype: dtype === 'int32' || dtype === 'bool' ? dtype : 'float32',
        batch: sizes[0] ?? null,
      };
    });
  }

  /** Zeros tell the shapes of the outputs, and whether it runs at all. */
  async tried(): Promise<void> {
    const sizes = this.inputs.map(({ shape }) => shape.map((n, a) => n ?? usual(shape, a)));
    let results: readonly NdArray[];
    try {
      results = await this.computed(
        sizes.map((shape) => ({
          shape: [1, ...shape],
          data: new Float32Array(sizeOf(shape)),
        })),
      );
    } catch {
      throw this.options.reason;
    }
    const { nodes } = this.model.executor.graph;
    const names = signatureNames(this.model.modelSignature?.outputs);
    this.outputs = this.model.outputs.map(({ name }, i) => {
      const key = name.replace(/:0$/, '');
      return {
        name: names.get(key) ?? key,
        shape: results[i].shape.slice(1),
        activation: activationBefore(key, nodes),
      };
    });
  }

  describe(): ModelDescription {
    return {
      name: this.options.name,
      adapter: 'tfjs-graph',
      inputs: this.inputs.map(({ name, shape, dtype }) => ({ name, shape, dtype })),
      outputs: this.outputs,
      layers: [],
      can: { activations: false, gradients: false, fromLayer: false, randomize: false },
      warnings: [
        `the model gives predictions alone, no activations and gradients: ${this.options.reason.message}`,
      ],
    };
  }

  async run(request: RunRequest): Promise<RunResult> {
    if (request.from !== undefined || (request.record ?? []).length > 0) {
      throw new WhylensError('NEEDS_ACTIVATIONS', this.lacks('activations of a layer'));
    }
    const count = countSamples(request);
    const bytes = request.inputs.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
    const single = this.inputs.some(({ batch }) => batch !== null);
    return runChunks<RunResult>(
      {
        ...request,
        count,
        bytesPerSample: COST_FACTOR * bytes,
        ...(single ? { largest: 1 } : {}),
      },
      async (chunk) => {
        const fed = request.inputs.map((samples) =>
          takeSamples(samples, samples.count === 1 ? { offset: 0, count: 1 } : chunk),
        );
        const results = await this.computed(fed);
        const outputs = results.map((values, i): OutputValues => {
          const { name, activation } = this.outputs[i];
          return { ...withLogits(values, activation, this.title()), name };
        });
        return { outputs, activations: {} };
      },
      request.onChunk,
    );
  }

  async differentiate(): Promise<never> {
    throw new WhylensError('NEEDS_GRADIENTS', this.lacks('a gradient'));
  }

  linearHead(): LinearHead | { readonly found: string } {
    return { found: 'a graph that is not understood' };
  }

  bias(): undefined {
    return undefined;
  }

  randomize(): never {
    throw new WhylensError('UNSUPPORTED_OPERATION', this.lacks('weights to be drawn anew'));
  }

  release(): void {
    if (this.options.ownsModel === true) this.model.dispose?.();
  }

  private async computed(inputs: readonly NdArray[]): Promise<NdArray[]> {
    const feeds: Record<string, Tensor> = {};
    this.inputs.forEach(({ node, dtype }, i) => {
      const { shape, data } = inputs[i];
      feeds[node] = tf.tensor(dtype === 'bool' ? data.map(Number) : data, [...shape], dtype);
    });
    const names = this.model.outputs.map(({ name }) => name);
    let tensors: Tensor[] = [];
    try {
      tensors = [await this.executed(feeds, names)].flat();
      return await Promise.all(
        tensors.map(async (tensor) => ({
          shape: [...tensor.shape],
          data: Float32Array.from(await tensor.data()),
        })),
      );
    } finally {
      tf.dispose([feeds, tensors]);
    }
  }

  /** Control flow waits for values; the rest runs at once. */
  private async executed(
    feeds: Record<string, Tensor>,
    names: string[],
  ): Promise<Tensor | Tensor[]> {
    const dynamic = Object.values(this.model.executor.graph.nodes).some(
      ({ category, op }) => ['control', 'dynamic'].includes(category) && op !== 'NoOp',
    );
    if (dynamic && this.model.executeAsync !== undefined) {
      return this.model.executeAsync(feeds, names);
    }
    return this.model.execute(feeds, names);
  }

  private lacks(what: string): string {
    return `${what} was asked for, but ${this.title()} gives none: ${this.options.reason.message}`;
  }

  private title(): string {
    return `model '${this.options.name}'`;
  }
}

const usual = (shape: readonly (number | null)[], axis: number): number =>
  shape.length > 1 && axis === shape.length - 1 ? 3 : 224;

function activationBefore(key: string, nodes: GraphModel['executor']['graph']['nodes']) {
  let node = Object.hasOwn(nodes, key) ? nodes[key] : undefined;
  while (node !== undefined && /^(Identity|Reshape|Squeeze)$/.test(node.op)) {
    const [name] = node.inputNames;
    node = Object.hasOwn(nodes, name) ? nodes[name] : undefined;
  }
  return node?.op === 'Softmax' ? 'softmax' : node?.op === 'Sigmoid' ? 'sigmoid' : 'linear';
}
