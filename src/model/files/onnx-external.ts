/** Weights that an ONNX file keeps in files beside it. */
import { WhylensError } from '../../errors.js';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxTensor } from './onnx.js';

/** The names of the files that a model needs beside its own. */
export function externalFiles(model: OnnxModel): string[] {
  const names = new Set<string>();
  for (const tensor of tensorsOf(model)) {
    if (tensor.external !== undefined) names.add(requireInside(tensor.external.location, tensor));
  }
  return [...names];
}

/** The bytes of a tensor in the files read. */
export function externalBytes(
  tensor: OnnxTensor,
  files: ReadonlyMap<string, Uint8Array>,
): Uint8Array | undefined {
  const { external } = tensor;
  if (external === undefined) return tensor.raw;
  const file = files.get(external.location);
  if (file === undefined) {
    throw new WhylensError(
      'MODEL_LOAD',
      `weight file '${external.location}' of tensor '${tensor.name}' is missing. Put it beside the model file`,
      { facts: { file: external.location } },
    );
  }
  const length = external.length ?? file.length - external.offset;
  if (length < 0 || external.offset + length > file.length) {
    throw new WhylensError(
      'MODEL_LOAD',
      `tensor '${tensor.name}' needs bytes ${external.offset} to ${external.offset + length} of '${external.location}', which has ${file.length}: it is incomplete, or of another model. Copy both files again`,
      { facts: { file: external.location } },
    );
  }
  return file.subarray(external.offset, external.offset + length);
}

/** A file may name files in its own folder or below, no others. */
function requireInside(location: string, tensor: OnnxTensor): string {
  const parts = location.split(/[\\/]/);
  const outside =
    parts.includes('..') ||
    parts[0] === '' ||
    /^[a-z][a-z0-9+.-]*:/i.test(location) ||
    location.includes('\0');
  if (outside) {
    throw new WhylensError(
      'MODEL_LOAD',
      `tensor '${tensor.name}' names the file '${location}', which lies outside the model's folder; whylens does not read it. Put the weights beside the model and name them relative to it`,
      { facts: { file: location } },
    );
  }
  return location;
}

function* tensorsOf(model: OnnxModel): Generator<OnnxTensor> {
  yield* inGraph(model.graph);
  for (const fn of model.functions) {
    for (const node of fn.nodes) for (const a of node.attributes.values()) yield* inAttribute(a);
  }
}

function* inGraph(graph: OnnxGraph): Generator<OnnxTensor> {
  yield* graph.initializers;
  for (const node of graph.nodes) for (const a of node.attributes.values()) yield* inAttribute(a);
}

function* inAttribute(attribute: OnnxAttribute): Generator<OnnxTensor> {
  if (attribute.t !== undefined) yield attribute.t;
  yield* attribute.tensors ?? [];
  if (attribute.g !== undefined) yield* inGraph(attribute.g);
  for (const graph of attribute.graphs ?? []) yield* inGraph(graph);
}
