/** A layers model without branches as the graph that an exporter would write, node for node. */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { GraphBuilder } from './graph.js';

type Config = Record<string, unknown>;

export function graphOf(model: LayersModel): GraphBuilder {
  const g = new GraphBuilder();
  const [, ...shape] = model.inputs[0].shape as number[];
  let last = g.placeholder('input', [-1, ...shape]);
  for (const layer of model.layers) {
    const { name } = layer;
    const config = layer.getConfig() as Config;
    const weights = layer.weights.map((weight, i) =>
      g.constant(`${name}/w${i}`, weight.shape as number[], weight.read().dataSync()),
    );
    const window = {
      strides: [1, ...pair(config.strides), 1],
      padding: String(config.padding).toUpperCase(),
      dilations: [1, 1, 1, 1],
      data_format: 'NHWC',
    };
    switch (layer.getClassName()) {
      case 'InputLayer':
      case 'Dropout':
        break;
      case 'ZeroPadding2D': {
        const [[top, bottom], [left, right]] = config.padding as [number, number][];
        const by = g.constant(`${name}/by`, [4, 2], [0, 0, top, bottom, left, right, 0, 0], true);
        last = g.op('Pad', name, [last, by]);
        break;
      }
      case 'Conv2D':
      case 'DepthwiseConv2D': {
        const op = layer.getClassName() === 'Conv2D' ? 'Conv2D' : 'DepthwiseConv2dNative';
        const [kernel, bias] = weights;
        last = g.op(op, bias === undefined ? name : `${name}/conv`, [last, kernel], window);
        if (bias !== undefined) last = g.op('BiasAdd', name, [last, bias]);
        break;
      }
      case 'BatchNormalization':
        last = g.op('FusedBatchNormV3', name, [last, ...weights], {
          epsilon: Number(config.epsilon),
          data_format: 'NHWC',
          is_training: false,
        });
        break;
      case 'ReLU':
        last = g.op('Relu6', name, [last]);
        break;
      case 'GlobalAveragePooling2D':
        last = g.op('Mean', name, [last, g.ints(`${name}/axes`, [1, 2])], { keep_dims: false });
        break;
      case 'Reshape': {
        const to = config.targetShape as number[];
        last = g.op('Reshape', name, [last, g.ints(`${name}/to`, [-1, ...to])]);
        break;
      }
      case 'Activation':
        last = g.op(config.activation === 'softmax' ? 'Softmax' : 'Relu', name, [last]);
        break;
      default:
        throw new Error(`no graph for ${layer.getClassName()}`);
    }
  }
  g.op('Identity', 'Identity', [last]);
  return g;
}

function pair(value: unknown): number[] {
  return Array.isArray(value) ? (value as number[]) : [1, 1];
}
