/** Counting what a method asks of a model. */
import { countSamples } from '../src/model/chunks.js';
import type { ExplainableModel } from '../src/model/interface.js';

export interface Passes {
  forward: number;
  backward: number;
}

/** The same model; every sample that runs forwards, and every target's way back, is counted. */
export function counted(model: ExplainableModel): { model: ExplainableModel; passes: Passes } {
  const passes = { forward: 0, backward: 0 };
  return {
    passes,
    model: {
      describe: () => model.describe(),
      run(request) {
        passes.forward += countSamples(request);
        return model.run(request);
      },
      differentiate(request) {
        const samples = countSamples(request);
        const [first] = request.targets;
        passes.forward += samples;
        passes.backward += samples * (Array.isArray(first) ? first.length : request.targets.length);
        return model.differentiate(request);
      },
      linearHead: (layer, output) => model.linearHead(layer, output),
      bias: (layer) => model.bias(layer),
      randomize: (layers, seed) => model.randomize(layers, seed),
      release: () => undefined,
    },
  };
}
