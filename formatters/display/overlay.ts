/** A map as a coloured picture of its own size, to be enlarged and laid over the document. */
import { WhylensError } from '../../src/errors.js';
import type { Heatmap, Picture } from '../../src/explanation.js';
import {
  COLORMAP_SIZE,
  colormapTable,
  colourIndex,
  type Colormap,
} from '../../src/images/colormaps.js';
import { sizeOf } from '../../src/maths/ndarray.js';
import type { ShownFilter } from './filters.js';
import { heatBetween, type Heat } from './heat.js';
import { extentOfMaps, type Extent } from './scale.js';

export interface OverlayOptions {
  readonly colormap: Colormap;
  readonly filter: ShownFilter;
  /** Opacity is the value's share of the maximum, at most this. */
  readonly alphaLimit: number;
  /** One opacity everywhere, instead. */
  readonly opacity?: number;
  /** What counts as full: the map's own extent unless several maps share one. */
  readonly extent?: Extent;
}

/** Refuses maps that are not of this rank, or whose values do not fill their shape. */
export function checkMap({ shape, data }: Heatmap, rank: 1 | 2 | 3): void {
  const size = sizeOf(shape);
  if (shape.length === rank && size === data.length && size > 0) return;
  throw new WhylensError(
    'INVALID_EXPLANATION',
    `a map must have ${['', 'a length', 'height and width', 'depth, height and width'][rank]} and as many values as they say, got shape [${shape.join(', ')}] and ${data.length} values`,
  );
}

/** A map `[h, w]` at its own resolution as an RGBA picture, 8 bits by truncation. */
export function overlayOf(map: Heatmap, options: OverlayOptions): Picture {
  checkMap(map, 2);
  const { colormap, filter, alphaLimit, opacity, extent = extentOfMaps([map]) } = options;
  const heat = heatBetween(map, filter, extent);
  return colourHeat(heat, colormapTable(colormap), alphaLimit, opacity);
}

/**
 * The map at its own size as an RGBA picture: colour by value, opacity by
 * strength capped at `alphaLimit` (or one `opacity` everywhere) and times the
 * colour's own, truncated to 8 bits as ELI5 does.
 *
 * @param heat of shape `[h, w]`
 */
export function colourHeat(
  heat: Heat,
  table: Uint8ClampedArray,
  alphaLimit: number,
  everywhere?: number,
): Picture {
  const [height, width] = heat.shape;
  const { values, strengths } = heat;
  const data = new Uint8ClampedArray(values.length * 4);
  for (let i = 0; i < values.length; i++) {
    const colour = colourIndex(values[i]) * 4;
    const opacity = everywhere ?? Math.min(strengths[i], alphaLimit);
    data[i * 4] = table[colour];
    data[i * 4 + 1] = table[colour + 1];
    data[i * 4 + 2] = table[colour + 2];
    data[i * 4 + 3] = (opacity * table[colour + 3]) | 0;
  }
  return { width, height, mode: 'RGBA', data };
}

/**
 * The map as the Keras tutorial colours it: values cut to 8 bits, colours
 * stretched so that the largest sample is 255 and the smallest 0.
 */
export function colourHeatStretched(heat: Heat, table: Uint8ClampedArray): Picture {
  const [height, width] = heat.shape;
  const data = new Uint8ClampedArray(heat.values.length * 3);
  let low = 255;
  let high = 0;
  for (let i = 0; i < data.length; i++) {
    const index = (heat.values[(i / 3) | 0] * (COLORMAP_SIZE - 1)) | 0;
    const sample = (data[i] = table[index * 4 + (i % 3)]);
    if (sample < low) low = sample;
    if (sample > high) high = sample;
  }
  const span = high - low;
  for (let i = 0; i < data.length; i++) {
    data[i] = span === 0 ? 0 : Math.trunc(((data[i] - low) * 255) / span);
  }
  return { width, height, mode: 'RGB', data };
}

/** A colormap lying on its side, low to the left: 256 pixels wide, one high. */
export function colormapStrip(colormap: Colormap): Picture {
  return { width: 256, height: 1, mode: 'RGBA', data: colormapTable(colormap).slice() };
}
