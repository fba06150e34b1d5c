import type { Formatter } from '../src/container/plugin.js';
import { didYouMean } from '../src/did-you-mean.js';
import { WhylensError } from '../src/errors.js';
import {
  EXPLANATION_KINDS,
  type Explanation,
  type Heatmap,
  type LayerChoice,
  type NdArray,
  type TargetBase,
} from '../src/explanation.js';
import { type GivenOptions, type OptionSpecs, validateOptions } from '../src/options.js';
import { PERCENTILE_OPTION, type Percentile } from './display/full-strength.js';
import { checkExplanation } from './shared/check.js';
import { plain, shortNameOf, weightColumn } from './shared/numbers.js';
import { topInstead } from './shared/verdict.js';
import { clean, labelled, wrap } from './text/layout.js';
import { drawMap } from './text/map.js';
import { drawSeries } from './text/series.js';
import { documentLines } from './text/spans.js';
import { COLOR_LEVELS, styleOf, type ColorLevel, type Style } from './text/style.js';
import { treeLines } from './text/tree.js';
import { classLines } from './text/classes.js';
import { importanceTable, transitionTable, weightTable } from './text/weights.js';
import { EXTENTS, heatWords, type Extent } from './text/where.js';
import { append, greatest } from '../src/maths/extremes.js';

const INFO = ['method', 'description', 'warnings', 'layer', 'parameters', 'classes'] as const;
const WEIGHTS = ['targets', 'heat', 'map', 'text', 'importances', 'tree', 'transitions'] as const;
const PRESETS = { all: [...INFO, ...WEIGHTS], info: INFO, weights: WEIGHTS } as const;
const ALLOWED: readonly string[] = [...Object.keys(PRESETS), ...PRESETS.all];

/** A part of the text, or one of the presets `all`, `info` and `weights`. */
export type TextSection = (typeof PRESETS.all)[number] | keyof typeof PRESETS;

export const TEXT_OPTIONS = {
  show: {
    type: 'list',
    of: 'string',
    default: ['all'],
    help: `parts to show: ${ALLOWED.join(', ')}`,
  },
  color: {
    type: 'choice',
    choices: COLOR_LEVELS,
    default: 'none',
    help: 'colours of the terminal; with 256 or more, maps are drawn over the picture',
  },
  /** Block characters or plain ASCII; `'auto'` takes blocks with colour and ASCII without. */
  glyphs: {
    type: 'choice',
    choices: ['auto', 'ascii', 'blocks'],
    default: 'auto',
    help: 'characters of drawings; auto takes blocks with colour and ASCII without',
  },
  /**
   * Percentile of a drawing's absolute values that has full strength. `'auto'`: 100, the largest
   * of the map, and 99 for maps of 64×64 cells and more. Default `'auto'`.
   */
  percentile: PERCENTILE_OPTION,
  /** Columns. Default 80, at least 24. */
  width: {
    type: 'number',
    integer: true,
    min: 24,
    max: 1000,
    default: 80,
    unit: 'columns',
    help: 'where lines end',
  },
} as const satisfies OptionSpecs;

/** Options of `formatAsText`. */
export type TextOptions = Omit<GivenOptions<typeof TEXT_OPTIONS>, 'show' | 'color'> & {
  /** Which parts, in their fixed order. Default `'all'`. */
  readonly show?: TextSection | readonly TextSection[];
  /** What the terminal can show; `true` is `'truecolor'`. Default `'none'`. */
  readonly color?: boolean | ColorLevel;
};

/**
 * An explanation as text for a terminal or a file: what was explained and how,
 * every target with its score, weights as aligned tables, trees as indented
 * rules, maps in words and drawn with characters. Every kind of record.
 *
 * Control characters and direction overrides from outside become visible, so
 * the text is safe to print. Without `color` it holds no escape sequence, and
 * drawings are plain ASCII.
 *
 * @throws WhylensError `INVALID_OPTION` for an unknown section or colour level, or a width that is not allowed,
 *   `INVALID_EXPLANATION` for a damaged record
 * @example
 * console.log(formatAsText(expl, { show: ['targets', 'map'], width: 100 }));
 */
export function formatAsText(expl: Explanation, options: TextOptions = {}): string {
  const { show, color, ...rest } = options;
  const checked = validateOptions('text', TEXT_OPTIONS, {
    ...rest,
    ...(show !== undefined && { show: typeof show === 'string' ? [show] : show }),
    ...(color !== undefined && {
      color: typeof color === 'boolean' ? (color ? 'truecolor' : 'none') : color,
    }),
  });
  checkExplanation(expl);
  const level = checked.color;
  const blocks = checked.glyphs === 'auto' ? level !== 'none' : checked.glyphs === 'blocks';
  const sections = sectionsOf(checked.show);
  const style = styleOf(level, blocks, checked.width, checked.glyphs === 'ascii');
  const text = new TextBuilder(sections, style);
  header(expl, text);
  if ('classes' in expl) text.add('classes', () => classLines(expl, style));
  body(expl, text, checked.percentile);
  return text.toString();
}

export class TextFormatter implements Formatter<string> {
  readonly id = 'text';
  readonly description = 'Text for terminals: tables, rules, maps in words and characters.';
  readonly kinds = EXPLANATION_KINDS;
  readonly extensions = ['txt'];
  readonly options: OptionSpecs = TEXT_OPTIONS;

  format(explanation: Explanation, options: Readonly<Record<string, unknown>> = {}): string {
    return formatAsText(explanation, options);
  }
}

/** Blocks of lines with an empty line between them. */
class TextBuilder {
  readonly blocks: string[][] = [];

  constructor(
    readonly sections: ReadonlySet<string>,
    readonly style: Style,
  ) {}

  add(section: TextSection, lines: () => readonly string[]): void {
    if (!this.sections.has(section)) return;
    const made = lines();
    if (made.length > 0) this.blocks.push([...made]);
  }

  /** Lines that belong right beneath what came before. */
  join(section: TextSection, lines: () => readonly string[]): void {
    if (!this.sections.has(section)) return;
    const last = this.blocks.at(-1);
    if (last === undefined) this.add(section, lines);
    else append(last, lines());
  }

  toString(): string {
    return this.blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
  }
}

function sectionsOf(show: readonly string[]): ReadonlySet<string> {
  const unknown = show.find((name) => !ALLOWED.includes(name));
  if (unknown !== undefined) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'show' of text must name parts of the text, got '${unknown}'${didYouMean(unknown, ALLOWED)} There are ${ALLOWED.join(', ')}`,
      { facts: { section: unknown, allowed: ALLOWED } },
    );
  }
  return new Set(
    show.flatMap((name) => (Object.hasOwn(PRESETS, name) ? PRESETS[name as 'all'] : [name])),
  );
}

function header(expl: Explanation, text: TextBuilder): void {
  const { style } = text;
  const { width } = style;
  text.add('method', () => [
    ...wrap(`Estimator: ${clean(expl.estimator)}`, width).map((line) =>
      style.paint('strong', line),
    ),
    ...wrap(`Explained as: ${clean(expl.method)}`, width),
  ]);
  text.add('description', () =>
    expl.description === '' ? [] : wrap(clean(expl.description), width),
  );
  text.add('warnings', () =>
    expl.warnings.flatMap((warning) =>
      labelled('Warning', clean(warning), width).map((line) => style.paint('warning', line)),
    ),
  );
  const layer = 'layer' in expl ? expl.layer : undefined;
  if (layer !== undefined) text.add('layer', () => layerLines(layer, style));
  const parameters = Object.entries(expl.parameters);
  if (parameters.length === 0) return;
  text[layer === undefined ? 'add' : 'join']('parameters', () =>
    labelled(
      'Parameters',
      parameters
        .map(
          ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
        )
        .map(clean)
        .join(', '),
      width,
    ),
  );
}

function layerLines(layer: LayerChoice, { signs, width }: Style): string[] {
  const named = ({ path, shape }: { path: string; shape: readonly number[] }): string =>
    `${clean(path)} (${shape.join(signs.times)})`;
  return [
    ...labelled('Layer', named(layer), width),
    ...labelled('', clean(layer.reason), width),
    ...(layer.runnersUp.length === 0
      ? []
      : labelled('', `after it: ${layer.runnersUp.map(named).join(', ')}`, width)),
  ];
}

function body(expl: Explanation, text: TextBuilder, percentile: Percentile): void {
  const { style } = text;
  switch (expl.kind) {
    case 'image':
      for (const target of expl.targets) {
        text.add('targets', () => targetLines(target, expl.isRegression, style, expl.targets));
        heat(text, target.heatmap, sized(EXTENTS.image, [expl.image.height, expl.image.width]));
        text.add('map', () => drawMap(target.heatmap, expl.image, style, percentile));
      }
      return;
    case 'signal':
      for (const target of expl.targets) {
        text.add('targets', () => targetLines(target, expl.isRegression, style, expl.targets));
        heat(text, target.heatmap, sized(EXTENTS.signal, expl.signal.shape.slice(0, 1)));
        text.add('map', () => drawSeries(target.heatmap, expl.signal, style, percentile));
      }
      return;
    case 'volume':
      for (const target of expl.targets) {
        text.add('targets', () => targetLines(target, expl.isRegression, style, expl.targets));
        heat(text, target.heatmap, sized(EXTENTS.volume, expl.volume.shape.slice(0, 3)));
        text.add('map', () => sliceLines(target.heatmap, style, percentile));
      }
      return;
    case 'concepts':
      text.add('targets', () =>
        expl.targets.flatMap((target) =>
          targetLines(target, expl.isRegression, style, expl.targets),
        ),
      );
      for (const concept of expl.concepts) {
        const narrow = { ...style, width: style.width - 2 };
        text.add('targets', () => [
          ...wrap(clean(concept.name), style.width).map((line) => style.paint('strong', line)),
          ...concept.scores
            .flatMap((score) => targetLines(score, expl.isRegression, narrow, concept.scores))
            .map((line) => `  ${line}`),
        ]);
        heat(text, concept.heatmap, sized(EXTENTS.image, [expl.image.height, expl.image.width]));
        text.add('map', () => drawMap(concept.heatmap, expl.image, style, percentile));
      }
      return;
    case 'feature-weights':
      for (const target of expl.targets) {
        text.add('targets', () => [
          ...weightsHead(target, expl.isRegression, style, ' top features'),
          ...weightTable(target.featureWeights, style),
        ]);
      }
      return;
    case 'weighted-spans':
      for (const target of expl.targets) {
        const { weightedSpans, featureWeights } = target;
        const weights = featureWeights ?? weightedSpans.other;
        text.add('targets', () => [
          ...weightsHead(
            target,
            expl.isRegression,
            style,
            weights === undefined ? '' : ' top features',
          ),
          ...(weights === undefined ? [] : weightTable(weights, style)),
        ]);
        for (const document of weightedSpans.documents) {
          text.add('text', () => [
            ...(document.vectorizer === undefined
              ? []
              : wrap(`[${clean(document.vectorizer)}]`, style.width).map((line) =>
                  style.paint('dim', line),
                )),
            ...documentLines(document, style),
          ]);
        }
      }
      return;
    case 'feature-importances':
      text.add('importances', () => importanceTable(expl.importances, expl.remaining, style));
      return;
    case 'decision-tree': {
      const { importances } = expl;
      if (importances !== undefined) {
        text.add('importances', () => importanceTable(importances, 0, style));
      }
      text.add('tree', () => treeLines(expl, style));
      return;
    }
    case 'transition-features':
      text.add('transitions', () => transitionTable(expl.classNames, expl.coefficients, style));
  }
}

function heat(text: TextBuilder, map: Heatmap, extent: Extent): void {
  // right beneath the name of its target, if that is shown
  text[text.sections.has('targets') ? 'join' : 'add']('heat', () =>
    heatWords(map, extent, text.style),
  );
}

function sized(extent: Omit<Extent, 'sizes'>, sizes: readonly number[]): Extent {
  return { ...extent, sizes };
}

/** The slice with the most positive mass, and how the mass spreads over the slices. */
function sliceLines(map: NdArray, style: Style, percentile: Percentile): string[] {
  const [depth, height, width] = map.shape;
  const slice = (index: number): Heatmap => ({
    shape: [height, width],
    data: map.data.subarray(index * height * width, (index + 1) * height * width),
  });
  const masses = Array.from({ length: depth }, (_, index) =>
    slice(index).data.reduce((sum, value) => sum + Math.max(value, 0), 0),
  );
  const best = masses.indexOf(greatest(masses));
  return [
    ...wrap(
      `slice ${best + 1} of ${depth}; positive mass by slice: ${masses.map((mass) => plain(mass, 3)).join(', ')}`,
      style.width,
    ),
    ...drawMap(slice(best), undefined, style, percentile),
  ];
}

/** `y='dalmatian' (class 251: dalmatian, coach dog, probability 0.8125, score 9.812)`; all names in the brackets only. */
function targetLines(
  target: TargetBase,
  isRegression: boolean,
  style: Style,
  shown: readonly TargetBase[],
): string[] {
  const { proba, score } = target;
  const instead = topInstead(target, shown);
  const name = givenNameOf(target);
  // a regression has no class: its one value is y
  const bare = isRegression && target.target === 0 ? 'y' : `y=${target.target}`;
  const head = name === undefined ? bare : `y='${clean(name)}'`;
  return headLines(
    head,
    [
      ...(proba === undefined ? [] : [`probability ${plain(proba)}`]),
      ...(score === undefined ? [] : [`score ${plain(score)}`]),
      ...(instead === undefined ? [] : [clean(instead)]),
    ],
    '',
    target,
    isRegression,
    style,
  );
}

/** The same over a table of weights, as in ELI5: `y='cat' (class 1, probability=0.991, score=-4.715) top features`. */
function weightsHead(
  target: TargetBase,
  isRegression: boolean,
  style: Style,
  after: string,
): string[] {
  const { proba, score } = target;
  const name = givenNameOf(target);
  const said = name === undefined ? `${target.target}` : `'${clean(name)}'`;
  const bare = isRegression && name === undefined && target.target === 0 ? 'y' : said;
  return headLines(
    isRegression && bare !== `${target.target}` ? bare : `y=${said}`,
    [
      ...(proba === undefined ? [] : [`probability=${proba.toFixed(3)}`]),
      ...(score === undefined ? [] : [`score=${weightColumn([score])(score)}`]),
    ],
    after,
    target,
    isRegression,
    style,
  );
}

function givenNameOf(target: TargetBase): string | undefined {
  const named = target.label !== undefined || typeof target.target === 'string';
  return named ? shortNameOf(target) : undefined;
}

function headLines(
  head: string,
  numbers: readonly string[],
  after: string,
  target: TargetBase,
  isRegression: boolean,
  style: Style,
): string[] {
  const { label } = target;
  const name = givenNameOf(target);
  const others = label === undefined || label === name ? '' : `: ${clean(label)}`;
  const facts = [
    ...(name !== undefined && typeof target.target === 'number'
      ? [`${isRegression ? 'output' : 'class'} ${target.target}${others}`]
      : []),
    ...numbers,
  ];
  const text = head + (facts.length === 0 ? '' : ` (${facts.join(', ')})`) + after;
  return wrap(text, style.width).map((line, index) => {
    const strong = index > 0 ? 0 : line.startsWith(head) ? head.length : line.length;
    return style.paint('strong', line.slice(0, strong)) + line.slice(strong);
  });
}
