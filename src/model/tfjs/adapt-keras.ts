import type { AdaptOptions } from '../../container/plugin.js';
import { selectBackend } from './backend.js';
import { registerChainedOps } from './chained-ops.js';
import { TfjsModel } from './engine.js';
import { kerasProgram, type KerasModel } from './keras.js';
import { residentWeights } from './resident.js';

interface Made {
  readonly adapted: TfjsModel;
  /** What the translation was made from, part by part. */
  readonly from: readonly unknown[];
}

/** Translations hold numbers and no tensors, so they may live as long as their model. */
const made = new WeakMap<object, Made>();

/**
 * A layers model as explainers see it. The translation is kept with the model
 * and made anew when the model was trained or its layers were changed since.
 */
export async function adaptKerasModel(model: unknown, options: AdaptOptions): Promise<TfjsModel> {
  await selectBackend(options.backend);
  registerChainedOps();
  const keras = model as KerasModel;
  const name = options.name ?? keras.name;
  const resident = residentWeights(keras);
  const from = [name, resident, ...partsOf(keras)];
  const known = made.get(keras);
  if (known !== undefined && sameParts(known.from, from)) return known.adapted;
  const adapted = new TfjsModel(kerasProgram(keras, name), resident);
  made.set(keras, { adapted, from });
  return adapted;
}

/** Layers, their activations, and the data of all weights: training gives a variable new data. */
function partsOf(model: KerasModel): unknown[] {
  const activations = model.layers.flatMap((layer) => [
    layer,
    (layer as unknown as { activation?: unknown }).activation,
  ]);
  return [...activations, ...model.weights.map((weight) => weight.read().dataId)];
}

function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}
