/** A live graph model as what its file held: the nodes, the signature, and the numbers of its constants. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import { lazily, type GraphWeights } from '../readers/tfjs-graph/weights.js';
import type { TfjsGraph } from '../readers/tfjs-graph/read.js';
import type { GraphModel } from './graph-model.js';

/** Read once a model, so that explaining it again reads no tensor again. */
const read = new WeakMap<object, TfjsGraph>();

export function liveGraph(model: GraphModel): TfjsGraph {
  let found = read.get(model);
  if (found === undefined) read.set(model, (found = graphOf(model)));
  return found;
}

function graphOf(model: GraphModel): TfjsGraph {
  const topology = model.artifacts?.modelTopology;
  if (topology === undefined) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      'the graph model has no topology: it was not loaded, or it was disposed of already',
    );
  }
  const { weights } = model;
  const known = new Map<string, ReturnType<GraphWeights['get']>>();
  return {
    topology,
    signature: model.artifacts?.signature ?? model.modelSignature,
    weights: {
      get(name) {
        const tensor = Object.hasOwn(weights, name) ? weights[name]?.[0] : undefined;
        if (tensor === undefined) return undefined;
        if (!known.has(name)) known.set(name, constantOf(tensor));
        return known.get(name);
      },
    },
  };
}

const constantOf = (tensor: Tensor): ReturnType<GraphWeights['get']> =>
  lazily(tensor.shape, tensor.dtype, () =>
    tensor.dtype === 'float32'
      ? Float32Array.from(tensor.dataSync())
      : Float64Array.from(tensor.dataSync()),
  );
