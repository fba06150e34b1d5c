import type { AdaptOptions } from '../../container/plugin.js';
import { CompiledModel } from '../compiled.js';
import { tfjsExecutor } from '../executors/tfjs/executor.js';
import type { Executor } from '../executors/executor.js';
import type { ExplainableModel } from '../interface.js';
import { registerChainedOps } from './chained-ops.js';
import { isOpen, liveNetwork, type LiveModel } from './live-network.js';

interface Made {
  readonly adapted: CompiledModel;
  /** What the translation was made from, part by part. */
  readonly from: readonly unknown[];
}

/** Translations of a caller's model hold numbers and no tensors, so they may live as long as it. */
const made = new WeakMap<object, Made>();

/**
 * A live layers model as explainers see it. The translation is kept with the
 * model and made anew when the model was trained or its layers were changed since.
 */
export async function adaptKerasModel(
  model: unknown,
  options: AdaptOptions,
): Promise<ExplainableModel> {
  const live = model as LiveModel;
  const name = options.name ?? live.name;
  // it makes the backend the current one too
  const executor = await tfjsExecutor({ backend: options.backend, keepsWeights: false });
  const from = [name, executor.facts?.backend, ...partsOf(live)];
  const known = made.get(live);
  if (known !== undefined && sameParts(known.from, from)) return known.adapted;
  return translated(live, name, executor, from);
}

function translated(
  live: LiveModel,
  name: string,
  executor: Executor,
  from: readonly unknown[],
): ExplainableModel {
  registerChainedOps();
  const adapted = new CompiledModel(liveNetwork(live, name), executor, {
    ...(isOpen(live) ? { atSizes: (shapes) => liveNetwork(live, name, shapes) } : {}),
    isLive: true,
  });
  made.set(live, { adapted, from });
  return adapted;
}

/** Layers, their activations, and the data of all weights: training gives a variable new data. */
function partsOf(model: LiveModel): unknown[] {
  const activations = model.layers.flatMap((layer) => [layer, layer.activation]);
  return [...activations, ...model.weights.map((weight) => weight.read().dataId)];
}

function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}
