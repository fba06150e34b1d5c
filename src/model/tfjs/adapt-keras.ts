import type { AdaptOptions } from '../../container/plugin.js';
import { selectBackend } from './backend.js';
import { registerChainedOps } from './chained-ops.js';
import { TfjsModel } from './engine.js';
import { residentWeights } from './resident.js';
import { kerasProgram, type KerasModel } from './keras.js';

/** The program is made anew each time: the caller may have trained the model since. */
export async function adaptKerasModel(model: unknown, options: AdaptOptions): Promise<TfjsModel> {
  await selectBackend(options.backend);
  registerChainedOps();
  const keras = model as KerasModel;
  return new TfjsModel(kerasProgram(keras, options.name ?? keras.name), residentWeights(keras));
}
