/**
 * tfjs layers models as programs. The functional graph is walked node by node,
 * nested models in place, so that every value has a path and residual
 * connections, shared layers and several inputs need no special case. Layers
 * without a translation run as they are.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import { layerOps, type KerasLayer } from './keras-layers.js';
import { opaqueOp } from './ops/opaque.js';
import { ProgramBuilder, type Program, type ValueId } from './program.js';

interface SymbolicTensor {
  readonly id: number;
  readonly name: string;
  readonly shape: (number | null)[];
  readonly dtype: string;
}

interface Node {
  readonly outboundLayer: KerasLayer;
  readonly inputTensors: SymbolicTensor[];
  readonly outputTensors: SymbolicTensor[];
  readonly callArgs?: Record<string, unknown>;
}

/** What is used of a LayersModel or Sequential; by shape, since it may come from another copy of tfjs. */
export interface KerasModel extends KerasLayer {
  readonly layers: KerasLayer[];
  readonly inputs: SymbolicTensor[];
  readonly outputs: SymbolicTensor[];
  readonly inputNames: string[];
  readonly outputNames: string[];
  readonly nodesByDepth: Record<string, Node[]>;
  /** Sequential only. */
  readonly model?: KerasModel;
  build?(): void;
}

export function kerasProgram(model: KerasModel, name: string): Program {
  const builder = new ProgramBuilder();
  const graph = graphOf(model);
  const inputs = graph.inputs.map((tensor, i) => {
    const own = graph.inputNames[i] ?? tensor.name;
    const shape = tensor.shape.slice(1);
    return { name: own, value: builder.input(own, shape), shape, dtype: dtypeOf(tensor) };
  });
  const outputs = walk(
    builder,
    graph,
    inputs.map(({ value }) => value),
    '',
  );
  return builder.build({
    name,
    adapter: 'tfjs-layers',
    inputs,
    outputs: outputs.map((value, i) => builder.output(graph.outputNames[i], value)),
  });
}

/** Adds one (nested) model's steps; gives the values of its outputs. */
function walk(
  builder: ProgramBuilder,
  graph: KerasModel,
  inputs: readonly ValueId[],
  prefix: string,
): ValueId[] {
  const values = new Map<number, ValueId>();
  graph.inputs.forEach((tensor, i) => values.set(tensor.id, inputs[i]));
  const depths = Object.keys(graph.nodesByDepth)
    .map(Number)
    .sort((a, b) => b - a);
  for (const depth of depths) {
    for (const node of graph.nodesByDepth[depth]) {
      const layer = node.outboundLayer;
      if (layer.getClassName() === 'InputLayer') continue;
      const from = node.inputTensors.map((tensor) => values.get(tensor.id)!);
      const shapes = node.outputTensors.map(({ shape }) => shape.slice(1));
      const path = builder.unique(prefix + layer.name);
      const nested = nestedModel(layer);
      let outputs: ValueId[];
      if (nested === undefined) {
        outputs = addLayer(builder, layer, node, path, from, shapes);
      } else {
        outputs = walk(builder, nested, from, `${path}/`);
        builder.alias(path, outputs[0]);
      }
      node.outputTensors.forEach((tensor, i) => values.set(tensor.id, outputs[i]));
    }
  }
  return graph.outputs.map((tensor) => values.get(tensor.id)!);
}

function addLayer(
  builder: ProgramBuilder,
  layer: KerasLayer,
  node: Node,
  path: string,
  from: readonly ValueId[],
  shapes: (readonly (number | null)[])[],
): ValueId[] {
  const kind = layer.getClassName();
  const parameters = layer.weights.reduce(
    (sum, { shape }) => sum + shape.reduce<number>((a, b) => a * (b ?? 1), 1),
    0,
  );
  if (kind === 'Masking' || layer.maskZero === true) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `layer '${path}' (${kind}) makes a mask for the layers after it, which this library does not follow; remove the mask or explain the model as a plain function with a perturbation method`,
      { facts: { layer: path, kind } },
    );
  }
  const inputShapes = from.map((value) => builder.shape(value));
  const parts = layerOps(layer, inputShapes, shapes[0]);
  if (parts === undefined) {
    const kwargs = { ...node.callArgs, training: false };
    const run = (inputs: Tensor[]) =>
      layer.apply(inputs.length === 1 ? inputs[0] : inputs, kwargs) as Tensor | Tensor[];
    return builder.add(path, opaqueOp(kind, run), from, shapes, { parameters, kind });
  }
  // all but the last part are values inside the layer, such as conv1:linear
  let values = [...from];
  parts.forEach(({ op, name, shape }, i) => {
    const last = i === parts.length - 1;
    const own = last ? path : `${path}:${name}`;
    const about = last ? { parameters, kind } : { internal: true, kind };
    values = builder.add(own, op, values, [shape ?? shapes[0]], about);
  });
  return values;
}

/** The graph behind a model: a Sequential keeps it inside. */
function graphOf(model: KerasModel): KerasModel {
  const sequential = model.getClassName() === 'Sequential';
  // as its own predict would: a Sequential puts its graph together when first used
  if (sequential && (model.model === undefined || model.model === null) && model.inputs?.length > 0)
    model.build?.();
  const graph = sequential ? model.model : model;
  if (graph?.nodesByDepth === undefined) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `the model '${model.name}' is not built: it must know its input shape. Call model.build() or give its first layer an inputShape`,
    );
  }
  return graph;
}

/** A layer that is itself a graph of layers, and runs as one: a subclass with its own call does not. */
function nestedModel(layer: KerasLayer): KerasModel | undefined {
  const kind = layer.getClassName();
  if (!['Model', 'Functional', 'LayersModel', 'Sequential'].includes(kind)) return undefined;
  return graphOf(layer as KerasModel);
}

function dtypeOf({ dtype }: SymbolicTensor): 'float32' | 'int32' | 'bool' {
  return dtype === 'int32' || dtype === 'bool' ? dtype : 'float32';
}
