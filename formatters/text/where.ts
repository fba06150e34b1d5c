/** Where the heat is, in words. */
import type { Heatmap } from '../../src/explanation.js';
import { summarizeHeat, type HeatBox, type HeatCell } from '../../src/maths/summarize-heat.js';
import { plain } from '../shared/numbers.js';
import { region } from '../shared/region.js';
import { labelled } from './layout.js';
import type { Style } from './style.js';
import { append } from '../../src/maths/extremes.js';

/** What the axes of a map stand for: pixels of the picture, samples of the signal, voxels. */
export interface Extent {
  /** Size of each axis in those units. */
  readonly sizes: readonly number[];
  /** `['y', 'x']`. */
  readonly axes: readonly string[];
  /** `['row', 'column']`. */
  readonly cells: readonly string[];
  /** `pixels`. */
  readonly unit: string;
  /** `picture`. */
  readonly whole: string;
}

export const EXTENTS = {
  image: { axes: ['y', 'x'], cells: ['row', 'column'], unit: 'pixels', whole: 'picture' },
  signal: { axes: ['t'], cells: ['cell'], unit: 'samples', whole: 'signal' },
  volume: {
    axes: ['z', 'y', 'x'],
    cells: ['slice', 'row', 'column'],
    unit: 'voxels',
    whole: 'volume',
  },
} as const;

/** Centre of mass, half of the mass, strongest cells of either sign. */
export function heatWords(map: Heatmap, extent: Extent, style: Style): string[] {
  const { width } = style;
  const heat = summarizeHeat(map);
  const { centre, box } = heat;
  const lines: string[] = [];
  const say = (label: string, text: string): unknown => append(lines, labelled(label, text, width));
  const cell = ({ index, value }: HeatCell): string =>
    `${plain(value)} in ${index.map((at, axis) => `${extent.cells[axis]} ${at + 1}`).join(', ')} of ${map.shape.join(style.signs.times)} cells`;
  if (centre === undefined || box === undefined) {
    say('Heat', `none: no value is positive, nothing in the ${extent.whole} speaks for this`);
  } else {
    const scale = extent.sizes.map((size, axis) => size / map.shape[axis]);
    const at = inOrder(
      centre.map((value, axis) => `${extent.axes[axis]} ${plain(value * scale[axis], 3)}`),
    );
    say(
      'Heat',
      `${region(centre.map((value, axis) => value / map.shape[axis]))}: centre of mass at ${at} of ${[...extent.sizes].reverse().join(style.signs.times)} ${extent.unit}`,
    );
    say(
      'Half of it',
      `${boxWords(box, extent, scale)}, which is ${percent(volumeOf(box, map))} of the ${extent.whole}`,
    );
    say('Strongest', cell(heat.highest));
  }
  if (heat.negative < 0) {
    const share = -heat.negative / (heat.positive - heat.negative);
    say('Against', `${cell(heat.lowest)}; ${percent(share)} of all evidence speaks against`);
  }
  return lines;
}

function boxWords({ from, to }: HeatBox, { axes }: Extent, scale: readonly number[]): string {
  const edge = (value: number, axis: number): string => plain(value * scale[axis], 3);
  return inOrder(
    from.map((low, axis) => `${axes[axis]} ${edge(low, axis)} to ${edge(to[axis], axis)}`),
  );
}

/** Readers expect x before y; arrays have x last. */
function inOrder(parts: readonly string[]): string {
  return [...parts].reverse().join(', ');
}

function volumeOf({ from, to }: HeatBox, map: Heatmap): number {
  return from.reduce((share, low, axis) => (share * (to[axis] - low)) / map.shape[axis], 1);
}

function percent(share: number): string {
  return `${plain(100 * share, 2)} %`;
}
