/** Makes an explanation once more: of a changed input, or of a changed model. */
import { WhylensError } from '../errors.js';
import { explainPrediction } from '../explain/explain.js';
import { type ExplainOptions } from '../explain/explain-options.js';
import type { Explanation, Heatmap, Target } from '../explanation.js';
import type { Registry } from '../container/registry.js';
import type { Explainer } from '../container/plugin.js';
import type { BatchOptions, ScoreKind } from '../model/interface.js';

/** An explanation with one map for each target. */
export type MapRecord = Extract<Explanation, { kind: 'image' | 'signal' | 'volume' }>;

/** The map of a model, a document and a target. */
export type MapMaker = (
  model: unknown,
  doc: unknown,
  target: Target,
  batch: BatchOptions,
) => Promise<Heatmap>;

export function isMapRecord(explanation: Explanation): explanation is MapRecord {
  return ['image', 'signal', 'volume'].includes(explanation.kind);
}

/**
 * The method of a record with the options that the record tells. A method that
 * is not a registered id (`smooth(…)`), and options that are functions or pictures,
 * must be given again.
 */
export function makerOf(
  explanation: MapRecord,
  registry: Registry,
  given: Pick<ExplainOptions, 'method' | 'container' | 'plugins'> & {
    readonly methodOptions?: Readonly<Record<string, unknown>>;
  },
): MapMaker {
  const { parameters, layer } = explanation;
  const method = given.method ?? explanation.method;
  const explainer: Explainer = registry.explainerFor(method, parameters);
  const own = Object.fromEntries(
    Object.entries(parameters).filter(
      ([name, value]) => Object.hasOwn(explainer.options, name) && value !== null,
    ),
  );
  const options: ExplainOptions = {
    ...own,
    ...given.methodOptions,
    method,
    container: given.container,
    plugins: given.plugins,
    score: scoreKindOf(explanation),
    seed: typeof parameters.seed === 'number' ? parameters.seed : 0,
    ...(explainer.needs.layer === true && layer !== undefined ? { layer: layer.path } : {}),
    ...(explanation.input === undefined ? {} : { input: explanation.input }),
  };
  return async (model, doc, target, batch) =>
    mapOf(await explainPrediction(model, doc, { ...options, ...batch, targets: [target] }));
}

/** Which number the record explains. */
export function scoreKindOf({ parameters }: Pick<MapRecord, 'parameters'>): ScoreKind {
  return parameters.score === 'output' ? 'output' : 'logit';
}

export function mapOf(explanation: Explanation, target = 0): Heatmap {
  if (!isMapRecord(explanation)) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `an explanation to evaluate must hold a map per target (kind image, signal or volume), got kind '${explanation.kind}' of method '${explanation.method}'`,
      { facts: { kind: explanation.kind } },
    );
  }
  return explanation.targets[target].heatmap;
}
