/** A signal over the heat of its map. */
import type { SignalExplanation } from '../../src/explanation.js';
import { short } from '../shared/numbers.js';
import { emptyMark } from './empty-mark.js';
import type { Panel, PanelOptions } from './panels.js';
import type { Shape } from './scene.js';
import { heatBands, signalLines } from './signal.js';
import { titleOf } from './titles.js';
import { append } from '../../src/maths/extremes.js';

export function signalPanels(expl: SignalExplanation, options: PanelOptions): Panel[] {
  const { palette } = options;
  const width = options.cellSize * 2.4;
  const height = options.cellSize * 0.6;
  const { lines, low, high, length } = signalLines(expl.signal, width, height);
  return expl.targets.map((target) => {
    const shapes: Shape[] = [];
    for (const { from, to, value, strength } of heatBands(
      target.heatmap,
      width,
      options.percentile,
    )) {
      if (strength === 0) continue;
      const fill = value > 0 ? palette.pos : palette.neg;
      shapes.push({
        kind: 'box',
        x: from,
        y: 0,
        width: to - from,
        height,
        fill,
        opacity: strength,
      });
    }
    lines.forEach((line, i) => {
      const points = line.split(' ').map((pair) => pair.split(',').map(Number) as [number, number]);
      const stroke = palette.series[i % palette.series.length];
      shapes.push({ kind: 'line', points, stroke, width: 1.5 });
    });
    append(shapes, emptyMark([target.heatmap], 'absolute', { width, height }, options));
    const note = { kind: 'text', y: height + 14, size: 10.5, fill: palette.soft } as const;
    shapes.push(
      { ...note, x: 0, text: 'sample 1' },
      { ...note, x: width / 2, anchor: 'middle', text: `values ${short(low)} to ${short(high)}` },
      { ...note, x: width, anchor: 'end', text: String(length) },
    );
    return {
      width,
      height: height + 18,
      shapes,
      title: titleOf(target, expl.targets),
      titled: true,
    };
  });
}
