import { WhylensError } from '../errors.js';
import type { Method } from '../container/methods.js';
import { sizeOf } from '../maths/ndarray.js';
import { type DEFAULT_METHOD, explainPredictions } from './explain.js';
import { type ExplainManyOptions } from './explain-options.js';
import type { JsonValue, LayerChoice, MapTarget, NdArray, TargetBase } from '../explanation.js';

/** Maps of many documents and targets as one array, as keras-explainable gives them. */
export interface BatchExplanation {
  readonly method: string;
  readonly estimator: string;
  /** `[N, …space, targets]`: raw, signed, at the method's own resolution. */
  readonly maps: NdArray;
  /** `[N, targets]`: the explained scores. */
  readonly scores: NdArray;
  /** `targets[document]`, as in an explanation but without the map. */
  readonly targets: readonly (readonly TargetBase[])[];
  readonly layer?: LayerChoice;
  readonly parameters: Readonly<Record<string, JsonValue>>;
  readonly warnings: readonly string[];
}

/**
 * Explains many documents into one typed array: for statistics over maps, for which one record for
 * each document would be unhandy.
 *
 * @param docs as in `explainPredictions`
 * @param options `targets: 'all'` gives every unit; a list of lists names them document by document
 * @throws WhylensError `INVALID_OPTION` for a method whose records are not maps
 * @example
 * const { maps } = await explainBatch(model, pictures, { method: 'cam', targets: 'all' });
 * maps.shape // [pictures, 7, 7, 1000]
 */
export async function explainBatch<const M extends Method = typeof DEFAULT_METHOD>(
  model: unknown,
  docs: Iterable<unknown> | AsyncIterable<unknown> | object,
  options?: ExplainManyOptions<M>,
): Promise<BatchExplanation> {
  const targets: (readonly MapTarget[])[] = [];
  const warnings = new Set<string>();
  let first:
    | {
        method: string;
        estimator: string;
        parameters: Readonly<Record<string, JsonValue>>;
        layer?: LayerChoice;
      }
    | undefined;
  for await (const explanation of explainPredictions(
    model,
    docs,
    (options === undefined ? {} : options) as ExplainManyOptions,
  )) {
    if (
      !('targets' in explanation) ||
      !(
        explanation.kind === 'image' ||
        explanation.kind === 'signal' ||
        explanation.kind === 'volume'
      )
    ) {
      throw new WhylensError(
        'INVALID_OPTION',
        `explainBatch needs a method that gives maps, '${explanation.method}' gives records of kind '${explanation.kind}'; use explainPredictions`,
      );
    }
    first ??= explanation;
    targets.push(explanation.targets);
    explanation.warnings.forEach((warning) => warnings.add(warning));
  }
  if (first === undefined) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      'explainBatch needs at least one document, got none',
    );
  }
  const { shape } = targets[0][0].heatmap;
  const [count, each] = [targets.length, targets[0].length];
  const positions = sizeOf(shape);
  const maps = new Float32Array(count * positions * each);
  const scores = new Float32Array(count * each);
  targets.forEach((list, n) =>
    list.forEach(({ heatmap, score }, t) => {
      if (heatmap.shape.join() !== shape.join()) {
        throw new WhylensError(
          'INVALID_DOCUMENT',
          `maps of one batch must have one shape, got [${shape.join(', ')}] and [${heatmap.shape.join(', ')}]; pass documents of one size`,
        );
      }
      for (let p = 0; p < positions; p++) maps[(n * positions + p) * each + t] = heatmap.data[p];
      scores[n * each + t] = score;
    }),
  );
  const { method, estimator, parameters, layer } = first;
  return {
    method,
    estimator,
    maps: { shape: [count, ...shape, each], data: maps },
    scores: { shape: [count, each], data: scores },
    targets: targets.map((list) => list.map(({ heatmap: _, ...rest }) => rest)),
    ...(layer === undefined ? {} : { layer }),
    parameters,
    warnings: [...warnings],
  };
}
