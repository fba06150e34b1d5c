import test from 'ava';
import { ndSamples } from '../../../src/model/interface.js';
import { classTarget } from '../../../src/model/targets.js';
import { adaptGraphModel } from '../../../src/model/tfjs/adapt-graph.js';
import { adaptKerasModel } from '../../../src/model/tfjs/adapt-keras.js';
import { selectBackend } from '../../../src/model/tfjs/backend.js';
import { graphOf } from '../../helpers/layers-to-graph.js';
import { mobilenetInput, nativeLayers } from '../../helpers/mobilenet.js';
import { sharedFile } from '../../helpers/shared.js';
import { largest, largestDifference } from '../../helpers/tfjs.js';

test('MobileNet as a graph gives what it gives as layers: logits, activations, gradients', async (t) => {
  const path = sharedFile(t, 'models', 'mobilenet_v1_0.25_224', 'model.json');
  if (path === undefined) return;
  await selectBackend('wasm');
  const native = await nativeLayers(path);
  const layers = await adaptKerasModel(native, {});
  const graph = await adaptGraphModel(await graphOf(native).load(), {});
  const { outputs, layers: listed } = graph.describe();
  t.like(outputs[0], { activation: 'softmax', shape: [1000] });
  t.deepEqual(listed.find((layer) => layer.path === 'conv_pw_13_relu')?.shape, [7, 7, 256]);

  const input = await mobilenetInput(t, 'cat_dog');
  const request = {
    inputs: [ndSamples(input)],
    targets: [classTarget(282), classTarget(243)],
    layers: ['conv_pw_5_relu', 'conv_pw_13_relu'],
  };
  const expected = await layers.differentiate(request);
  const found = await graph.differentiate(request);
  const near = (a: Float32Array, b: Float32Array, what: string) => {
    const error = largestDifference(a, b) / largest(b);
    t.true(error < 1e-4, `${what} differs by ${error}`);
  };
  near(found.outputs[0].logits.data, expected.outputs[0].logits.data, 'logits');
  near(found.outputs[0].values.data, expected.outputs[0].values.data, 'probabilities');
  for (const layer of request.layers) {
    near(found.activations[layer].data, expected.activations[layer].data, layer);
    for (const target of [0, 1]) {
      const [a, b] = [found, expected].map(({ gradients }) => gradients[layer][target].data);
      near(a, b, `gradient ${target} at ${layer}`);
    }
  }
  const [a, b] = [graph, layers].map((model) => model.linearHead('conv_pw_13_relu'));
  t.deepEqual(a, b);
});
