/** A model that can only predict: any function from a batch to scores. */
import { injectable } from 'inversify';
import type { AdaptOptions, ModelAdapter } from '../container/plugin.js';
import { WhylensError } from '../errors.js';
import type { NdArray } from '../explanation.js';
import { sizeOf } from '../maths/ndarray.js';
import { countSamples, runChunks, takeSamples } from './chunks.js';
import type {
  ExplainableModel,
  LinearHead,
  ModelDescription,
  OutputInfo,
  RunRequest,
  RunResult,
} from './interface.js';
import { readScores, withLogits, type Scores } from './scores.js';

/** What a sample is assumed to cost inside an unknown model: this many times its input. */
const COST_FACTOR = 32;
const ACTIVATIONS = ['softmax', 'sigmoid', 'linear'] as const;

/**
 * A function that predicts: `batch` is `{ shape: [N, …], data }`, preprocessed
 * as the model wants it; the result holds one row of scores for each sample, as
 * `{ shape, data }`, nested arrays, a `Float32Array` (`[N, length / N]`) or a
 * tensor (read, then disposed).
 *
 * @example
 * const model = async (batch) => session.run(batch.data, batch.shape);
 * await explainPrediction(model, picture, { method: 'rise', inputShape: [224, 224, 3] });
 */
export type PredictFunction = (batch: NdArray) => Scores | Promise<Scores>;

@injectable()
export class FunctionAdapter implements ModelAdapter {
  readonly id = 'function';
  readonly recognizes = 'a function from a batch { shape, data } to scores';

  recognize(model: unknown): boolean {
    return typeof model === 'function';
  }

  async adapt(model: unknown, options: AdaptOptions): Promise<ExplainableModel> {
    return new FunctionModel(model as PredictFunction, options);
  }
}

class FunctionModel implements ExplainableModel {
  private readonly name: string;
  private readonly activation: OutputInfo['activation'];

  constructor(
    private readonly predict: PredictFunction,
    private readonly options: AdaptOptions,
  ) {
    this.name = options.name ?? (predict.name === '' ? 'function' : predict.name);
    this.activation = options.outputActivation ?? 'linear';
    if (!ACTIVATIONS.includes(this.activation)) {
      throw new WhylensError(
        'INVALID_OPTION',
        `outputActivation must be one of ${ACTIVATIONS.join(', ')}, got '${String(this.activation)}'`,
      );
    }
  }

  describe(): ModelDescription {
    return {
      name: this.name,
      adapter: 'function',
      inputs: [
        {
          name: 'batch',
          shape: this.options.inputShape ?? [null, null, null],
          dtype: 'float32',
        },
      ],
      outputs: [{ name: 'scores', shape: [null], activation: this.activation }],
      layers: [],
      can: { activations: false, gradients: false, fromLayer: false, randomize: false },
    };
  }

  async run(request: RunRequest): Promise<RunResult> {
    if (request.from !== undefined || (request.record ?? []).length > 0) {
      throw new WhylensError(
        'NEEDS_ACTIVATIONS',
        `activations of a layer were asked for, but ${this.title()} shows none: it is a function. Give the TensorFlow.js model itself, or use a method that only needs predictions (see 'whylens methods')`,
      );
    }
    const count = countSamples(request);
    const [samples] = request.inputs;
    this.requireShape(samples.shape);
    return runChunks(
      { ...request, count, bytesPerSample: COST_FACTOR * 4 * sizeOf(samples.shape) },
      async (chunk) => {
        const returned = await this.predict(ownCopy(takeSamples(samples, chunk)));
        const scores = await readScores(returned, chunk.count, this.title());
        return { outputs: [withLogits(scores, this.activation, this.title())], activations: {} };
      },
      request.onChunk,
    );
  }

  async differentiate(): Promise<never> {
    throw new WhylensError(
      'NEEDS_GRADIENTS',
      `a gradient was asked for, but ${this.title()} has none: it is a function. Give the TensorFlow.js model itself, or use a method that only needs predictions (see 'whylens methods')`,
    );
  }

  linearHead(): LinearHead | { readonly found: string } {
    return { found: 'a function, which cannot be looked into' };
  }

  bias(): undefined {
    return undefined;
  }

  randomize(): never {
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `${this.title()} is a function: it has no weights that could be drawn anew. Give the TensorFlow.js model itself`,
    );
  }

  release(): void {
    // a function holds nothing that must be freed
  }

  private title(): string {
    return `model '${this.name}'`;
  }

  private requireShape(shape: readonly number[]): void {
    const wanted = this.options.inputShape;
    if (wanted !== undefined && wanted.join() !== shape.join()) {
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `${this.title()} takes samples of shape [${wanted.join(', ')}], as inputShape says, got [${shape.join(', ')}]`,
      );
    }
  }
}

/** The function may write into its argument, but the caller's array must not change. */
function ownCopy({ shape, data }: NdArray): NdArray {
  return { shape, data: data.slice() };
}
