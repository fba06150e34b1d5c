/** Layers that move, cut, repeat and resize. */
import { WhylensError } from '../../../../errors.js';
import { sizeOf } from '../../../../maths/ndarray.js';
import { pad, reshape, slice, transpose } from '../../../graph/build.js';
import {
  channelsLast,
  flatten as flat,
  padSpace,
  repeat,
  resize,
  tile,
  type ResizeOptions,
} from '../../../graph/composites.js';
import type { Shape } from '../../../graph/primitives.js';
import type { Value } from '../../../graph/value.js';
import { lastly, only, type BuildLayer } from '../layer.js';

export const flatten: BuildLayer = (layer, args) => {
  const x = only(layer, args);
  // channels first are moved last before they are laid flat
  return flat(layer.config.channelsFirst && x.shape.length > 1 ? channelsLast(x) : x);
};

export function reshaped(x: Value, wanted: readonly number[]): Value {
  const size = sizeOf(x.shape);
  const known = wanted.reduce((a, b) => (b === -1 ? a : a * b), 1);
  return reshape(
    x,
    wanted.map((n) => (n === -1 ? size / known : n)),
  );
}

export const reshapeTo: BuildLayer = (layer, args) =>
  reshaped(only(layer, args), layer.config.list('target_shape'));

export const permute: BuildLayer = (layer, args) =>
  transpose(
    only(layer, args),
    layer.config.list('dims').map((axis) => axis - 1),
  );

export const repeatVector: BuildLayer = (layer, args) => {
  const x = only(layer, args);
  return tile(reshape(x, [1, ...x.shape]), [layer.config.number('n'), ...x.shape.map(() => 1)]);
};

export const zeroPadding =
  (rank: number): BuildLayer =>
  (layer, args) =>
    lastly(layer, only(layer, args), (x) => {
      const { low, high } = layer.config.margins('padding', rank, 1);
      return padSpace(x, low, high);
    });

export const cropping =
  (rank: number): BuildLayer =>
  (layer, args) =>
    lastly(layer, only(layer, args), (x) => {
      const { low, high } = layer.config.margins(
        'cropping',
        rank,
        // Keras' own presets differ by rank
        rank === 2 ? 0 : 1,
      );
      return pad(x, [...low.map((n) => -n), 0], [...high.map((n) => -n), 0]);
    });

export const upSampling =
  (rank: number): BuildLayer =>
  (layer, args) =>
    lastly(layer, only(layer, args), (x) => {
      const factors = layer.config.sizes('size', rank, 2);
      const how = layer.config.text('interpolation', 'nearest');
      if (how === 'nearest') return factors.reduce<Value>((y, n, axis) => repeat(y, axis, n), x);
      return resized(
        x,
        factors.map((n, axis) => n * x.shape[axis]),
        how,
        layer.name,
      );
    });

/** As `tf.image.resize` does it: half-pixel centres. */
export function resized(
  x: Value,
  sizes: Shape,
  how: string,
  where: string,
  antialias = false,
): Value {
  const options: Readonly<Record<string, ResizeOptions>> = {
    nearest: { method: 'nearest', nearest: 'roundPreferCeil' },
    bilinear: { method: 'linear', antialias },
    bicubic: { method: 'cubic', cubicCoefficient: -0.5, excludeOutside: true, antialias },
  };
  if (!(how in options)) {
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `layer '${where}' resizes by '${how}'; known are ${Object.keys(options).join(', ')}`,
      { facts: { interpolation: how } },
    );
  }
  return resize(x, sizes, options[how]);
}

export const resizing: BuildLayer = (layer, args) => {
  const { config } = layer;
  const wanted = [config.number('height'), config.number('width')];
  return lastly(layer, only(layer, args), (x) => {
    const how = config.text('interpolation', 'bilinear');
    const antialias = config.flag('antialias', false);
    const [h, w] = x.shape;
    const ratio = wanted[0] / wanted[1];
    if (config.flag('crop_to_aspect_ratio', false)) {
      const size = [Math.min(h, Math.floor(w * ratio)), Math.min(w, Math.floor(h / ratio))];
      const from = [Math.floor((h - size[0]) / 2), Math.floor((w - size[1]) / 2)];
      return resized(cut(x, from, size), wanted, how, layer.name, antialias);
    }
    if (config.flag('pad_to_aspect_ratio', false)) {
      const size = [Math.max(h, Math.floor(w * ratio)), Math.max(w, Math.floor(h / ratio))];
      const low = [Math.floor((size[0] - h) / 2), Math.floor((size[1] - w) / 2)];
      const high = [size[0] - h - low[0], size[1] - w - low[1]];
      const fill = config.has('fill_value') ? config.number('fill_value') : 0;
      return resized(padSpace(x, low, high, undefined, fill), wanted, how, layer.name, antialias);
    }
    return resized(x, wanted, how, layer.name, antialias);
  });
};

/** Cut out of the middle; a picture that is too small is resized and cropped instead, as Keras does. */
export const centerCrop: BuildLayer = (layer, args) => {
  const wanted = [layer.config.number('height'), layer.config.number('width')];
  return lastly(layer, only(layer, args), (x) => {
    const [h, w] = x.shape;
    const from = [Math.floor((h - wanted[0]) / 2), Math.floor((w - wanted[1]) / 2)];
    if (from.every((n) => n >= 0)) return cut(x, from, wanted);
    const ratio = wanted[0] / wanted[1];
    const size = [Math.min(h, Math.floor(w * ratio)), Math.min(w, Math.floor(h / ratio))];
    const corner = [Math.floor((h - size[0]) / 2), Math.floor((w - size[1]) / 2)];
    return resized(cut(x, corner, size), wanted, 'bilinear', layer.name);
  });
};

const cut = (x: Value, from: Shape, size: Shape): Value =>
  slice(x, [...from, 0], [...from.map((n, i) => n + size[i]), x.shape[from.length]]);
