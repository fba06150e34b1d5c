/**
 * Scenes to classify: one or two different objects at random place, size and
 * tilt over a texture, among distractors, with the true box of each object.
 * The same seed and index give the same scene.
 */
import type { Picture } from '../src/explanation.js';
import { drawBackground, randomColour } from './backgrounds.js';
import { CLASSES } from './classes.js';
import { seededRandom, type Random } from './random.js';
import { spriteFor, type SpriteSet, type SpriteSizes } from './sprites.js';

/** Width and height of a scene, in units: what the classifier sees is one pixel a unit. */
export const SCENE_SIZE = 128;

/** Smallest and largest edge of an object's square drawing before it is tilted. */
const OBJECT_SIZES = [38, 62] as const;
const DISTRACTOR_SIZES = [10, 24] as const;
/** Largest tilt either way, in radians. */
const MAX_TILT = Math.PI / 5;
/** Pixels between the boxes of two objects. */
const GAP = 3;

/** Pixel columns `left … right - 1` and rows `top … bottom - 1`. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface SceneObject {
  readonly index: number;
  readonly name: string;
  /** Tight around the pixels that are at least half covered by the object. */
  readonly box: Box;
}

export interface Scene {
  readonly picture: Picture;
  readonly objects: readonly SceneObject[];
}

export interface SceneOptions {
  /** 1 or 2. Default 2. */
  readonly objects?: number;
  /** Pixels a unit: the same scene as a larger picture, boxes in its pixels. Default 1. */
  readonly scale?: number;
}

interface Canvas {
  readonly scale: number;
  /** Edge in pixels. */
  readonly size: number;
  readonly data: Float32Array;
}

interface Placement {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly tilt: number;
  readonly mirrored: boolean;
  /** Factor on each colour channel. */
  readonly tint: readonly [number, number, number];
}

/** Scene number `index` of series `seed`. */
export function makeScene(
  sprites: SpriteSet,
  seed: number,
  index: number,
  { objects = 2, scale = 1 }: SceneOptions = {},
): Scene {
  const random = seededRandom(seed, index);
  const classes = random.sample([...CLASSES.keys()], objects);
  const size = SCENE_SIZE * scale;
  const canvas = { scale, size, data: drawBackground(random, SCENE_SIZE, scale) };
  const placements = placeObjects(random, objects);
  for (let n = random.below(6); n > 0; n--) drawDistractor(canvas, random, sprites);
  const found = classes.map((which, i) => ({
    index: which,
    name: CLASSES[which].name,
    box: drawSprite(canvas, sprites.classes[which], placements[i]),
  }));
  const data = Uint8ClampedArray.from(canvas.data);
  return { picture: { width: size, height: size, mode: 'RGB', data }, objects: found };
}

/** True where a position in pixels (centres at halves) lies in the box. */
export function insideBox({ left, top, right, bottom }: Box, x: number, y: number): boolean {
  return x >= left && x < right && y >= top && y < bottom;
}

/** Places whose turned squares lie in the scene and apart from each other. */
function placeObjects(random: Random, count: number): Placement[] {
  for (;;) {
    const placements = Array.from({ length: count }, () => placeOne(random));
    const apart = placements.every((a, i) =>
      placements
        .slice(i + 1)
        .every(
          (b) => Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y)) > reach(a) + reach(b) + GAP,
        ),
    );
    if (apart) return placements;
  }
}

function placeOne(random: Random): Placement {
  const shape = {
    size: random.between(...OBJECT_SIZES),
    tilt: random.between(-MAX_TILT, MAX_TILT),
    mirrored: random.next() < 0.5,
  };
  const margin = reach(shape);
  const light = random.between(0.75, 1.15);
  const channel = (): number => light * random.between(0.9, 1.1);
  return {
    ...shape,
    x: random.between(margin, SCENE_SIZE - margin),
    y: random.between(margin, SCENE_SIZE - margin),
    tint: [channel(), channel(), channel()],
  };
}

/** Half the edge of the upright square around a turned square. */
function reach({ size, tilt }: Pick<Placement, 'size' | 'tilt'>): number {
  return (size / 2) * (Math.cos(tilt) + Math.abs(Math.sin(tilt)));
}

function drawDistractor(canvas: Canvas, random: Random, sprites: SpriteSet): void {
  const place = {
    ...placeOne(random),
    x: random.between(0, SCENE_SIZE),
    y: random.between(0, SCENE_SIZE),
    size: random.between(...DISTRACTOR_SIZES),
    tilt: random.between(-Math.PI, Math.PI),
  };
  if (random.next() < 0.5) drawSprite(canvas, random.pick(sprites.distractors), place);
  else drawShape(canvas, random, place);
}

/** Lays a turned, scaled drawing over the canvas; gives the box of what it covers by half. */
function drawSprite(canvas: Canvas, sizes: SpriteSizes, place: Placement): Box {
  const sprite = spriteFor(sizes, place.size * canvas.scale);
  const sample = new Float32Array(4);
  const { size, data } = canvas;
  let [left, top, right, bottom] = [size, size, 0, 0];
  forEachPixel(canvas, place, (x, y, u, v) => {
    sampleSprite(sprite, u, v, sample);
    const alpha = sample[3] / 255;
    if (alpha === 0) return;
    const i = (y * size + x) * 3;
    for (let c = 0; c < 3; c++) {
      data[i + c] = Math.min(255 * alpha, sample[c] * place.tint[c]) + data[i + c] * (1 - alpha);
    }
    if (alpha < 0.5) return;
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + 1);
    bottom = Math.max(bottom, y + 1);
  });
  return { left, top, right, bottom };
}

/** A plain disc, ring, bar, diamond or square. */
function drawShape(canvas: Canvas, random: Random, place: Placement): void {
  const colour = randomColour(random);
  const covers = random.pick<(u: number, v: number) => boolean>([
    (u, v) => Math.hypot(u, v) < 1,
    (u, v) => Math.abs(Math.hypot(u, v) - 0.75) < 0.25,
    (u, v) => Math.abs(v) < 0.25 && Math.abs(u) < 1,
    (u, v) => Math.abs(u) + Math.abs(v) < 1,
    (u, v) => Math.max(Math.abs(u), Math.abs(v)) < 0.8,
  ]);
  forEachPixel(canvas, place, (x, y, u, v) => {
    if (!covers(u * 2 - 1, v * 2 - 1)) return;
    for (let c = 0; c < 3; c++) canvas.data[(y * canvas.size + x) * 3 + c] = colour[c];
  });
}

/** Visits the pixels near a placement with their place on the drawing, 0 to 1 each way. */
function forEachPixel(
  { scale, size: edge }: Canvas,
  { x: cx, y: cy, size, tilt, mirrored }: Placement,
  visit: (x: number, y: number, u: number, v: number) => void,
): void {
  const radius = size * Math.SQRT1_2 + 1;
  const [cos, sin] = [Math.cos(tilt) / size, Math.sin(tilt) / size];
  const from = (centre: number): number => Math.max(0, Math.floor((centre - radius) * scale));
  const to = (centre: number): number => Math.min(edge, Math.ceil((centre + radius) * scale));
  for (let y = from(cy); y < to(cy); y++) {
    for (let x = from(cx); x < to(cx); x++) {
      const [dx, dy] = [(x + 0.5) / scale - cx, (y + 0.5) / scale - cy];
      const u = (dx * cos + dy * sin) * (mirrored ? -1 : 1) + 0.5;
      visit(x, y, u, dy * cos - dx * sin + 0.5);
    }
  }
}

/** Bilinear, transparent outside. */
function sampleSprite(
  { size, data }: SpriteSizes[0],
  u: number,
  v: number,
  into: Float32Array,
): void {
  const [x, y] = [u * size - 0.5, v * size - 0.5];
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  into.fill(0);
  for (let corner = 0; corner < 4; corner++) {
    const [column, row] = [x0 + (corner & 1), y0 + (corner >> 1)];
    if (column < 0 || row < 0 || column >= size || row >= size) continue;
    const weight = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
    const i = (row * size + column) * 4;
    for (let c = 0; c < 4; c++) into[c] += weight * data[i + c];
  }
}
