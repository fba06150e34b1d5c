import type { ModelGraph } from './model-graph.js';

/** The first of two readings of one model at different sizes: sizes that differ between them are open. */
export function openSizes(first: ModelGraph, second: ModelGraph): ModelGraph {
  const open = (own: readonly number[], other: readonly number[] = []) => {
    const shape = own.map((n, axis) => (other[axis] === n ? n : null));
    return shape.includes(null) ? { shape } : {};
  };
  return {
    ...first,
    outputs: first.outputs.map((output, i) => ({
      ...output,
      ...open(output.value.shape, second.outputs[i]?.value.shape),
    })),
    layers: new Map(
      [...first.layers].map(([path, layer]) => [
        path,
        { ...layer, ...open(layer.value.shape, second.layers.get(path)?.value.shape) },
      ]),
    ),
  };
}
