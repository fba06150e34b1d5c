/** A drawing as data: boxes, lines, pictures and text, in pixels at scale 1. */
import type { Picture } from '../../src/explanation.js';
import { append, greatest } from '../../src/maths/extremes.js';

export interface Box {
  readonly kind: 'box';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fill: string;
  readonly opacity?: number;
  readonly radius?: number;
}

export interface Line {
  readonly kind: 'line';
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly stroke: string;
  readonly width: number;
}

export interface Image {
  readonly kind: 'image';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly picture: Picture;
}

export interface Text {
  readonly kind: 'text';
  readonly x: number;
  /** Of the baseline. */
  readonly y: number;
  readonly text: string;
  readonly size: number;
  readonly fill: string;
  readonly bold?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
}

export type Shape = Box | Line | Image | Text;

/** Shapes with a size, to be placed. */
export interface Block {
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
}

/** A finished drawing. */
export interface Scene extends Block {
  readonly background: string;
  readonly title: string;
}

export interface Palette {
  readonly page: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly pos: string;
  readonly neg: string;
  readonly series: readonly string[];
}

export const PALETTES = {
  light: {
    page: '#ffffff',
    ink: '#1c1e21',
    soft: '#585d65',
    line: '#d9d7d0',
    pos: '#86d69b',
    neg: '#f6a5a0',
    series: ['#4269d0', '#d98d1d', '#d9483b', '#3d9a8b', '#8a5fc0', '#7d6a4f'],
  },
  dark: {
    page: '#17191e',
    ink: '#eceef2',
    soft: '#a4abb8',
    line: '#3a404b',
    pos: '#1f7a3f',
    neg: '#a1332d',
    series: ['#7d9bf0', '#efb118', '#ff725c', '#6cc5b0', '#b48be8', '#b39b78'],
  },
} as const satisfies Record<string, Palette>;

export type FigureTheme = keyof typeof PALETTES;

/** The shapes of a block, elsewhere. */
export function moved({ shapes }: Block, dx: number, dy: number): Shape[] {
  return shapes.map((shape) =>
    shape.kind === 'line'
      ? { ...shape, points: shape.points.map(([x, y]) => [x + dx, y + dy] as const) }
      : { ...shape, x: shape.x + dx, y: shape.y + dy },
  );
}

/** Blocks below each other. */
export function stack(blocks: readonly Block[], gap: number): Block {
  let y = 0;
  const shapes: Shape[] = [];
  for (const block of blocks) {
    append(shapes, moved(block, 0, y));
    y += block.height + gap;
  }
  return {
    width: greatest(
      blocks.map(({ width }) => width),
      0,
    ),
    height: Math.max(0, y - gap),
    shapes,
  };
}
