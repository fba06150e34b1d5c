/** A drawing as a picture at any scale, without a font, a canvas or a browser. */
import { drawnOrder } from './direction.js';
import { WhylensError } from '../../src/errors.js';
import type { Picture } from '../../src/explanation.js';
import { CHANNELS, checkSize } from '../../src/images/picture.js';
import { resize, type ResizeOptions } from '../../src/images/resample.js';
import type { Rgb } from '../display/tint.js';
import { fill, type Canvas } from './fill.js';
import { outlineOf, type Contour } from './font-outlines.js';
import { widthOf } from './font.js';
import type { Box, Image, Line, Scene, Text } from './scene.js';

/** Round corners and ends of lines are polygons with this many sides. */
const TURN = 24;

export function toPicture(scene: Scene, scale: number): Picture {
  const width = Math.ceil(scene.width * scale);
  const height = Math.ceil(scene.height * scale);
  checkSize(width, height);
  const data = new Uint8ClampedArray(width * height * 3);
  const [red, green, blue] = colour(scene.background);
  for (let i = 0; i < data.length; i += 3) {
    data[i] = red;
    data[i + 1] = green;
    data[i + 2] = blue;
  }
  const canvas = { width, height, data };
  // one picture is often drawn several times: under each map, and alone
  const sizes = new Map<string, Picture>();
  const names = new Map<Picture, number>();
  const sized = (picture: Picture, size: ResizeOptions): Picture => {
    if (!names.has(picture)) names.set(picture, names.size);
    const key = `${names.get(picture)} ${size.width} ${size.height}`;
    let made = sizes.get(key);
    if (made === undefined) sizes.set(key, (made = resize(picture, size)));
    return made;
  };
  for (const shape of scene.shapes) {
    switch (shape.kind) {
      case 'box':
        drawBox(canvas, shape, scale);
        break;
      case 'line':
        drawLine(canvas, shape, scale);
        break;
      case 'image':
        drawImage(canvas, shape, scale, sized);
        break;
      case 'text':
        drawText(canvas, shape, scale);
        break;
    }
  }
  return { width, height, mode: 'RGB', data };
}

function drawBox(canvas: Canvas, box: Box, scale: number): void {
  const { x, y, width, height, radius = 0 } = box;
  const round = Math.min(radius, width / 2, height / 2);
  const corners: [number, number, number][] = [
    [x + width - round, y + round, -0.25],
    [x + width - round, y + height - round, 0],
    [x + round, y + height - round, 0.25],
    [x + round, y + round, 0.5],
  ];
  const contour = corners.flatMap(([cx, cy, start]) =>
    round === 0 ? [[cx, cy] as const] : arc(cx, cy, round, start, 0.25),
  );
  fill(canvas, [scaled(contour, scale)], colour(box.fill), box.opacity);
}

function drawLine(canvas: Canvas, { points, stroke, width }: Line, scale: number): void {
  const half = width / 2;
  const contours: Contour[] = [];
  points.forEach(([x, y], i) => {
    // a disc at every point joins the pieces and rounds the ends
    contours.push(scaled(arc(x, y, half, 0, 1), scale));
    if (i === 0) return;
    const [fromX, fromY] = points[i - 1];
    const length = Math.hypot(x - fromX, y - fromY);
    if (length === 0) return;
    const [nx, ny] = [(-(y - fromY) / length) * half, ((x - fromX) / length) * half];
    contours.push(
      scaled(
        [
          [fromX - nx, fromY - ny],
          [x - nx, y - ny],
          [x + nx, y + ny],
          [fromX + nx, fromY + ny],
        ],
        scale,
      ),
    );
  });
  fill(canvas, contours, colour(stroke));
}

function drawImage(
  canvas: Canvas,
  { x, y, width, height, picture }: Image,
  scale: number,
  sized: (picture: Picture, size: ResizeOptions) => Picture,
): void {
  const [left, top] = [Math.round(x * scale), Math.round(y * scale)];
  const made = sized(picture, {
    width: Math.max(1, Math.round((x + width) * scale) - left),
    height: Math.max(1, Math.round((y + height) * scale) - top),
    filter: 'bicubic',
  });
  const channels = CHANNELS[made.mode];
  const colours = channels === 1 ? 1 : 3;
  const right = Math.min(left + made.width, canvas.width);
  const bottom = Math.min(top + made.height, canvas.height);
  for (let row = Math.max(top, 0); row < bottom; row++) {
    let from = ((row - top) * made.width + Math.max(-left, 0)) * channels;
    let to = (row * canvas.width + Math.max(left, 0)) * 3;
    for (let column = Math.max(left, 0); column < right; column++, from += channels, to += 3) {
      const alpha = channels === 4 ? made.data[from + 3] : 255;
      if (alpha === 0) continue;
      for (let c = 0; c < 3; c++) {
        const above = made.data[from + (colours === 1 ? 0 : c)];
        canvas.data[to + c] = (above * alpha + canvas.data[to + c] * (255 - alpha)) / 255;
      }
    }
  }
}

function drawText(canvas: Canvas, text: Text, scale: number): void {
  const style = { size: text.size * scale, ...(text.bold !== undefined && { bold: text.bold }) };
  const width = text.anchor === undefined ? 0 : widthOf(text.text, style);
  const shift = text.anchor === 'middle' ? width / 2 : text.anchor === 'end' ? width : 0;
  const left = text.x * scale - shift;
  const baseline = text.y * scale;
  const ink = colour(text.fill);
  for (const { x, contours } of outlineOf(drawnOrder(text.text), style)) {
    const placed = contours.map((contour) =>
      contour.map(([px, py]) => [left + x + px, baseline + py] as const),
    );
    fill(canvas, placed, ink);
  }
}

function arc(cx: number, cy: number, radius: number, from: number, part: number): Contour {
  const steps = Math.max(3, Math.ceil(TURN * part));
  return Array.from({ length: steps + (part < 1 ? 1 : 0) }, (_, i) => {
    const angle = (from + (part * i) / steps) * 2 * Math.PI;
    return [cx + Math.cos(angle) * radius, cy + Math.sin(angle) * radius] as const;
  });
}

const scaled = (contour: Contour, scale: number): Contour =>
  contour.map(([x, y]) => [x * scale, y * scale] as const);

function colour(hex: string): Rgb {
  const digits = /^#([0-9a-f]{6})$/i.exec(hex)?.[1];
  if (digits === undefined) {
    throw new WhylensError('INVALID_OPTION', `a colour must be written as #rrggbb, got '${hex}'`);
  }
  const value = Number.parseInt(digits, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
