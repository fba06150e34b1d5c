/** A session of ONNX Runtime as a model that only predicts: a live one, or a file whose operators are not understood. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { WhylensError } from '../errors.js';
import type { NdArray } from '../explanation.js';
import { reordered, sizeOf } from '../maths/ndarray.js';
import { engineFailed } from './memory.js';
import { countSamples, runChunks, takeSamples } from './chunks.js';
import type {
  ExplainableModel,
  InputInfo,
  LinearHead,
  ModelDescription,
  OutputInfo,
  RunRequest,
  RunResult,
} from './interface.js';
import { withLogits } from './scores.js';

/** What a sample is assumed to cost inside a session: this many times its input. */
const COST_FACTOR = 32;
/** The name that the library for the web gives to an unnamed open size. */
const OPEN = 4294967295;

export interface SessionModelOptions {
  readonly name: string;
  /** What the scores are, which a session does not tell. Default `'linear'`. */
  readonly activation?: OutputInfo['activation'];
  /** `[height, width, channels]` or the session's own order, if it leaves sizes open. */
  readonly inputShape?: readonly number[];
  /** True if the first input has its channels first; default: judged by its sizes. */
  readonly channelsFirst?: boolean;
  /** Why there are no derivatives, for messages. */
  readonly why: string;
  /** What runs it, if that is known. */
  readonly engine?: ModelDescription['engine'];
  /** True if `release` frees the session. */
  readonly ownsSession?: boolean;
}

type Metadata = InferenceSession.TensorValueMetadata;

const TYPES: Readonly<Record<string, (data: Float32Array) => unknown>> = {
  float32: (data) => data.slice(),
  float64: (data) => Float64Array.from(data),
  int32: (data) => Int32Array.from(data),
  uint8: (data) => Uint8Array.from(data),
  int8: (data) => Int8Array.from(data),
  int64: (data) => BigInt64Array.from(data, (v) => BigInt(Math.round(v))),
  bool: (data) => Uint8Array.from(data, (v) => Number(v !== 0)),
};

export class SessionModel implements ExplainableModel {
  private readonly input: InputInfo & { readonly type: string; readonly fixedBatch?: number };
  private readonly output: { readonly name: string; readonly shape: readonly (number | null)[] };

  constructor(
    private readonly session: InferenceSession,
    private readonly options: SessionModelOptions,
  ) {
    const inputs = session.inputMetadata.filter(isTensor);
    if (inputs.length !== 1 || inputs.length !== session.inputNames.length) {
      throw new WhylensError(
        'UNSUPPORTED_MODEL',
        `a session that is explained by its predictions must have one input, got ${session.inputNames.join(', ')}. Wrap it in a function (batch) => scores that fills the others`,
      );
    }
    const [first] = inputs;
    const declared = first.shape.map(sizeIn);
    const order = this.orderOf(declared.slice(1));
    const own = declared.slice(1);
    const last = order === undefined ? own : own.map((_, axis) => own[order.indexOf(axis)]);
    this.input = {
      name: first.name,
      type: first.type,
      shape: this.filled(last),
      dtype: 'float32',
      ...(order === undefined ? {} : { order }),
      ...(declared[0] === null ? {} : { fixedBatch: declared[0] }),
    };
    if (!Object.hasOwn(TYPES, first.type)) {
      throw new WhylensError(
        'UNSUPPORTED_MODEL',
        `input '${first.name}' takes ${first.type}, which cannot be fed here; export the model with a float32 input`,
      );
    }
    // classes as whole numbers and maps by name are not scores
    const scores = session.outputMetadata.filter(isTensor).find(({ type }) => type === 'float32');
    if (scores === undefined) {
      throw new WhylensError(
        'UNSUPPORTED_MODEL',
        `the session has no output of float32 numbers, got ${session.outputNames.join(', ')}; for a scikit-learn model export with options={'zipmap': False}`,
      );
    }
    this.output = { name: scores.name, shape: scores.shape.map(sizeIn).slice(1) };
  }

  describe(): ModelDescription {
    const { name, shape, dtype, order } = this.input;
    return {
      name: this.options.name,
      adapter: 'onnx-session',
      inputs: [{ name, shape, dtype, ...(order === undefined ? {} : { order }) }],
      outputs: [{ ...this.output, activation: this.options.activation ?? 'linear' }],
      layers: [],
      can: { activations: false, gradients: false, fromLayer: false, randomize: false },
      ...(this.options.engine === undefined ? {} : { engine: this.options.engine }),
    };
  }

  async run(request: RunRequest): Promise<RunResult> {
    if (request.from !== undefined || (request.record ?? []).length > 0) {
      throw new WhylensError('NEEDS_ACTIVATIONS', this.lacks('activations of a layer'));
    }
    const count = countSamples(request);
    const [samples] = request.inputs;
    const { shape } = samples;
    return runChunks(
      {
        ...request,
        count,
        bytesPerSample: COST_FACTOR * 4 * sizeOf(shape),
        ...(this.input.fixedBatch === undefined ? {} : { largest: 1 }),
      },
      async (chunk) => {
        const scores = await this.scores(takeSamples(samples, chunk));
        const { activation = 'linear' } = this.options;
        const output = withLogits(scores, activation, this.title());
        return { outputs: [{ ...output, name: this.output.name }], activations: {} };
      },
      request.onChunk,
    );
  }

  async differentiate(): Promise<never> {
    throw new WhylensError('NEEDS_GRADIENTS', this.lacks('a gradient'));
  }

  linearHead(): LinearHead | { readonly found: string } {
    return { found: 'a session, which cannot be looked into' };
  }

  bias(): undefined {
    return undefined;
  }

  randomize(): never {
    throw new WhylensError('UNSUPPORTED_OPERATION', this.lacks('weights to be drawn anew'));
  }

  release(): void {
    if (this.options.ownsSession === true) void this.session.release();
  }

  private async scores(batch: NdArray): Promise<NdArray> {
    const { name, type, order } = this.input;
    const own = order === undefined ? batch : reordered(batch, order);
    const { Tensor } = await import('onnxruntime-common');
    const fed = new Tensor(type as 'float32', TYPES[type](own.data) as Float32Array, own.shape);
    const results = await this.session
      .run({ [name]: fed }, [this.output.name])
      .catch((cause: unknown) => {
        throw engineFailed(cause, 'onnxruntime');
      });
    const found: Tensor = results[this.output.name];
    const data = Float32Array.from(found.data as Float32Array);
    const count = batch.shape[0];
    return { shape: [count, data.length / count], data };
  }

  private lacks(what: string): string {
    return `${what} was asked for, but ${this.title()} gives none: ${this.options.why}. Use a method that only needs predictions (see 'whylens methods')`;
  }

  private title(): string {
    return `model '${this.options.name}'`;
  }

  /** Channels first becomes channels last, as explainers have it. */
  private orderOf(sizes: readonly (number | null)[]): readonly number[] | undefined {
    const { channelsFirst, inputShape } = this.options;
    const colours = [1, 3, 4];
    const isColour = (size: number | null | undefined): boolean =>
      size !== null && size !== undefined && colours.includes(size);
    const looks =
      isColour(sizes[0]) &&
      !isColour(sizes.at(-1)) &&
      (sizes.at(-1) !== null ||
        inputShape === undefined ||
        isColour(inputShape[0]) ||
        isColour(inputShape.at(-1)));
    if (sizes.length !== 3 || !(channelsFirst ?? looks)) return undefined;
    return [2, 0, 1];
  }

  private filled(sizes: readonly (number | null)[]): readonly (number | null)[] {
    const told = this.options.inputShape;
    if (told === undefined) return sizes;
    const fits = (shape: readonly number[]): boolean =>
      shape.length === sizes.length && sizes.every((n, i) => n === null || n === shape[i]);
    const found = [told, [...told.slice(1), told[0]]].find(fits);
    if (found !== undefined) return found;
    throw new WhylensError(
      'INVALID_OPTION',
      `inputShape [${told.join(', ')}] does not fit the input [${sizes.map((n) => n ?? 'any').join(', ')}] of ${this.title()}`,
    );
  }
}

function isTensor(value: InferenceSession.ValueMetadata): value is Metadata {
  return value.isTensor;
}

const sizeIn = (size: number | string): number | null =>
  typeof size === 'number' && size > 0 && size !== OPEN ? size : null;
