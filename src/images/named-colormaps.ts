/** The well-known named maps, by group, as in `d3-scale-chromatic`. */
import { rgb } from 'd3-color';
import * as d3 from 'd3-scale-chromatic';
import { colourIndex, type ColormapFunction } from './colormap.js';
import { ROUNDED_UP } from './rounded-up.js';

export const SEQUENTIAL: Readonly<Record<string, ColormapFunction>> = {
  viridis: truncated(d3.interpolateViridis, ROUNDED_UP.viridis),
  plasma: truncated(d3.interpolatePlasma, ROUNDED_UP.plasma),
  inferno: truncated(d3.interpolateInferno, ROUNDED_UP.inferno),
  magma: truncated(d3.interpolateMagma, ROUNDED_UP.magma),
  cividis: d3.interpolateCividis,
  turbo: d3.interpolateTurbo,
  warm: d3.interpolateWarm,
  cool: d3.interpolateCool,
  cubehelix: d3.interpolateCubehelixDefault,
  Blues: d3.interpolateBlues,
  Greens: d3.interpolateGreens,
  Greys: d3.interpolateGreys,
  Oranges: d3.interpolateOranges,
  Purples: d3.interpolatePurples,
  Reds: d3.interpolateReds,
  BuGn: d3.interpolateBuGn,
  BuPu: d3.interpolateBuPu,
  GnBu: d3.interpolateGnBu,
  OrRd: d3.interpolateOrRd,
  PuBu: d3.interpolatePuBu,
  PuBuGn: d3.interpolatePuBuGn,
  PuRd: d3.interpolatePuRd,
  RdPu: d3.interpolateRdPu,
  YlGn: d3.interpolateYlGn,
  YlGnBu: d3.interpolateYlGnBu,
  YlOrBr: d3.interpolateYlOrBr,
  YlOrRd: d3.interpolateYlOrRd,
};

export const DIVERGING: Readonly<Record<string, ColormapFunction>> = {
  BrBG: d3.interpolateBrBG,
  PRGn: d3.interpolatePRGn,
  PiYG: d3.interpolatePiYG,
  PuOr: d3.interpolatePuOr,
  RdBu: d3.interpolateRdBu,
  RdGy: d3.interpolateRdGy,
  RdYlBu: d3.interpolateRdYlBu,
  RdYlGn: d3.interpolateRdYlGn,
  Spectral: d3.interpolateSpectral,
};

export const CYCLICAL: Readonly<Record<string, ColormapFunction>> = {
  rainbow: d3.interpolateRainbow,
  sinebow: d3.interpolateSinebow,
};

/** The colours of a d3 table cut to 8 bits, as matplotlib's are, and not rounded. */
function truncated(colormap: (value: number) => string, roundedUp: string): ColormapFunction {
  let bits: string | undefined;
  return (value) => {
    bits ??= atob(roundedUp);
    const { r, g, b } = rgb(colormap(value));
    const first = colourIndex(value) * 3;
    const excess = (at: number) => (bits!.charCodeAt(at >> 3) >> (7 - (at & 7))) & 1;
    return [r - excess(first), g - excess(first + 1), b - excess(first + 2)];
  };
}
