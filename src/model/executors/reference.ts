/** The executor of the tests: every value of every sample in float64, one after the other. */
import type { NdArray } from '../../explanation.js';
import { sizeOf } from '../graph/build.js';
import { evaluate } from '../graph/evaluate.js';
import { ordered, type Value } from '../graph/value.js';
import type { Executor, Feeds } from './executor.js';
import { greatest } from '../../maths/extremes.js';

/** Sample by sample in float64. */
export const referenceExecutor: Executor = {
  id: 'reference',
  runs: (primitive) => primitive !== 'opaque' && primitive !== 'opaqueGradient',
  compile: (outputs) =>
    Promise.resolve({
      run: (feeds) => Promise.resolve(runBatch(outputs, feeds)),
      release: () => undefined,
    }),
  release: () => undefined,
};

function runBatch(outputs: readonly Value[], feeds: Feeds): NdArray[] {
  const counts = outputs.map((v) =>
    greatest(
      ordered([v]).map((x) => feeds.get(x)?.shape[0] ?? 1),
      1,
    ),
  );
  const whole = outputs.map(({ shape }, i) => new Float32Array(counts[i] * sizeOf(shape)));
  for (let n = 0; n < greatest(counts, 1); n++) {
    const own = new Map(
      [...feeds].map(([v, { shape, data }]) => {
        const size = sizeOf(v.shape);
        const at = shape[0] === 1 ? 0 : n * size;
        return [v, Float64Array.from(data.subarray(at, at + size))] as const;
      }),
    );
    evaluate(outputs, own).forEach((x, i) => {
      if (n < counts[i]) whole[i].set(x, n * x.length);
    });
  }
  return outputs.map(({ shape }, i) => ({ shape: [counts[i], ...shape], data: whole[i] }));
}
