/** Textures that scenes stand on: none of them says anything about a class. */
import type { Random } from './random.js';

type Rgb = readonly [number, number, number];

/** How much of the second colour a position takes, 0 to 1. */
type Pattern = (x: number, y: number) => number;

/**
 * An RGB texture of `size` × `size` units, drawn with `scale` pixels a unit, row
 * by row, values 0 to 255. Its grain has one value a unit.
 */
export function drawBackground(random: Random, size: number, scale: number): Float32Array {
  const [from, to] = twoColours(random);
  const pattern = random.pick(PATTERNS)(random, size);
  const strength = random.between(0, 22);
  const grain = Float64Array.from({ length: size * size }, () => (random.next() - 0.5) * strength);
  const pixels = size * scale;
  const data = new Float32Array(pixels * pixels * 3);
  for (let y = 0, i = 0; y < pixels; y++) {
    for (let x = 0; x < pixels; x++) {
      const share = pattern(x / scale, y / scale);
      const noise = grain[Math.floor(y / scale) * size + Math.floor(x / scale)];
      for (let c = 0; c < 3; c++) data[i++] = from[c] + (to[c] - from[c]) * share + noise;
    }
  }
  return data;
}

/** Any hue at any strength, as 0 to 255. */
export function randomColour(random: Random): Rgb {
  const hue = random.between(0, 6);
  const chroma = random.between(0, 1) * 200;
  const low = random.between(0, 255 - chroma);
  const channel = (shift: number): number => {
    const place = (hue + shift) % 6;
    return low + chroma * Math.max(0, Math.min(1, Math.abs(place - 3) - 1));
  };
  return [channel(0), channel(4), channel(2)];
}

function twoColours(random: Random): readonly [Rgb, Rgb] {
  const first = randomColour(random);
  const second = randomColour(random);
  const nearness = random.between(0.3, 1);
  return [first, first.map((v, c) => v + (second[c] - v) * nearness) as unknown as Rgb];
}

const PATTERNS: readonly ((random: Random, size: number) => Pattern)[] = [
  gradient,
  stripes,
  checker,
  dots,
  clouds,
  clouds,
];

function gradient(random: Random, size: number): Pattern {
  const [dx, dy] = direction(random);
  const length = (Math.abs(dx) + Math.abs(dy)) * size;
  return (x, y) => clamp(((x - size / 2) * dx + (y - size / 2) * dy) / length + 0.5);
}

function stripes(random: Random): Pattern {
  const [dx, dy] = direction(random);
  const period = random.between(6, 28);
  const sharpness = random.between(0.6, 4);
  return (x, y) =>
    clamp(0.5 + sharpness * Math.sin(((x * dx + y * dy) * 2 * Math.PI) / period) * 0.5);
}

function checker(random: Random): Pattern {
  const [dx, dy] = direction(random);
  const size = random.between(5, 20);
  return (x, y) =>
    (Math.floor((x * dx + y * dy) / size) + Math.floor((y * dx - x * dy) / size)) & 1;
}

function dots(random: Random): Pattern {
  const [dx, dy] = direction(random);
  const period = random.between(8, 22);
  const radius = random.between(0.2, 0.42) * period;
  const centred = (v: number): number => v - Math.floor(v / period) * period - period / 2;
  return (x, y) =>
    clamp(radius - Math.hypot(centred(x * dx + y * dy), centred(y * dx - x * dy)) + 0.5);
}

/** Smooth noise: random values on coarse grids, joined by cosine steps, finer grids weaker. */
function clouds(random: Random, size: number): Pattern {
  const octaves = [32, 16, 8, 4].map((cell, k) => {
    const columns = Math.ceil(size / cell) + 2;
    const values = Float32Array.from({ length: columns * columns }, random.next);
    return { cell, columns, values, weight: 0.5 ** k };
  });
  const total = octaves.reduce((sum, { weight }) => sum + weight, 0);
  const contrast = random.between(1, 2.5);
  return (x, y) => {
    let sum = 0;
    for (const { cell, columns, values, weight } of octaves) {
      const [column, row] = [Math.floor(x / cell), Math.floor(y / cell)];
      const [fx, fy] = [ease(x / cell - column), ease(y / cell - row)];
      const i = row * columns + column;
      const top = values[i] + (values[i + 1] - values[i]) * fx;
      const low = values[i + columns] + (values[i + columns + 1] - values[i + columns]) * fx;
      sum += weight * (top + (low - top) * fy);
    }
    return clamp(0.5 + contrast * (sum / total - 0.5));
  };
}

function direction(random: Random): readonly [number, number] {
  const angle = random.between(0, 2 * Math.PI);
  return [Math.cos(angle), Math.sin(angle)];
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

function clamp(value: number): number {
  return Math.max(0, Math.min(1, value));
}
