import type { FakeModel } from './fake-model.js';
import type { NdArray } from '../../src/explanation.js';
import { ndSamples } from '../../src/model/interface.js';

/** Score of class `c` with the regions of `coalition` shown and the others at `baseline`. */
export function regionScore(
  model: FakeModel,
  sample: NdArray,
  labels: ArrayLike<number>,
  baseline: number,
  c: number,
): (coalition: readonly number[]) => Promise<number> {
  const channels = sample.shape[sample.shape.length - 1];
  return async (coalition) => {
    const data = sample.data.map((v, i) =>
      coalition[labels[Math.floor(i / channels)]] === 1 ? v : baseline,
    );
    const { outputs } = await model.run({
      inputs: [ndSamples({ shape: [1, ...sample.shape], data })],
    });
    return outputs[0].logits.data[c];
  };
}
