/** What a loaded model computes. */
import type { LoadedModel } from '../../src/index.js';
import { ndSamples, type ExplainableModel } from '../../src/model/interface.js';

export async function valuesOf(
  { model }: LoadedModel,
  shape: readonly number[],
  data: Float32Array,
): Promise<Float32Array> {
  const { outputs } = await (model as ExplainableModel).run({
    inputs: [ndSamples({ shape, data })],
  });
  return outputs[0].values.data;
}
