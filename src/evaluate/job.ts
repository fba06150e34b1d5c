/** The data that every metric works with, and the one call with which they run the model. */
import type { Heatmap, NdArray, Target } from '../explanation.js';
import { asPartOf } from '../../explainers/shared/calls.js';
import type { BatchOptions, ExplainableModel, Samples, ScoreKind } from '../model/interface.js';
import { scoreOf } from '../model/targets.js';
import type { MetricOptions } from './options.js';

export interface EvaluationJob {
  readonly model: ExplainableModel;
  /** `[1, …]` per model input. */
  readonly inputs: readonly NdArray[];
  /** Index of the explained input, and that input without batch axis. */
  readonly input: number;
  readonly sample: NdArray;
  readonly channels: number;
  readonly range: readonly [number, number];
  readonly target: Target;
  /** As the method made it, and at the resolution of the input. */
  readonly map: Heatmap;
  readonly large: Heatmap;
  /** The score that was explained. */
  readonly explained: ScoreKind;
  readonly options: MetricOptions;
  readonly seed: number;
  readonly work: Work;
}

/** Counts the model evaluations of all metrics as one job, for progress and aborts. */
export class Work {
  private done = 0;

  constructor(
    private readonly batch: BatchOptions,
    private readonly total: number,
  ) {}

  /** One call that is `size` evaluations of the job; inner progress is scaled to that. */
  async part<T>(size: number, call: (batch: BatchOptions) => Promise<T>): Promise<T> {
    const result = await asPartOf(this.batch, this.done, this.total, call);
    this.done += size;
    return result;
  }

  /** As `part`, for calls that count in units of their own. */
  async whole<T>(size: number, call: (batch: BatchOptions) => Promise<T>): Promise<T> {
    const { onProgress, ...rest } = this.batch;
    const result = await asPartOf(rest, this.done, this.total, call);
    this.done += size;
    onProgress?.(this.done, this.total);
    return result;
  }
}

/** The target's score of every variant of the explained input. */
export async function scoresOf(
  { model, inputs, input, target, options, work }: EvaluationJob,
  variants: Pick<Samples, 'count' | 'write'>,
  score: ScoreKind = options.score,
): Promise<Float64Array> {
  const scores = new Float64Array(variants.count);
  await work.part(variants.count, (batch) =>
    model.run({
      inputs: inputs.map(({ shape, data }, i) => ({
        count: variants.count,
        shape: shape.slice(1),
        write: (index, into) => (i === input ? variants.write(index, into) : into.set(data)),
      })),
      ...batch,
      onChunk({ offset, count, outputs }) {
        for (let n = 0; n < count; n++) scores[offset + n] = scoreOf(target, outputs, n, score);
      },
    }),
  );
  return scores;
}
