/** Signals and volumes end to end: every method explains them, every formatter takes what it gives. */
import { fewCalls } from '../helpers/few-calls.js';
import { mapMethods } from '../helpers/pictures.js';
import test from 'ava';
import { createContainer, registryOf } from '../../src/container/container.js';
import { explainPrediction } from '../../src/explain/explain.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { randomArray, seedWeights, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;
const registry = registryOf(createContainer());

function model(shape: number[]): tfl.Sequential {
  const conv = { filters: 4, padding: 'same', activation: 'relu', name: 'seen' } as const;
  const result = tfl.sequential({
    layers: [
      shape.length === 2
        ? layers.conv1d({ inputShape: shape, kernelSize: 3, ...conv })
        : layers.conv3d({ inputShape: shape, kernelSize: 3, ...conv }),
      shape.length === 2 ? layers.globalAveragePooling1d({}) : layers.flatten({}),
      layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  seedWeights(result, 3);
  return result;
}

for (const [kind, shape] of [
  ['signal', [24, 2]],
  ['volume', [4, 8, 6, 2]],
] as const) {
  test.serial(`${kind}: all methods and formatters`, async (t) => {
    await selectBackend('cpu');
    const native = model([...shape]);
    // concepts are drawn over a picture
    for (const [id, method] of mapMethods(registry.explainers)) {
      // tfjs has no global average pooling of volumes
      if (method.needs.linearHead === true && kind === 'volume') continue;
      const explanation = await explainPrediction(native, randomArray([1, ...shape], 4), {
        method: id,
        targets: [1],
        ...fewCalls(method, 20),
        // only pictures can be flipped
        ...('flip' in method.options && { flip: 'none' }),
      });
      if (explanation.kind !== kind) {
        t.fail(`${id} gave ${explanation.kind}`);
        continue;
      }
      const { heatmap } = explanation.targets[0];
      t.deepEqual([...heatmap.shape], shape.slice(0, -1), id);
      t.true(heatmap.data.every(Number.isFinite), id);
      for (const name of ['text', 'json', 'html', 'image', 'figure', 'table']) {
        const formatter = registry.formatter(name);
        t.true(formatter.kinds.includes(kind), name);
        t.truthy(formatter.format(explanation, {}), `${id} as ${name}`);
      }
    }
    native.dispose();
  });
}
