/** Model calls of explainers that look at the input itself, written once. */
import type { ExplainContext, ExplainedMaps } from '../../src/container/plugin.js';
import type { Heatmap, NdArray, Target } from '../../src/explanation.js';
import { sampleOf, sizeOf } from '../../src/maths/ndarray.js';
import {
  ndSamples,
  type ChunkPosition,
  type DifferentiateRequest,
  type OutputValues,
  type RunResult,
  type Samples,
} from '../../src/model/interface.js';
import { concreteTarget, scoreOf } from '../../src/model/targets.js';

/** The outputs of the unchanged samples, their targets made definite, and the scores of these. */
export interface PlainRun {
  readonly outputs: readonly OutputValues[];
  readonly targets: readonly (readonly Target[])[];
  readonly scores: readonly (readonly number[])[];
}

/** One call of the model, then `map(sample, gradient, n, t)` for every sample and target, at the input. */
export async function differentiateInput(
  context: ExplainContext,
  map: (sample: NdArray, gradient: NdArray, n: number, t: number) => Heatmap,
  request: Pick<DifferentiateRequest, 'reluRule'> = {},
): Promise<ExplainedMaps> {
  const name = inputName(context);
  const collector = new OutputCollector(context.targets.length);
  const maps: Heatmap[][] = [];
  await context.model.differentiate({
    inputs: context.inputs.map(ndSamples),
    targets: context.targets,
    score: context.score,
    wrt: [name],
    ...request,
    ...context.batch,
    // chunk by chunk, so that the gradients of a large batch never lie in memory together
    onChunk(chunk) {
      for (let i = 0; i < chunk.count; i++) {
        const n = chunk.offset + i;
        collector.take(n, chunk, i);
        const sample = sampleOf(context.inputs[context.input], n);
        maps[n] = context.targets[n].map((_, t) =>
          map(sample, sampleOf(chunk.gradients[name][t], i), n, t),
        );
      }
    },
  });
  return { kind: 'maps', outputs: collector.result(), maps };
}

/** Name of the explained input. */
export function inputName({ description, input }: ExplainContext): string {
  return description.inputs[input].name;
}

/** Forward pass of the samples as they are. Progress is left to the long part that follows. */
export async function runPlain(context: ExplainContext): Promise<PlainRun> {
  const { outputs } = await context.model.run({
    inputs: context.inputs.map(ndSamples),
    ...context.batch,
    onProgress: undefined,
  });
  const targets = definiteTargets(context, outputs);
  return {
    outputs,
    targets,
    scores: targets.map((list, n) => list.map((t) => scoreOf(t, outputs, n, context.score))),
  };
}

/** Every sample's targets, `top` replaced by the class that it means for the unchanged sample. */
function definiteTargets(
  context: Pick<ExplainContext, 'targets'>,
  outputs: readonly OutputValues[],
): Target[][] {
  return context.targets.map((list, n) => list.map((t) => concreteTarget(t, outputs, n)));
}

/** True if no target depends on which class is on top, so that no run is needed to know it. */
export function areDefinite(targets: readonly (readonly Target[])[]): boolean {
  const definite = (target: Target): boolean =>
    target.kind === 'weighted'
      ? target.terms.every((term) => definite(term.target))
      : target.kind !== 'top';
  return targets.every((list) => list.every(definite));
}

/**
 * One batch per model input: the explained one is `samples`, the others are
 * those of the sample that variant `index` belongs to.
 */
export function withOthersHeld(
  context: ExplainContext,
  samples: Samples,
  sampleIndex: (index: number) => number,
): Samples[] {
  return context.inputs.map((array, input) => {
    if (input === context.input) return samples;
    const held = ndSamples(array);
    return {
      count: samples.count,
      shape: held.shape,
      write: (index, into) => held.write(sampleIndex(index), into),
    };
  });
}

/** Gathers the outputs of some samples out of chunks: `take(k, chunk, i)` puts the chunk's sample `i` at place `k`. */
export class OutputCollector {
  private outputs: OutputValues[] | undefined;

  constructor(private readonly count: number) {}

  take(place: number, { outputs }: RunResult & ChunkPosition, index: number): void {
    this.outputs ??= outputs.map((output) => ({
      ...output,
      logits: this.room(output.logits),
      values: this.room(output.values),
    }));
    this.outputs.forEach((to, o) => {
      copySample(to.logits, place, outputs[o].logits, index);
      copySample(to.values, place, outputs[o].values, index);
    });
  }

  result(): readonly OutputValues[] {
    return this.outputs!;
  }

  private room({ shape }: NdArray): NdArray {
    const whole = [this.count, ...shape.slice(1)];
    return { shape: whole, data: new Float32Array(sizeOf(whole)) };
  }
}

function copySample(to: NdArray, place: number, from: NdArray, index: number): void {
  to.data.set(sampleOf(from, index).data, place * sizeOf(to.shape.slice(1)));
}
