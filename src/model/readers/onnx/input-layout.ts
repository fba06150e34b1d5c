/** Which axis of an input holds the channels: its first convolution or pool tells, else its sizes. */
import type { OnnxGraph, OnnxValueInfo } from '../../files/onnx.js';

/** Operators for which axis 1 is the channels. */
const CHANNELS_FIRST = new Set([
  'Conv',
  'FusedConv',
  'ConvInteger',
  'QLinearConv',
  'ConvTranspose',
  'MaxPool',
  'AveragePool',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'BatchNormalization',
  'InstanceNormalization',
  'GroupNormalization',
  'LRN',
  'DepthToSpace',
  'SpaceToDepth',
]);
/** Operators that leave the axes where they are. */
const IN_PLACE = new Set([
  'Identity',
  'Cast',
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Clip',
  'Neg',
  'Pad',
  'Resize',
  'Upsample',
  'Slice',
  'Concat',
  'Dropout',
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
]);

export type ChannelAxis = 'first' | 'last' | undefined;

export function channelAxis(graph: OnnxGraph, input: OnnxValueInfo): ChannelAxis {
  const rank = input.shape?.length ?? 0;
  if (rank < 3 || rank > 5) return undefined;
  // which of the input's axes each tensor has where
  const axes = new Map([[input.name, Array.from({ length: rank }, (_, i) => i)]]);
  for (const node of graph.nodes) {
    const own = node.inputs.map((name) => axes.get(name)).find((known) => known !== undefined);
    if (own === undefined) continue;
    if (CHANNELS_FIRST.has(node.op)) {
      if (own[1] === 1) return 'first';
      return own[1] === rank - 1 ? 'last' : undefined;
    }
    const perm = node.attributes.get('perm')?.ints?.map(Number);
    if (node.op === 'Transpose' && perm?.length === rank) {
      axes.set(
        node.outputs[0],
        perm.map((axis) => own[axis]),
      );
    } else if (IN_PLACE.has(node.op)) axes.set(node.outputs[0], own);
  }
  if (rank !== 4) return undefined;
  const isColour = (size: number | string | null | undefined): boolean =>
    typeof size === 'number' && [1, 3, 4].includes(size);
  return isColour(input.shape?.[3]) && !isColour(input.shape?.[1]) ? 'last' : 'first';
}
