/** The bar over a panel of a figure whose map shows nothing. */
import type { Heatmap } from '../../src/explanation.js';
import { emptyNote } from '../display/empty.js';
import type { DisplayFilter } from '../display/filters.js';
import { truncate } from './font.js';
import type { Palette, Shape } from './scene.js';

const SIZE = 11;
const HEIGHT = 20;

/** A bar at the foot of a panel that says why nothing is drawn; none if something is. */
export function emptyMark(
  maps: readonly Heatmap[],
  filter: DisplayFilter,
  { width, height }: { readonly width: number; readonly height: number },
  { palette }: { readonly palette: Palette },
  left = 0,
): Shape[] {
  const note = emptyNote(maps, filter);
  if (note === undefined) return [];
  const y = Math.max(0, height - HEIGHT);
  const text = truncate(`empty map: ${note}`, width - 12, { size: SIZE });
  return [
    { kind: 'box', x: left, y, width, height: height - y, fill: palette.page, opacity: 0.9 },
    { kind: 'text', x: left + 6, y: y + 14, text, size: SIZE, fill: palette.ink },
  ];
}
