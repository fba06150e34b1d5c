/** Maps drawn with characters: half blocks over the picture with colour, shades without colour, or plain ASCII. */
import type { Heatmap, Picture } from '../../src/explanation.js';
import { sizeOf } from '../../src/maths/ndarray.js';
import { resizeMap } from '../../src/maths/resize.js';
import { displayMaximum, percentileFor, type Percentile } from '../display/full-strength.js';
import { shareOf } from '../display/scale.js';
import { SIGN_INK, tint, type Rgb } from '../display/tint.js';
import { plain } from '../shared/numbers.js';
import { wrap } from './layout.js';
import type { Style } from './style.js';

/** Widest drawing, in columns, with and without the picture. */
const WIDEST = { picture: 64, glyphs: 40 };
const TALLEST = 48;
/** From weak to strong; below the first step nothing is drawn. */
const GLYPHS = {
  ascii: { for: ['.', ':', '*', '#', '@'], against: ['-', '~', '='] },
  blocks: { for: ['░', '▒', '▓', '█'], against: ['╌', '─', '═'] },
};
/** Part of the largest absolute value below which a cell stays blank. */
const BLANK = 0.1;

/**
 * The map in a frame with its legend. In 256 colours or more a character
 * shows two pixels of the picture, tinted red where the map is positive and blue where it is
 * negative; with fewer colours the darkness of a character is the value.
 */
export function drawMap(
  map: Heatmap,
  picture: Picture | undefined,
  style: Style,
  percentile: Percentile = 'auto',
): string[] {
  const [rows, columns] = map.shape;
  const over =
    picture !== undefined && style.blocks && (style.color === '256' || style.color === 'truecolor');
  const [height, width] = picture === undefined ? [rows, columns] : [picture.height, picture.width];
  const widest = Math.min(style.width - 2, over ? WIDEST.picture : WIDEST.glyphs);
  // a character is about twice as high as wide
  let across = Math.max(1, widest);
  let down = Math.max(1, Math.round((across * height) / width / 2));
  if (down > TALLEST) {
    across = Math.max(1, Math.round((across * TALLEST) / down));
    down = TALLEST;
  }
  const drawn = fit(map, over ? 2 * down : down, across);
  const largest = fullStrength(map, drawn, percentile);
  const lines =
    over && picture !== undefined
      ? halfBlocks(drawn, picture, largest, style)
      : shades(drawn, largest, style);
  return [...frame(lines, across, style), ...wrap(legend(map, largest, over, style), style.width)];
}

/** One line of glyphs for a row of values; `largest` is full strength. */
export function shadeRow(values: ArrayLike<number>, largest: number, style: Style): string {
  return Array.from(values, (value) => shade(value, largest, style)).join('');
}

/**
 * The absolute value that is drawn at full strength: of a coarse map the largest, of a fine one a
 * percentile of what is drawn, since a character is the mean of many cells, in which single strong
 * ones are lost.
 */
export function fullStrength(map: Heatmap, drawn: Heatmap, percentile: Percentile): number {
  const share = percentileFor([map], percentile);
  return displayMaximum(share === 100 ? map : drawn, 'absolute', share);
}

/** A map at another size: the mean of the covered cells if it shrinks, bilinear if it grows. */
export function fit(map: Heatmap, ...size: readonly number[]): Heatmap {
  let { data } = map;
  const shape = [...map.shape];
  size.forEach((wanted, axis) => {
    const from = shape[axis];
    if (wanted >= from) return;
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const smaller = new Float32Array(outer * wanted * inner);
    for (let i = 0; i < wanted; i++) {
      const low = Math.floor((i * from) / wanted);
      const high = Math.ceil(((i + 1) * from) / wanted);
      for (let o = 0; o < outer; o++) {
        for (let j = 0; j < inner; j++) {
          let sum = 0;
          for (let k = low; k < high; k++) sum += data[(o * from + k) * inner + j];
          smaller[(o * wanted + i) * inner + j] = sum / (high - low);
        }
      }
    }
    data = smaller;
    shape[axis] = wanted;
  });
  return resizeMap({ shape, data }, size);
}

function halfBlocks(map: Heatmap, picture: Picture, largest: number, style: Style): string[] {
  const [rows, columns] = map.shape;
  const planes = channelsOf(picture).map((plane) => fit(plane, rows, columns).data);
  const pixel = (y: number, x: number): Rgb => {
    const at = y * columns + x;
    const ground: Rgb = [planes[0][at], planes[1][at], planes[2][at]];
    return tint(ground, shareOf(map.data[at], largest));
  };
  return Array.from({ length: rows / 2 }, (_, line) =>
    Array.from({ length: columns }, (_cell, x) =>
      style.cell('▀', pixel(2 * line, x), pixel(2 * line + 1, x)),
    ).join(''),
  );
}

function shades(map: Heatmap, largest: number, style: Style): string[] {
  const [rows, columns] = map.shape;
  return Array.from({ length: rows }, (_, y) =>
    shadeRow(map.data.subarray(y * columns, (y + 1) * columns), largest, style),
  );
}

function shade(value: number, largest: number, style: Style): string {
  const share = Math.abs(shareOf(value, largest));
  if (share < BLANK) return ' ';
  const sign = value > 0 ? 'for' : 'against';
  const glyphs = GLYPHS[style.blocks ? 'blocks' : 'ascii'][sign];
  const step = Math.floor(((share - BLANK) / (1 - BLANK)) * glyphs.length);
  const glyph = glyphs[Math.min(step, glyphs.length - 1)];
  return style.color === 'none' ? glyph : style.cell(glyph, SIGN_INK[sign], undefined);
}

function frame(lines: readonly string[], width: number, style: Style): string[] {
  const [corner, line, side] = style.blocks ? ['┌┐└┘', '─', '│'] : ['++++', '-', '|'];
  return [
    corner[0] + line.repeat(width) + corner[1],
    ...lines.map((text) => side + text + side),
    corner[2] + line.repeat(width) + corner[3],
  ];
}

function legend(map: Heatmap, largest: number, over: boolean, style: Style): string {
  if (largest === 0) return 'every value of the map is 0';
  const some = (sign: 1 | -1): boolean => map.data.some((value) => value * sign > largest * BLANK);
  const glyphs = GLYPHS[style.blocks ? 'blocks' : 'ascii'];
  const full = `full strength is ${plain(largest)}`;
  if (over) return some(-1) ? `red for, blue against; ${full}` : `red for; ${full}`;
  const parts = [
    ...(some(1) ? [`${glyphs.for.join('')} for`] : []),
    ...(some(-1) ? [`${glyphs.against.join('')} against`] : []),
  ];
  return `${parts.join(', ')}; ${full}`;
}

/** Red, green and blue as maps; transparent parts lie on white. */
function channelsOf({ width, height, mode, data }: Picture): Heatmap[] {
  const step = mode === 'L' ? 1 : mode === 'RGB' ? 3 : 4;
  return [0, 1, 2].map((channel) => {
    const plane = new Float32Array(width * height);
    for (let i = 0; i < plane.length; i++) {
      const value = data[i * step + (mode === 'L' ? 0 : channel)];
      const alpha = mode === 'RGBA' ? data[i * step + 3] / 255 : 1;
      plane[i] = value * alpha + 255 * (1 - alpha);
    }
    return { shape: [height, width], data: plane };
  });
}
