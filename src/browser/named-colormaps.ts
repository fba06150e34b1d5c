/**
 * The same maps as `src/images/named-colormaps.ts` for pages, to the bit and a
 * third as large: d3-scale-chromatic carries every scheme in every length.
 */
import { cubehelix } from 'd3-color';
import { COLORMAP_SIZE, type Colour, type ColormapFunction } from '../images/colormap.js';
import { STEPS } from './colour-steps.js';
import { STOPS } from './colour-stops.js';

export const SEQUENTIAL: Readonly<Record<string, ColormapFunction>> = {
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

export const DIVERGING: Readonly<Record<string, ColormapFunction>> = {
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

export const CYCLICAL: Readonly<Record<string, ColormapFunction>> = {
  rainbow,
  sinebow,
};

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

/** A uniform cubic B-spline through the first and last colour, led by those between, as in d3. */
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
