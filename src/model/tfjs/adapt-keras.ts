import type { AdaptOptions } from '../../container/plugin.js';
import { CompiledModel } from '../compiled.js';
import { tfjsExecutor } from '../executors/tfjs/executor.js';
import type { Shape } from '../graph/primitives.js';
import type { ExplainableModel } from '../interface.js';
import { registerChainedOps } from './chained-ops.js';
import { isOpen, liveNetwork, type LiveModel } from './live-network.js';
import { movedModel, sameParts, staysHere } from './moved.js';

interface Made {
  readonly adapted: CompiledModel;
  /** The parts from which the translation was made. */
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
  const network = (shapes?: readonly Shape[]) => liveNetwork(live, name, shapes);
  const atSizes = isOpen(live) ? network : undefined;
  if (!staysHere(options)) {
    return movedModel(live, options, [name, ...partsOf(live)], network, atSizes);
  }
  // it makes the backend the current one too
  const executor = await tfjsExecutor({ backend: options.backend, keepsWeights: false });
  const from = [name, executor.facts?.backend, ...partsOf(live)];
  const known = made.get(live);
  if (known !== undefined && sameParts(known.from, from)) return known.adapted;
  registerChainedOps();
  const adapted = new CompiledModel(network(), executor, {
    ...(atSizes === undefined ? {} : { atSizes }),
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
