/**
 * The demo's classifier: a small MobileNetV2-like network. Its last map has
 * 16 × 16 positions and sees about half a scene from each, so that evidence for
 * a class stays where the object is.
 */
import {
  initializers,
  input,
  layers,
  model,
  type LayersModel,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { CLASSES } from './classes.js';
import { SCENE_SIZE } from './scenes.js';

/** Share of the old value that batch normalisation keeps of its running statistics. */
const MOMENTUM = 0.95;

/**
 * Builds the network with seeded weights. Training uses the `linear` head (a
 * loss on logits is exact), the saved model ends in a `softmax`; the two have
 * the same weights in the same order.
 */
export function buildNetwork(head: 'linear' | 'softmax', seed: number): LayersModel {
  let seeds = seed * 1000;
  const initial = (): ReturnType<typeof initializers.heNormal> =>
    initializers.heNormal({ seed: seeds++ });

  const normalise = (x: SymbolicTensor, name: string): SymbolicTensor =>
    layers
      .batchNormalization({ name: `${name}_bn`, momentum: MOMENTUM })
      .apply(x) as SymbolicTensor;
  const relu6 = (x: SymbolicTensor, name: string): SymbolicTensor =>
    layers.reLU({ name: `${name}_relu`, maxValue: 6 }).apply(x) as SymbolicTensor;
  const convolve = (
    x: SymbolicTensor,
    name: string,
    filters: number,
    kernelSize: number,
    strides = 1,
  ): SymbolicTensor => {
    const config = { name, filters, kernelSize, strides, padding: 'same', useBias: false } as const;
    const layer = layers.conv2d({ ...config, kernelInitializer: initial() });
    return normalise(layer.apply(x) as SymbolicTensor, name);
  };
  const depthwise = (x: SymbolicTensor, name: string, strides = 1): SymbolicTensor => {
    const config = { name, kernelSize: 3, strides, padding: 'same', useBias: false } as const;
    const layer = layers.depthwiseConv2d({ ...config, depthwiseInitializer: initial() });
    return relu6(normalise(layer.apply(x) as SymbolicTensor, name), name);
  };
  const separable = (
    x: SymbolicTensor,
    name: string,
    filters: number,
    strides: number,
  ): SymbolicTensor =>
    convolve(depthwise(x, `${name}_depthwise`, strides), `${name}_project`, filters, 1);
  /** Expand, filter each channel, project, add. */
  const residual = (x: SymbolicTensor, name: string, expansion: number): SymbolicTensor => {
    const filters = x.shape[3] as number;
    const wide = relu6(convolve(x, `${name}_expand`, filters * expansion, 1), `${name}_expand`);
    const branch = separable(wide, name, filters, 1);
    return layers.add({ name: `${name}_add` }).apply([x, branch]) as SymbolicTensor;
  };

  const scene = input({ shape: [SCENE_SIZE, SCENE_SIZE, 3], name: 'scene' });
  let x = relu6(convolve(scene, 'stem', 24, 5, 4), 'stem'); // 32 × 32
  x = residual(x, 'block1', 1);
  x = separable(x, 'block2', 64, 2); // 16 × 16
  x = residual(x, 'block3', 2);
  x = residual(x, 'block4', 2);
  x = relu6(convolve(x, 'head', 128, 1), 'head');
  x = layers.globalAveragePooling2d({ name: 'pool' }).apply(x) as SymbolicTensor;
  const scores = layers
    .dense({
      name: 'scores',
      units: CLASSES.length,
      activation: head,
      kernelInitializer: initial(),
    })
    .apply(x) as SymbolicTensor;
  return model({ name: 'emoji-scenes', inputs: scene, outputs: scores });
}
