/** Completeness on the building blocks of real classifiers: every unit that adds something is understood. */
import test from 'ava';
import { fullGrad } from '../../explainers/full-grad.js';
import { adaptKerasModel } from '../../src/model/tfjs/adapt-keras.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { classTarget } from '../../src/model/targets.js';
import { mapsOf } from '../helpers/context.js';
import { fakeInputs } from '../helpers/fake-model.js';
import { seedWeights, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;
type Tensor = tfl.SymbolicTensor;

const apply = (layer: tfl.layers.Layer, x: Tensor | Tensor[]) => layer.apply(x) as Tensor;
const conv = (x: Tensor, filters: number, activation?: 'relu' | 'relu6' | 'hardSigmoid') =>
  apply(layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation }), x);

const BLOCKS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'residual, normalised before the rectifier': (x) => {
    const a = apply(
      layers.activation({ activation: 'relu' }),
      apply(layers.batchNormalization(), x),
    );
    return apply(layers.add(), [x, conv(a, 4)]);
  },
  'separable with the ceiling of ReLU6': (x) => {
    const a = apply(layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }), x);
    const b = apply(layers.reLU({ maxValue: 6 }), apply(layers.batchNormalization(), a));
    return conv(b, 4, 'relu6');
  },
  'squeeze and excite': (x) => {
    const pooled = apply(layers.globalAveragePooling2d({}), x);
    const less = conv(apply(layers.reshape({ targetShape: [1, 1, 4] }), pooled), 2, 'relu');
    return apply(layers.multiply(), [x, conv(less, 4, 'hardSigmoid')]);
  },
  'smooth units': (x) => {
    const a = apply(
      layers.activation({ activation: 'swish' }),
      apply(layers.batchNormalization(), x),
    );
    return apply(layers.elu(), conv(a, 4));
  },
  'leaky units and maxima': (x) => {
    const a = apply(layers.leakyReLU({ alpha: 0.2 }), conv(x, 4));
    return apply(layers.maxPooling2d({ poolSize: 2, padding: 'same' }), a);
  },
  'concatenation and means': (x) =>
    apply(layers.concatenate(), [
      conv(x, 2, 'relu'),
      apply(layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }), x),
    ]),
};

for (const [name, block] of Object.entries(BLOCKS)) {
  test.serial(name, async (t) => {
    await selectBackend('cpu');
    const input = tfl.input({ shape: [6, 7, 3] });
    const end = apply(layers.globalAveragePooling2d({}), block(conv(input, 4, 'relu')));
    const scores = apply(layers.dense({ units: 3, activation: 'softmax' }), end);
    const native = tfl.model({ inputs: input, outputs: scores });
    seedWeights(native, 5);
    const model = await adaptKerasModel(native, {});
    const { facts, warnings } = await mapsOf(fullGrad, model, fakeInputs([6, 7, 3]), {
      targets: [classTarget(0), classTarget(2)],
    });
    t.deepEqual(warnings, []);
    const [{ completeness }] = facts as unknown as {
      completeness: { input: number; bias: number; offset: number; gap: number }[];
    }[];
    for (const { input: share, bias, offset, gap } of completeness) {
      const scale = Math.abs(share) + Math.abs(bias) + Math.abs(offset);
      t.true(Math.abs(gap) < 1e-5 * scale, `gap ${gap} of ${scale}`);
    }
    model.release();
    native.dispose();
  });
}
