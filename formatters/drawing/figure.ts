/** Panels in rows and columns, with a title each and a colour bar beside them. */
import type { Explanation, Heatmap, Picture } from '../../src/explanation.js';
import { percentileFor } from '../display/full-strength.js';
import { colormapStrip } from '../display/overlay.js';
import { endsOf, shownExtent, type Extent } from '../display/scale.js';
import { oneLine } from '../html/escape.js';
import { checkExplanation } from '../shared/check.js';
import { signed } from '../shared/numbers.js';
import { originalPanel } from './panel-maps.js';
import type { FigureValues } from './options.js';
import { panelsOf, type Panel, type PanelOptions } from './panels.js';
import { moved, type Block, type Palette, type Scene, type Shape } from './scene.js';
import { headHeight, lastOf, withTitle } from './titles.js';
import { append, greatest } from '../../src/maths/extremes.js';

const MARGIN = 16;
const GAP = { x: 16, y: 20 };
const BAR = 10;
/** Panels in a row if the caller does not say, as in keras-explainable. */
const WIDEST = 8;

/** The options of a figure, with what follows from them. */
export type FigureLayout = Omit<PanelOptions, 'pairs' | 'extent'> &
  Pick<FigureValues, 'columns' | 'titles' | 'colorbar' | 'original' | 'shared'>;

export function figureOf(list: readonly Explanation[], layout: FigureLayout): Scene {
  list.forEach(checkExplanation);
  const maps = list.flatMap(mapsOf);
  const original = originalOf(list, maps.length, layout.original);
  const extent =
    layout.shared && maps.length > 0
      ? shownExtent(maps, layout.filter, layout.percentile)
      : undefined;
  const options = {
    ...layout,
    pairs: original === 'each',
    ...(extent !== undefined && { extent }),
  };
  const paths = list.map((expl) => ('layer' in expl ? expl.layer?.path : undefined));
  // the layer stands in the title only if it tells the panels apart
  const several = new Set(paths).size > 1;
  const panels: Panel[] = list.flatMap((expl, i) =>
    panelsOf(expl, options).map((panel) =>
      several && panel.titled === true && paths[i] !== undefined
        ? { ...panel, title: `${panel.title}, layer ${lastOf(paths[i])}` }
        : panel,
    ),
  );
  let next = 0;
  const named = panels.map((panel) => {
    const { titles } = layout;
    if (titles === false) return { ...panel, title: '' };
    const own = titles === true || panel.titled !== true ? undefined : titles[next++];
    return { ...panel, title: oneLine(own ?? panel.title) };
  });
  const pictures = picturesOf(list);
  if (original === 'first' && pictures.length > 0) {
    const alone = originalPanel(pictures[0], options);
    named.unshift(layout.titles === false ? { ...alone, title: '' } : alone);
  }
  const grid = gridOf(
    named,
    layout.palette,
    Math.min(layout.columns ?? evenColumns(named.length), named.length),
  );
  const shapes: Shape[] = moved(grid, MARGIN, MARGIN);
  let width = grid.width + 2 * MARGIN;
  if (maps.length > 0 && (layout.colorbar ?? maps.length > 1)) {
    const bar = colorbarOf(Math.min(grid.height, layout.cellSize), layout, maps, extent);
    append(
      shapes,
      moved(bar, grid.width + MARGIN + GAP.x, MARGIN + (grid.height - bar.height) / 2),
    );
    width += bar.width + GAP.x;
  }
  return {
    width,
    height: grid.height + 2 * MARGIN,
    background: layout.palette.page,
    title:
      named
        .map(({ title }) => title)
        .filter(Boolean)
        .slice(0, 3)
        .join('; ') || 'Explanation',
    shapes,
  };
}

/** As few rows as panels of at most `widest` a row need, and those evenly filled: nine are five and four. */
export function evenColumns(panels: number, widest = WIDEST): number {
  return Math.ceil(panels / Math.ceil(panels / widest));
}

/** Rows as high as their highest panel, columns as wide as their widest; the titles of a row share a line. */
function gridOf(blocks: readonly Panel[], palette: Palette, columns: number): Block {
  const widths = Array.from({ length: columns }, (_, column) =>
    greatest(
      blocks.filter((_, i) => i % columns === column).map(({ width }) => width),
      0,
    ),
  );
  const shapes: Shape[] = [];
  let y = 0;
  for (let first = 0; first < blocks.length; first += columns) {
    const untitled = blocks.slice(first, first + columns);
    const head = greatest(untitled.map((panel) => headHeight(panel, panel.title, palette)));
    const row = untitled.map((panel) => withTitle(panel, panel.title, palette, head));
    const height = greatest(row.map((block) => block.height));
    let x = 0;
    row.forEach((block, column) => {
      append(shapes, moved(block, x, y));
      x += widths[column] + GAP.x;
    });
    y += height + GAP.y;
  }
  return {
    width: widths.reduce((sum, width) => sum + width, 0) + GAP.x * (columns - 1),
    height: y - GAP.y,
    shapes,
  };
}

/** The colormap standing up. Maps with a scale each have no common numbers, so their ends are named. */
function colorbarOf(
  height: number,
  { colormap, filter, palette, percentile }: FigureLayout,
  maps: readonly Heatmap[],
  shared: Extent | undefined,
): Block {
  const strip = colormapStrip(colormap);
  const upright: Picture = {
    width: 1,
    height: 256,
    mode: 'RGBA',
    data: new Uint8ClampedArray(1024),
  };
  for (let i = 0; i < 256; i++) {
    upright.data.set(strip.data.subarray(i * 4, i * 4 + 4), (255 - i) * 4);
  }
  const extent = shared ?? (maps.length === 1 ? shownExtent(maps, filter, percentile) : undefined);
  const clipped = percentileFor(maps, percentile) < 100;
  const words =
    extent === undefined
      ? NAMED_ENDS[filter].map((end) => (clipped && end === 'max' ? 'high' : end))
      : endsOf(filter, extent).map((value) => signed(value));
  const [low, high] = words;
  const text = { kind: 'text', x: BAR + 6, size: 10.5, fill: palette.soft } as const;
  const shapes: Shape[] = [
    { kind: 'image', x: 0, y: 0, width: BAR, height, picture: upright },
    { ...text, y: 9, text: high },
    { ...text, y: height - 1, text: low },
  ];
  if (filter === 'symmetric') shapes.push({ ...text, y: height / 2 + 4, text: '0' });
  return { width: BAR + 6 + 46, height, shapes };
}

const NAMED_ENDS = {
  positive: ['0', 'max'],
  negative: ['0', 'max'],
  absolute: ['0', 'max'],
  symmetric: ['against', 'for'],
  normalize: ['min', 'max'],
} as const;

const mapsOf = (expl: Explanation): Heatmap[] =>
  expl.kind === 'image' || expl.kind === 'volume' ? expl.targets.map(({ heatmap }) => heatmap) : [];

const picturesOf = (list: readonly Explanation[]): Picture[] =>
  list.flatMap((expl) => (expl.kind === 'image' ? [expl.image] : []));

/** A map alone beside its original, several maps of one picture after it, otherwise maps only. */
function originalOf(
  list: readonly Explanation[],
  maps: number,
  wish: FigureLayout['original'],
): 'each' | 'first' | 'none' {
  if (wish !== 'auto') return wish;
  const pictures = picturesOf(list);
  if (pictures.length !== list.length) return 'none';
  if (maps === 1) return 'each';
  return pictures.every((picture) => same(picture, pictures[0])) ? 'first' : 'none';
}

function same(a: Picture, b: Picture): boolean {
  return (
    a === b ||
    (a.width === b.width &&
      a.height === b.height &&
      a.mode === b.mode &&
      a.data.every((value, i) => value === b.data[i]))
  );
}
