import { color, cubehelix } from 'd3-color';
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import { STEPS } from './colour-steps.js';
import { STOPS } from './colour-stops.js';

/**
 * Red, green and blue 0 to 255, or all of them 0 to 1: if no colour of a map has a number above 1,
 * its numbers are taken as 0 to 1. Alpha 0 to 1, 1 if left out. As in CSS `rgb()`.
 */
export type Colour = readonly [red: number, green: number, blue: number, alpha?: number];

/** From 0…1 to a CSS colour or to numbers. Sampled at 256 places, so it need not be fast. */
export type ColormapFunction = (value: number) => string | Colour;

/** A name (see `colormapNames`; with `_r` reversed) or a function. */
export type Colormap = string | ColormapFunction;

/** Colours kept of a map, as matplotlib keeps. */
export const COLORMAP_SIZE = 256;

const SEQUENTIAL: Readonly<Record<string, ColormapFunction>> = {
  viridis: stepped(...STEPS.viridis),
  plasma: stepped(...STEPS.plasma),
  inferno: stepped(...STEPS.inferno),
  magma: stepped(...STEPS.magma),
  cividis,
  turbo,
  warm: helix([-100, 0.75, 0.35], [80, 1.5, 0.8]),
  cool: helix([260, 0.75, 0.35], [80, 1.5, 0.8]),
  cubehelix: helix([300, 0.5, 0], [-240, 0.5, 1]),
  Blues: spline(STOPS.Blues),
  Greens: spline(STOPS.Greens),
  Greys: spline(STOPS.Greys),
  Oranges: spline(STOPS.Oranges),
  Purples: spline(STOPS.Purples),
  Reds: spline(STOPS.Reds),
  BuGn: spline(STOPS.BuGn),
  BuPu: spline(STOPS.BuPu),
  GnBu: spline(STOPS.GnBu),
  OrRd: spline(STOPS.OrRd),
  PuBu: spline(STOPS.PuBu),
  PuBuGn: spline(STOPS.PuBuGn),
  PuRd: spline(STOPS.PuRd),
  RdPu: spline(STOPS.RdPu),
  YlGn: spline(STOPS.YlGn),
  YlGnBu: spline(STOPS.YlGnBu),
  YlOrBr: spline(STOPS.YlOrBr),
  YlOrRd: spline(STOPS.YlOrRd),
};

const DIVERGING: Readonly<Record<string, ColormapFunction>> = {
  BrBG: spline(STOPS.BrBG),
  PRGn: spline(STOPS.PRGn),
  PiYG: spline(STOPS.PiYG),
  PuOr: spline(STOPS.PuOr),
  RdBu: spline(STOPS.RdBu),
  RdGy: spline(STOPS.RdGy),
  RdYlBu: spline(STOPS.RdYlBu),
  RdYlGn: spline(STOPS.RdYlGn),
  Spectral: spline(STOPS.Spectral),
};

const CYCLICAL: Readonly<Record<string, ColormapFunction>> = {
  rainbow,
  sinebow,
};

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
 * @throws WhylensError `UNKNOWN_COLORMAP`, also where a function returns no colour
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

/** Where in a table a value lies: 256 equal steps, values outside 0…1 at the ends. */
export function colourIndex(value: number): number {
  return value >= 1 ? 255 : value > 0 ? (value * COLORMAP_SIZE) | 0 : 0;
}

/** True for what can be passed as `colormap`; a function is believed. */
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
  // as matplotlib and most shaders give them: in 0 to 255 such a map would be black all over
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

/** See `STEPS`. */
function stepped(first: readonly number[], steps: string): ColormapFunction {
  const last = COLORMAP_SIZE - 1;
  const zero = 'P'.charCodeAt(0);
  return (value) => {
    const end = Math.round(value * last);
    const [red, green, blue] = first.map((start, channel) => {
      let sum = start;
      for (let i = 0; i < end; i++) sum += steps.charCodeAt(channel * last + i) - zero;
      return sum;
    });
    return [red, green, blue];
  };
}

/** A uniform cubic B-spline through the first and last colour, led by those between, as d3 has it. */
function spline(hex: string): ColormapFunction {
  const channel = (offset: number) =>
    Array.from({ length: hex.length / 6 }, (_, i) =>
      parseInt(hex.slice(i * 6 + offset, i * 6 + offset + 2), 16),
    );
  return (t) => bytes(...([0, 2, 4].map((offset) => splineAt(channel(offset), t)) as Three));
}

function splineAt(stops: readonly number[], t: number): number {
  const n = stops.length - 1;
  const i = Math.min(Math.floor(t * n), n - 1);
  const [b, c] = [stops[i], stops[i + 1]];
  const a = i > 0 ? stops[i - 1] : 2 * b - c;
  const d = i < n - 1 ? stops[i + 2] : 2 * c - b;
  const u = (t - i / n) * n;
  const [u2, u3] = [u * u, u * u * u];
  return (
    ((1 - 3 * u + 3 * u2 - u3) * a +
      (4 - 6 * u2 + 3 * u3) * b +
      (1 + 3 * u + 3 * u2 - 3 * u3) * c +
      u3 * d) /
    6
  );
}

/** A line in Dave Green's cubehelix: hue in degrees, saturation, lightness. */
function helix(from: Three, to: Three): ColormapFunction {
  return (t) => {
    const [h, s, l] = from.map((start, i) => start + t * (to[i] - start));
    return cubehelix(h, s, l).formatRgb();
  };
}

function rainbow(t: number): string {
  const off = Math.abs(t - 0.5);
  return cubehelix(360 * t - 100, 1.5 - 1.5 * off, 0.8 - 0.9 * off).formatRgb();
}

function sinebow(t: number): Colour {
  const wave = (shift: number) => 255 * Math.sin((0.5 - t) * Math.PI + shift) ** 2;
  return bytes(wave(0), wave(Math.PI / 3), wave((Math.PI * 2) / 3));
}

/** By Nuñez, Anderton and Renslow; the polynomials are d3's. */
function cividis(t: number): Colour {
  return bytes(
    -4.54 - t * (35.34 - t * (2381.73 - t * (6402.7 - t * (7024.72 - t * 2710.57)))),
    32.49 + t * (170.73 + t * (52.82 - t * (131.46 - t * (176.58 - t * 67.37)))),
    81.24 + t * (442.36 - t * (2482.43 - t * (6167.24 - t * (6614.94 - t * 2475.67)))),
  );
}

/** By Anton Mikhailov; the polynomials are d3's. */
function turbo(t: number): Colour {
  return bytes(
    34.61 + t * (1172.33 - t * (10793.56 - t * (33300.12 - t * (38394.49 - t * 14825.05)))),
    23.31 + t * (557.33 + t * (1225.33 - t * (3574.96 - t * (1073.77 + t * 707.56)))),
    27.2 + t * (3211.1 - t * (15327.97 - t * (27814 - t * (22569.18 - t * 6838.66)))),
  );
}

type Three = [number, number, number];

function bytes(...channels: Three): Colour {
  const [red, green, blue] = channels.map((value) => Math.round(Math.max(0, Math.min(255, value))));
  return [red, green, blue];
}

/** MATLAB's and matplotlib's: three ramps a channel; truncated to 8 bits as matplotlib's colours are. */
function jet(t: number): Colour {
  return [
    ramp(t, [0, 0.35, 0.66, 0.89, 1], [0, 0, 1, 1, 0.5]),
    ramp(t, [0, 0.125, 0.375, 0.64, 0.91, 1], [0, 0, 1, 1, 0, 0]),
    ramp(t, [0, 0.11, 0.34, 0.65, 1], [0.5, 1, 1, 0, 0]),
  ];
}

function ramp(t: number, stops: readonly number[], values: readonly number[]): number {
  // in steps of matplotlib's table and in its order of operations: truncation sees the last bit
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
