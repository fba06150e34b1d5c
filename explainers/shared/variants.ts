/** Running a model on many changed versions of its input, none of them kept. */
import type { ExplainContext } from '../../src/container/plugin.js';
import { withOthersHeld, type PlainRun } from './input-calls.js';
import type { ChunkPosition, RunResult } from '../../src/model/interface.js';
import { scoreOf } from '../../src/model/targets.js';

/** Changed versions of every sample's explained input, written when their turn comes. */
export interface Variants {
  /** How many there are of sample `n`. */
  count(n: number): number;
  /** Writes variant `index` of sample `n`. */
  write(n: number, index: number, into: Float32Array): void;
}

/**
 * Scores every variant for all targets of its sample: one run over all
 * samples, chunked by the model's memory budget, nothing collected. Other
 * inputs are held at the sample's own values.
 *
 * @param take gets the scores of variant `index` of sample `n`, one a target, in order
 */
export async function scoreVariants(
  context: ExplainContext,
  { targets }: Pick<PlainRun, 'targets'>,
  variants: Variants,
  take: (n: number, index: number, scores: readonly number[]) => void,
): Promise<void> {
  const samples = context.inputs[context.input].shape[0];
  const starts = [0];
  for (let n = 0; n < samples; n++) starts.push(starts[n] + variants.count(n));
  const count = starts[samples];
  if (count === 0) return;
  const sampleOf = (index: number) => starts.findIndex((_, n) => index < starts[n + 1]);
  await context.model.run({
    inputs: withOthersHeld(
      context,
      {
        count,
        shape: context.inputs[context.input].shape.slice(1),
        write(index, into) {
          const n = sampleOf(index);
          variants.write(n, index - starts[n], into);
        },
      },
      sampleOf,
    ),
    ...context.batch,
    onChunk: (chunk: RunResult & ChunkPosition) => {
      for (let i = 0; i < chunk.count; i++) {
        const n = sampleOf(chunk.offset + i);
        const scores = targets[n].map((t) => scoreOf(t, chunk.outputs, i, context.score));
        take(n, chunk.offset + i - starts[n], scores);
      }
    },
  });
}
