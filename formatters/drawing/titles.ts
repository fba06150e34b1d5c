/** Titles of panels, and lines of text. */
import type { TargetBase } from '../../src/explanation.js';
import { titled } from '../shared/numbers.js';
import { topInstead } from '../shared/verdict.js';
import { wrap, type TextStyle } from './font.js';
import { moved, type Block, type Palette, type Shape } from './scene.js';

/** Between a title and what is under it. */
const GAP = 7;

/** `bull mastiff, 81 %`; of another class than the top one also what the model says, unless that is `shown` beside it. */
export function titleOf(target: TargetBase, shown: readonly TargetBase[] = []): string {
  const instead = topInstead(target, shown);
  return instead === undefined ? titled(target) : `${titled(target)} (${instead})`;
}

/** The last part of a path: `backbone/Conv_1` is `Conv_1`. */
export const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1) || path;

/** Lines of text below each other, from the top of the first. */
export function lines(
  texts: readonly string[],
  style: TextStyle & { readonly fill: string; readonly leading?: number },
  x = 0,
  anchor?: 'middle' | 'end',
): Block {
  const leading = style.size * (style.leading ?? 1.35);
  const shapes: Shape[] = texts.map((text, i) => ({
    kind: 'text',
    x,
    y: i * leading + style.size * 0.98,
    text,
    size: style.size,
    fill: style.fill,
    ...(style.bold === true && { bold: true }),
    ...(anchor !== undefined && { anchor }),
  }));
  return { width: 0, height: texts.length * leading, shapes };
}

/** A title above a block, in as many lines as it needs, at most three; at least as high as `least`. */
export function withTitle(panel: Block, title: string, palette: Palette, least = 0): Block {
  const head = headOf(panel, title, palette);
  const height = Math.max(head.height, least);
  if (height === 0) return panel;
  return {
    width: panel.width,
    height: height + panel.height,
    shapes: [...head.shapes, ...moved(panel, 0, height)],
  };
}

/** How much room a title takes above its block. */
export const headHeight = (panel: Block, title: string, palette: Palette): number =>
  headOf(panel, title, palette).height;

function headOf({ width }: Block, title: string, palette: Palette): Block {
  if (title === '') return { width, height: 0, shapes: [] };
  const style = { size: 13, bold: true };
  const head = lines(wrap(title, width, style, 3), { ...style, fill: palette.ink });
  return { ...head, height: head.height + GAP };
}
