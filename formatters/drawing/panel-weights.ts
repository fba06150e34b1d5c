/** Tables drawn: weights and importances as bars, transitions as a matrix. */
import type {
  FeatureWeight,
  FeatureWeights,
  FeatureWeightsExplanation,
  FeatureWeightsTarget,
  TransitionFeaturesExplanation,
} from '../../src/explanation.js';
import { largestWeight } from '../html/weights.js';
import { column, count, short, signedColumn } from '../shared/numbers.js';
import { waterfallOf, type Waterfall } from '../shared/waterfall.js';
import { truncate, widest, widthOf } from './font.js';
import { waterfallBlock } from './panel-waterfall.js';
import type { Panel, PanelOptions } from './panels.js';
import type { Block, Shape } from './scene.js';
import { titleOf } from './titles.js';
import { greatest, least } from '../../src/maths/extremes.js';

const ROW = 21;
const TEXT = { size: 12 };
const SMALL = { size: 10.5 };
/** Names of features are cut here. */
const NAME_WIDTH = 200;

export function weightPanels(expl: FeatureWeightsExplanation, options: PanelOptions): Panel[] {
  const most = largestWeight(expl.targets.map(({ featureWeights }) => featureWeights));
  return expl.targets.map((target, t) => ({
    ...targetBlock(waterfallOf(expl, target, t), target, most, options),
    title: titleOf(target, expl.targets),
    titled: true,
  }));
}

function targetBlock(
  fall: Waterfall | undefined,
  target: FeatureWeightsTarget,
  most: number,
  options: PanelOptions,
): Block {
  return fall === undefined
    ? weightBlock(target.featureWeights, most, options)
    : waterfallBlock(fall, options);
}

/** Largest first, the remaining ones counted, the most negative last. */
export function weightBlock(weights: FeatureWeights, most: number, options: PanelOptions): Block {
  const { pos, neg, posRemaining, negRemaining } = weights;
  const rest = (n: number, sign: string): string[] =>
    n > 0 ? [`… ${count(n, `more ${sign} feature`)}`] : [];
  return bars(
    [
      ...pos,
      ...rest(posRemaining, 'positive'),
      ...rest(negRemaining, 'negative'),
      ...[...neg].reverse(),
    ],
    {
      low:
        neg.length > 0
          ? least(
              neg.map(({ weight, std = 0 }) => weight - std),
              -most,
            )
          : 0,
      high:
        pos.length > 0
          ? greatest(
              pos.map(({ weight, std = 0 }) => weight + std),
              most,
            )
          : 0,
    },
    options,
    signedColumn,
  );
}

export function importancePanel(
  importances: readonly FeatureWeight[],
  remaining: number,
  title: string,
  options: PanelOptions,
): Panel {
  const ends = importances.flatMap(({ weight, std = 0 }) => [weight - std, weight + std]);
  const rows = [
    ...importances,
    ...(remaining > 0 ? [`… ${count(remaining, 'more feature')}`] : []),
  ];
  const span = { low: least(ends, 0), high: greatest(ends, 0) };
  return { ...bars(rows, span, options, column), title };
}

/** Name, bar with its spread, number: a row each; plain text is a row of its own. */
function bars(
  rows: readonly (FeatureWeight | string)[],
  { low, high }: { low: number; high: number },
  { palette, cellSize }: PanelOptions,
  sayAll: (values: readonly number[]) => (value: number) => string,
): Block {
  const items = rows.filter((row) => typeof row !== 'string');
  const weights = items.map(({ weight }) => weight);
  const [say, spread] = [sayAll(weights), column(weights)];
  const numberOf = ({ weight, std }: FeatureWeight): string =>
    std === undefined ? say(weight) : `${say(weight)} ± ${spread(std)}`;
  const nameOf = ({ feature, value }: FeatureWeight): string =>
    truncate(
      value === undefined
        ? feature
        : `${feature} = ${typeof value === 'number' ? short(value, 6) : value}`,
      NAME_WIDTH,
      TEXT,
    );
  const names = widest(items.map(nameOf), TEXT, 60);
  const numbers = widest(items.map(numberOf), SMALL, 40);
  const length = Math.max(120, cellSize * 0.75);
  const left = names + 10;
  const at = (value: number): number =>
    left + (high > low ? ((value - low) / (high - low)) * length : 0);
  const shapes: Shape[] = [];
  rows.forEach((row, i) => {
    const y = i * ROW;
    const baseline = y + ROW * 0.68;
    if (typeof row === 'string') {
      shapes.push({ kind: 'text', x: left, y: baseline, text: row, ...SMALL, fill: palette.soft });
      return;
    }
    const { weight, std = 0 } = row;
    const [from, to] = weight < 0 ? [at(weight), at(0)] : [at(0), at(weight)];
    const fill = weight < 0 ? palette.neg : palette.pos;
    shapes.push(
      {
        kind: 'text',
        x: names,
        y: baseline,
        anchor: 'end',
        text: nameOf(row),
        ...TEXT,
        fill: palette.ink,
      },
      { kind: 'box', x: from, y: y + 3, width: to - from, height: ROW - 6, fill, radius: 2 },
    );
    const zero = [
      [at(0), y],
      [at(0), y + ROW],
    ] as const;
    shapes.push({ kind: 'line', points: zero, stroke: palette.line, width: 1 });
    if (std > 0) {
      const middle = y + ROW / 2;
      for (const points of [
        [
          [at(weight - std), middle],
          [at(weight + std), middle],
        ],
        [
          [at(weight - std), middle - 3],
          [at(weight - std), middle + 3],
        ],
        [
          [at(weight + std), middle - 3],
          [at(weight + std), middle + 3],
        ],
      ] as const) {
        shapes.push({ kind: 'line', points, stroke: palette.ink, width: 1 });
      }
    }
    shapes.push({
      kind: 'text',
      x: left + length + 10,
      y: baseline,
      text: numberOf(row),
      ...SMALL,
      fill: palette.soft,
    });
  });
  const height = Math.max(1, rows.length) * ROW;
  return { width: left + length + 10 + numbers, height, shapes };
}

export function transitionPanel(
  { classNames, coefficients }: TransitionFeaturesExplanation,
  { palette }: PanelOptions,
): Panel {
  const names = classNames.map((name) => truncate(name, 120, TEXT));
  const say = signedColumn(coefficients.flat());
  const most = coefficients.flat().reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const left = widest(names, TEXT, 0) + 12;
  const wide = widest(names, TEXT, 48) + 14;
  const row = 26;
  const shapes: Shape[] = [
    { kind: 'text', x: 0, y: 16, text: 'from ↓ to →', ...SMALL, fill: palette.soft },
  ];
  const head = Math.max(left, widthOf('from ↓ to →', SMALL) + 12);
  names.forEach((name, i) => {
    const x = head + i * wide + wide / 2;
    shapes.push(
      {
        kind: 'text',
        x,
        y: 16,
        anchor: 'middle',
        text: name,
        ...TEXT,
        bold: true,
        fill: palette.ink,
      },
      {
        kind: 'text',
        x: 0,
        y: (i + 1) * row + 17,
        text: name,
        ...TEXT,
        bold: true,
        fill: palette.ink,
      },
    );
  });
  coefficients.forEach((values, from) =>
    values.forEach((weight, to) => {
      const [x, y] = [head + to * wide, (from + 1) * row];
      const fill = weight < 0 ? palette.neg : palette.pos;
      const opacity = most > 0 ? Math.abs(weight) / most : 0;
      shapes.push(
        {
          kind: 'box',
          x: x + 1,
          y: y + 1,
          width: wide - 2,
          height: row - 2,
          fill,
          opacity,
          radius: 3,
        },
        {
          kind: 'text',
          x: x + wide / 2,
          y: y + 17,
          anchor: 'middle',
          text: say(weight),
          ...TEXT,
          fill: palette.ink,
        },
      );
    }),
  );
  return {
    width: head + names.length * wide,
    height: (coefficients.length + 1) * row,
    shapes,
    title: 'Transitions',
  };
}
