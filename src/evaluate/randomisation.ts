/**
 * The model-randomisation check (Adebayo et al. 2018, section 3.1): the weights
 * are re-drawn layer by layer, from the head down to all of them, each with its
 * own mean and spread. An explanation of what the model has learnt must lose
 * its map with it.
 */
import { WhylensError } from '../errors.js';
import type { Heatmap, Target } from '../explanation.js';
import { rankCorrelation } from '../maths/metrics/rank-correlation.js';
import { structuralSimilarity } from '../maths/metrics/ssim.js';
import type { BatchOptions, ExplainableModel, ModelDescription } from '../model/interface.js';

/**
 * A method fails if its maps hardly change although the head, which alone tells the classes apart,
 * was re-drawn; or if on average over the stages they still rank places much like the original.
 */
export const RANDOMISATION_LIMITS = { head: 0.9, mean: 0.5 } as const;

/** One stage of the cascade. */
export interface RandomisationStage {
  /** Layers re-drawn so far, and the one nearest to the input among them. */
  readonly layers: number;
  readonly reached: string;
  /** Spearman's rank correlation with the original map, mean over documents; 0 with a constant map. */
  readonly rankCorrelation: number;
  /** Structural similarity to the original map, mean over documents. */
  readonly similarity: number;
}

/** What `checkRandomisation` gives: how similar the map stays while the model is re-drawn. */
export interface Randomisation {
  readonly stages: readonly RandomisationStage[];
  /** Mean rank correlation over the stages. */
  readonly mean: number;
  readonly passed: boolean;
  /** Why it failed, in words. */
  readonly reason?: string;
}

/** Layers whose weights can be re-drawn, the one nearest to the output first. */
export function cascade({ layers, can, name, adapter }: ModelDescription): string[] {
  const paths = layers
    .filter(({ parameters, internal }) => parameters > 0 && internal !== true)
    .map(({ path }) => path)
    .reverse();
  if (!can.randomize || paths.length === 0) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `the randomisation check re-draws the weights of layers, and model '${name}' (${adapter}) shows no layers with weights; leave metric 'randomisation' out`,
    );
  }
  return paths;
}

/** How many layers are re-drawn at each stage: the head first, all of them last. */
export function stageSizes(layers: number, stages: number): number[] {
  const sizes = Array.from({ length: stages }, (_, i) =>
    stages === 1 ? layers : 1 + Math.round((i * (layers - 1)) / (stages - 1)),
  );
  return [...new Set(sizes)];
}

/** One document with the map to compare with. */
export interface RandomisationCase {
  readonly doc: unknown;
  readonly target: Target;
  readonly map: Heatmap;
}

/** Options of `checkRandomisation`. */
export interface RandomisationOptions {
  readonly stages: number;
  readonly seed: number;
  /** Makes the map of a model: called once a stage and document. */
  readonly explain: (
    model: ExplainableModel,
    doc: unknown,
    target: Target,
    batch: BatchOptions,
  ) => Promise<Heatmap>;
  /** Wraps every call of `explain`. */
  readonly step?: (call: (batch: BatchOptions) => Promise<Heatmap>) => Promise<Heatmap>;
}

/** Runs the cascade over some documents, each with re-drawn weights of its own seed. */
export async function checkRandomisation(
  model: ExplainableModel,
  cases: readonly RandomisationCase[],
  { stages, seed, explain, step = (call) => call({}) }: RandomisationOptions,
): Promise<Randomisation> {
  const paths = cascade(model.describe());
  const results: RandomisationStage[] = [];
  for (const size of stageSizes(paths.length, stages)) {
    const layers = paths.slice(0, size);
    let correlation = 0;
    let similarity = 0;
    for (const [n, { doc, target, map }] of cases.entries()) {
      const redrawn = model.randomize(layers, seed + n);
      try {
        const other = await step((batch) => explain(redrawn, doc, target, batch));
        correlation += rankCorrelation(map.data, other.data) / cases.length;
        similarity += structuralSimilarity(map, other) / cases.length;
      } finally {
        redrawn.release();
      }
    }
    results.push({
      layers: size,
      reached: layers[size - 1],
      rankCorrelation: correlation,
      similarity,
    });
  }
  return verdictOf(results);
}

/** Applies {@link RANDOMISATION_LIMITS}. */
export function verdictOf(stages: readonly RandomisationStage[]): Randomisation {
  const mean = stages.reduce((sum, stage) => sum + stage.rankCorrelation, 0) / stages.length;
  const head = stages[0].rankCorrelation;
  const reason =
    head > RANDOMISATION_LIMITS.head
      ? `the map stays the same when the head of the model is re-drawn (rank correlation ${head.toFixed(2)})`
      : mean > RANDOMISATION_LIMITS.mean
        ? `the map stays much the same while the model's weights are re-drawn (mean rank correlation ${mean.toFixed(2)})`
        : undefined;
  return {
    stages,
    mean,
    passed: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
  };
}
