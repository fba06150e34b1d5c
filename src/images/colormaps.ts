import { color } from 'd3-color';
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import { COLORMAP_SIZE, type Colormap, type ColormapFunction, type Colour } from './colormap.js';
import { CYCLICAL, DIVERGING, SEQUENTIAL } from './named-colormaps.js';

export {
  COLORMAP_SIZE,
  colourIndex,
  type Colormap,
  type ColormapFunction,
  type Colour,
} from './colormap.js';

const PLAIN: Readonly<Record<string, ColormapFunction>> = {
  jet,
  gray: (t) => [t * 255, t * 255, t * 255],
};

const NAMED: Readonly<Record<string, ColormapFunction>> = {
  ...SEQUENTIAL,
  ...DIVERGING,
  ...CYCLICAL,
  ...PLAIN,
};

/** Every name, in groups; each is there with `_r` behind it too, reversed. */
export const COLORMAPS = {
  sequential: Object.keys(SEQUENTIAL),
  diverging: Object.keys(DIVERGING),
  cyclical: Object.keys(CYCLICAL),
  plain: Object.keys(PLAIN),
} as const;

/** Names that `colormapTable` knows, without the reversed ones. */
export function colormapNames(): string[] {
  return Object.keys(NAMED);
}

const tables = new Map<string, Uint8ClampedArray>();

/**
 * A colormap as a table of 256 colours, RGBA, 8 bits each. Value v of 0…1
 * has colour `colourIndex(v)`. Names are looked up without regard to case.
 *
 * @throws WhylensError `UNKNOWN_COLORMAP`, also if a function returns no colour
 * @example colormapTable('RdBu_r'); colormapTable((t) => `hsl(${240 - 240 * t} 80% 50%)`)
 */
export function colormapTable(colormap: Colormap): Uint8ClampedArray {
  if (typeof colormap === 'function') return sample(colormap, false);
  const name = String(colormap).toLowerCase();
  let table = tables.get(name);
  if (table === undefined) {
    const reversed = name.endsWith('_r');
    const plain = reversed ? name.slice(0, -2) : name;
    const known = colormapNames().find((candidate) => candidate.toLowerCase() === plain);
    if (known === undefined) throw unknownColormap(colormap);
    tables.set(name, (table = sample(NAMED[known], reversed)));
  }
  return table;
}

/** True for what can be passed as `colormap`; a function is not tried. */
export function isColormap(value: unknown): value is Colormap {
  if (typeof value === 'string') colormapTable(value);
  return typeof value === 'string' || typeof value === 'function';
}

function sample(colormap: ColormapFunction, reversed: boolean): Uint8ClampedArray {
  const last = COLORMAP_SIZE - 1;
  const table = new Uint8ClampedArray(COLORMAP_SIZE * 4);
  const colours = Array.from({ length: COLORMAP_SIZE }, (_, i) => {
    const value = (reversed ? last - i : i) / last;
    const colour = colormap(value);
    return { colour, numbers: parse(colour, value) };
  });
  // numbers of 0 to 1, as matplotlib and most shaders give them: read as 0 to 255 the map would be black
  const ofOne = colours.every(({ colour, numbers }) =>
    typeof colour === 'string' ? true : numbers.slice(0, 3).every((number) => number <= 1),
  );
  colours.forEach(({ colour, numbers }, i) => {
    const scale = ofOne && typeof colour !== 'string' ? 255 : 1;
    table.set([...numbers.slice(0, 3).map((number) => number * scale), numbers[3]], i * 4);
  });
  return table;
}

function parse(colour: string | Colour, value: number): number[] {
  if (typeof colour === 'string') {
    const parsed = color(colour)?.rgb();
    const numbers = parsed && [parsed.r, parsed.g, parsed.b, parsed.opacity * 255];
    if (numbers?.every(Number.isFinite) === true) {
      return numbers;
    }
  } else if (Array.isArray(colour) && (colour.length === 3 || colour.length === 4)) {
    const [red, green, blue, alpha = 1] = colour as Colour;
    const numbers = [red, green, blue, alpha * 255];
    if (numbers.every((number) => number >= 0 && number <= 255)) return numbers;
  }
  throw new WhylensError(
    'UNKNOWN_COLORMAP',
    `a colormap function must return a CSS colour (hex, name, rgb() or hsl()) or [red, green, blue] of 0 to 255 or of 0 to 1, optionally with alpha of 0 to 1; for ${value} it returned ${JSON.stringify(colour)}`,
  );
}

function unknownColormap(name: string): WhylensError {
  const allowed = colormapNames();
  return new WhylensError(
    'UNKNOWN_COLORMAP',
    `unknown colormap ${JSON.stringify(name)}${didYouMean(name, allowed)} Allowed: ${allowed.join(', ')}, each also reversed with _r behind it, or a function`,
    { facts: { colormap: name, allowed } },
  );
}

/** The colours of a d3 table cut to 8 bits, as matplotlib's are, and not rounded. */
/** MATLAB's and matplotlib's: three ramps for each channel; truncated to 8 bits as matplotlib's colours are. */
function jet(t: number): Colour {
  return [
    ramp(t, [0, 0.35, 0.66, 0.89, 1], [0, 0, 1, 1, 0.5]),
    ramp(t, [0, 0.125, 0.375, 0.64, 0.91, 1], [0, 0, 1, 1, 0, 0]),
    ramp(t, [0, 0.11, 0.34, 0.65, 1], [0.5, 1, 1, 0, 0]),
  ];
}

function ramp(t: number, stops: readonly number[], values: readonly number[]): number {
  // in steps of matplotlib's table and in its order of operations: truncation depends on the last bit
  const last = COLORMAP_SIZE - 1;
  const at = Math.round(t * last) * (1 / last) * last;
  const i = Math.max(
    stops.findIndex((stop) => at <= stop * last),
    1,
  );
  const [low, high] = [stops[i - 1] * last, stops[i] * last];
  const share = (at - low) / (high - low);
  return Math.trunc((share * (values[i] - values[i - 1]) + values[i - 1]) * 255);
}
