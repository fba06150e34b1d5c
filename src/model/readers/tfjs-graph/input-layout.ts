/** Where the channels of an input are: as the first operation that slides a window has it. */
import { Attributes } from './attributes.js';
import type { GraphNode, Source } from './graph-def.js';
import { inlineConstant, type GraphWeights } from './weights.js';

const SLIDING =
  /^_?(Fused)?(Conv|DepthwiseConv2d|MaxPool|AvgPool|BatchNorm|BiasAdd|SpaceToDepth|DepthToSpace)/;
const IN_PLACE = new Set([
  ...['Identity', 'IdentityN', 'Cast', 'Add', 'AddV2', 'Sub', 'Mul', 'RealDiv', 'Div', 'Neg'],
  ...['ClipByValue', 'Pad', 'PadV2', 'MirrorPad', 'ResizeBilinear', 'ResizeNearestNeighbor'],
  ...['Slice', 'StridedSlice', 'ConcatV2', 'ReverseV2', 'Maximum', 'Minimum'],
]);

/** TensorFlow has channels last unless it is told otherwise. `nodes` in execution order. */
export function channelAxis(
  nodes: readonly GraphNode[],
  weights: GraphWeights,
  input: Source,
  rank: number,
): 'first' | 'last' | undefined {
  if (rank < 3 || rank > 5) return undefined;
  // which of the input's axes each node has where
  const axes = new Map([[input.node, Array.from({ length: rank }, (_, i) => i)]]);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const node of nodes) {
    const own = node.inputs.map((source) => axes.get(source.node)).find((one) => one !== undefined);
    if (own === undefined || node.name === input.node) continue;
    if (SLIDING.test(node.op)) {
      const first = /^NC/.test(new Attributes(node).choice('data_format', 'NHWC'));
      const channel = own[first ? 1 : rank - 1];
      return channel === 1 ? 'first' : channel === rank - 1 ? 'last' : undefined;
    }
    if (node.op === 'Transpose' && node.inputs.length > 1) {
      const told = byName.get(node.inputs[1].node);
      const perm =
        told === undefined ? undefined : (weights.get(told.name) ?? inlineConstant(told));
      const order = perm === undefined ? [] : Array.from(perm.weight.data);
      if (order.length === rank)
        axes.set(
          node.name,
          order.map((axis) => own[axis]),
        );
    } else if (IN_PLACE.has(node.op)) axes.set(node.name, own);
  }
  return 'last';
}
