/** Titles of panels, and lines of text. */
import type { TargetBase } from '../../src/explanation.js';
import { nameOf, short } from '../shared/numbers.js';
import { wrap, type TextStyle } from './font.js';
import { moved, type Block, type Palette, type Shape } from './scene.js';

/** `243 bull mastiff, 0.81, layer Conv_1`. */
export function titleOf(target: TargetBase, layer?: string): string {
  const { score, proba } = target;
  const name =
    typeof target.target === 'number' && target.label !== undefined
      ? `${target.target} ${target.label}`
      : nameOf(target);
  const number =
    proba !== undefined ? [proba.toFixed(2)] : score !== undefined ? [`score ${short(score)}`] : [];
  return [name, ...number, ...(layer === undefined ? [] : [`layer ${lastOf(layer)}`])].join(', ');
}

/** The last part of a path: `backbone/Conv_1` is `Conv_1`. */
const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1) || path;

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

/** A title above a block, in as many lines as it needs, at most three. */
export function titled(panel: Block, title: string, palette: Palette): Block {
  if (title === '') return panel;
  const style = { size: 13, bold: true };
  const head = lines(wrap(title, panel.width, style, 3), { ...style, fill: palette.ink });
  return {
    width: panel.width,
    height: head.height + 7 + panel.height,
    shapes: [...head.shapes, ...moved(panel, 0, head.height + 7)],
  };
}
