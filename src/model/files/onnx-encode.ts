/** Messages to ONNX bytes: pieces of which the tensors' data are the caller's own arrays. */
import type {
  OnnxAttribute,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from './onnx.js';
import { MessageWriter } from './protobuf.js';

/** A model as pieces in order; `joined` makes one array of them. */
export function encodeOnnx(model: OnnxModel): Uint8Array[] {
  const out = new MessageWriter();
  out.int(1, model.irVersion);
  if (model.producer !== '') out.text(2, model.producer);
  out.message(7, (inner) => writeGraph(inner, model.graph));
  writeOpsets(out, 8, model.opsets);
  writeEntries(out, 14, model.metadata);
  for (const fn of model.functions) out.message(25, (inner) => writeFunction(inner, fn));
  return out.pieces();
}

function writeGraph(out: MessageWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) out.message(1, (inner) => writeNode(inner, node));
  if (graph.name !== '') out.text(2, graph.name);
  for (const tensor of graph.initializers) out.message(5, (inner) => writeTensor(inner, tensor));
  for (const input of graph.inputs) out.message(11, (inner) => writeValueInfo(inner, input));
  for (const output of graph.outputs) out.message(12, (inner) => writeValueInfo(inner, output));
}

function writeNode(out: MessageWriter, node: OnnxNode): void {
  for (const name of node.inputs) out.text(1, name);
  for (const name of node.outputs) out.text(2, name);
  if (node.name !== '') out.text(3, node.name);
  out.text(4, node.op);
  for (const attribute of node.attributes.values()) {
    out.message(5, (inner) => writeAttribute(inner, attribute));
  }
  if (node.domain !== '') out.text(7, node.domain);
  if (node.overload !== '') out.text(8, node.overload);
  writeEntries(out, 9, node.metadata);
}

function writeAttribute(out: MessageWriter, attribute: OnnxAttribute): void {
  const { f, i, s, t, g, floats, ints, strings, tensors, graphs, reference } = attribute;
  out.text(1, attribute.name);
  if (f !== undefined) out.float(2, f);
  if (i !== undefined) out.int(3, i);
  if (s !== undefined) out.bytes(4, s);
  if (t !== undefined) out.message(5, (inner) => writeTensor(inner, t));
  if (g !== undefined) out.message(6, (inner) => writeGraph(inner, g));
  // proto2 keeps lists unpacked
  floats?.forEach((value) => out.float(7, value));
  ints?.forEach((value) => out.int(8, value));
  strings?.forEach((value) => out.bytes(9, value));
  tensors?.forEach((tensor) => out.message(10, (inner) => writeTensor(inner, tensor)));
  graphs?.forEach((graph) => out.message(11, (inner) => writeGraph(inner, graph)));
  if (attribute.type !== 0) out.int(20, attribute.type);
  if (reference !== undefined) out.text(21, reference);
}

function writeTensor(out: MessageWriter, tensor: OnnxTensor): void {
  for (const size of tensor.dims) out.int(1, size);
  out.int(2, tensor.type);
  out.floats(4, tensor.floats ?? []);
  out.ints(5, tensor.int32s ?? []);
  tensor.strings?.forEach((value) => out.bytes(6, value));
  out.ints(7, tensor.int64s ?? []);
  if (tensor.name !== '') out.text(8, tensor.name);
  if (tensor.raw !== undefined) out.bytes(9, tensor.raw);
  out.doubles(10, tensor.doubles ?? []);
  out.ints(11, tensor.uint64s ?? []);
  const { external } = tensor;
  if (external === undefined) return;
  const entries = new Map([['location', external.location]]);
  if (external.offset > 0) entries.set('offset', String(external.offset));
  if (external.length !== undefined) entries.set('length', String(external.length));
  writeEntries(out, 13, entries);
  out.int(14, 1);
}

function writeValueInfo(out: MessageWriter, { name, type, shape }: OnnxValueInfo): void {
  out.text(1, name);
  // an output needs only a name: the engine finds its type
  if (type === 0) return;
  out.message(2, (outer) =>
    outer.message(1, (tensor) => {
      tensor.int(1, type);
      if (shape === undefined) return;
      tensor.message(2, (dims) => {
        for (const size of shape) {
          dims.message(1, (dim) => {
            if (typeof size === 'number') dim.int(1, size);
            else if (size !== null) dim.text(2, size);
          });
        }
      });
    }),
  );
}

function writeFunction(out: MessageWriter, fn: OnnxFunction): void {
  out.text(1, fn.name);
  for (const name of fn.inputs) out.text(4, name);
  for (const name of fn.outputs) out.text(5, name);
  for (const node of fn.nodes) out.message(7, (inner) => writeNode(inner, node));
  writeOpsets(out, 9, fn.opsets);
  out.text(10, fn.domain);
  for (const attribute of fn.defaults.values()) {
    out.message(11, (inner) => writeAttribute(inner, attribute));
  }
  if (fn.overload !== '') out.text(13, fn.overload);
}

function writeOpsets(out: MessageWriter, field: number, opsets: ReadonlyMap<string, number>): void {
  for (const [domain, version] of opsets) {
    out.message(field, (inner) => inner.text(1, domain).int(2, version));
  }
}

function writeEntries(
  out: MessageWriter,
  field: number,
  entries: ReadonlyMap<string, string>,
): void {
  for (const [key, value] of entries) {
    out.message(field, (inner) => inner.text(1, key).text(2, value));
  }
}
