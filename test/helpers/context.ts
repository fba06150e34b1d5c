/** An explainer's context by hand, so that one method can be tested without the rest of the pipeline. */
import { samplesOf } from '../../src/explain/inputs.js';
import { createContainer, registryOf } from '../../src/container/container.js';
import type { ExplainContext, ExplainedMaps, Explainer } from '../../src/container/plugin.js';
import type { NdArray, Target } from '../../src/explanation.js';
import type { BatchOptions, ExplainableModel, ScoreKind } from '../../src/model/interface.js';
import { chooseLayer } from '../../src/model/layers.js';
import { topClass } from '../../src/model/targets.js';
import { validateOptions } from '../../src/options.js';

export interface ContextOptions {
  /** One list for all samples. Default: the top class. */
  readonly targets?: readonly Target[];
  readonly layer?: string | number;
  readonly score?: ScoreKind;
  readonly seed?: number;
  readonly batch?: BatchOptions;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly inputRange?: readonly [number, number];
}

const explainers = registryOf(createContainer());

/** `inputs` is one `[N, …]` array for the model's only input. */
export function contextFor(
  explainer: Explainer,
  model: ExplainableModel,
  inputs: NdArray,
  { targets = [topClass()], layer, options = {}, ...rest }: ContextOptions = {},
): ExplainContext & { readonly warnings: string[] } {
  const description = model.describe();
  const warnings: string[] = [];
  return {
    model,
    description,
    inputs: [inputs],
    input: 0,
    documents: samplesOf([{ kind: 'array', ...inputs }]),
    targets: Array.from({ length: inputs.shape[0] }, () => targets),
    score: 'logit',
    ...(explainer.needs.layer === true ? { layer: chooseLayer(description, layer) } : {}),
    resolveLayer: (reference) => chooseLayer(description, reference),
    options: validateOptions(explainer.id, explainer.options, options),
    seed: 0,
    batch: {},
    picture: () => ({ width: 1, height: 1, mode: 'L', data: new Uint8ClampedArray(1) }),
    explainer: (id) => explainers.explainer(id),
    warn: (message) => warnings.push(message),
    warnings,
    ...rest,
  };
}

/** Runs an explainer that gives maps. */
export async function mapsOf(
  explainer: Explainer,
  model: ExplainableModel,
  inputs: NdArray,
  options?: ContextOptions,
): Promise<ExplainedMaps & { readonly warnings: readonly string[] }> {
  const context = contextFor(explainer, model, inputs, options);
  const result = await explainer.explain(context);
  if (result.kind !== 'maps') throw new Error(`${explainer.id} gave ${result.kind}`);
  return { ...result, warnings: context.warnings };
}
