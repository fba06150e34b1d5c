/**
 * Weights of a converted `.keras` file are named by class and order
 * (`layers/conv2d_1/vars/0`: the second Conv2D), which looks like the name of a
 * layer and often is that of another one. Here such names become names of layers.
 */
import { isNetwork, networkOf, type LayerConfig } from './config.js';
import { placesOf } from './weights.js';

const ROOTS = ['layers', '_layer_checkpoint_dependencies'];

/** True for names that count by class and order. */
export const isByPlace = (name: string): boolean =>
  new RegExp(`^(${ROOTS.join('|')})/.*vars/\\d+$`).test(name);

/**
 * The same name with layers in place of places: `conv2d_2/vars/0`. A name that
 * leads to no layer stays as it is.
 */
export function byLayerName(name: string, layers: readonly LayerConfig[], file: string): string {
  const [root, place, ...rest] = name.split('/');
  if (!ROOTS.includes(root)) return name;
  const places = placesOf(layers);
  const layer = layers.find((one) => places.get(one.name) === place);
  if (layer === undefined) return name;
  if (!isNetwork(layer)) return [layer.name, ...rest].join('/');
  const inner = networkOf({ class_name: layer.className, config: layer.config }, file);
  return `${layer.name}/${byLayerName(rest.join('/'), inner.layers, file)}`;
}
