/** Figures of many rows: a summary of their explanations, and how a prediction depends on one feature. */
import { WhylensError } from '../src/errors.js';
import type { Explanation, FeatureWeightsExplanation, Picture } from '../src/explanation.js';
import { validateOptions, type OptionSpecs } from '../src/options.js';
import { curvesBlock, type Dependence } from './drawing/curves.js';
import { PALETTES, moved, type Block, type FigureTheme, type Scene } from './drawing/scene.js';
import { swarmBlock, swarmsOf } from './drawing/swarm.js';
import { withTitle } from './drawing/titles.js';
import { toPicture } from './drawing/to-picture.js';
import { toSvg } from './drawing/to-svg.js';
import { nameOf } from './shared/numbers.js';

const MARGIN = 16;

const DRAWN = {
  title: { type: 'string', default: '', help: 'what stands above the figure' },
  theme: {
    type: 'choice',
    choices: ['light', 'dark'],
    default: 'light',
    help: 'colours of the page',
  },
  format: {
    type: 'choice',
    choices: ['svg', 'png'],
    default: 'svg',
    help: 'a drawing or a picture',
  },
  scale: {
    type: 'number',
    min: 0.1,
    max: 32,
    default: 2,
    help: 'pixels of the picture for one pixel of the figure (png)',
  },
} as const satisfies OptionSpecs;
const SUMMARY = {
  top: { type: 'number', integer: true, min: 1, max: 200, default: 20, help: 'how many features' },
  target: {
    type: 'number',
    integer: true,
    min: 0,
    default: 0,
    help: "position among a record's targets",
  },
  ...DRAWN,
} as const satisfies OptionSpecs;

export type { Dependence };

/** Options of `formatAsDependence`. */
export interface DependenceOptions {
  /** Default: the feature's name. */
  readonly title?: string;
  readonly theme?: FigureTheme;
  /** `'svg'` (default): a drawing as text; `'png'`: a picture for `saveImage`. */
  readonly format?: 'svg' | 'png';
  /** Pixels of the picture for one pixel of the figure. Default 2. */
  readonly scale?: number;
}

/** Options of `formatAsSummary`. */
export interface SummaryOptions extends DependenceOptions {
  /** How many features are shown, those with the largest mean weight. Default 20. */
  readonly top?: number;
  /** Which of each record's targets, by position. Default 0. */
  readonly target?: number;
}

/**
 * Explanations of many rows in one figure (a beeswarm): one line for each feature and one dot for
 * each row, to the right if the feature raises the score, coloured by the feature's value.
 * Features are sorted by their mean weight without its sign.
 *
 * Explain the rows with `top: null`; otherwise features below the cut count as 0.
 *
 * @param records what `explainPredictions` gives for rows of one model
 * @returns SVG, or with `format: 'png'` a picture
 * @throws WhylensError `INVALID_EXPLANATION` for other records, `INVALID_OPTION`
 * @example
 * const records = await Array.fromAsync(explainPredictions(model, rows, { method: 'tree-shap', top: null }));
 * await saveImage(formatAsSummary(records, { format: 'png' }), 'summary.png');
 */
export function formatAsSummary(
  records: readonly Explanation[],
  options: SummaryOptions & { readonly format: 'png' },
): Picture;
export function formatAsSummary(
  records: readonly Explanation[],
  options?: SummaryOptions & { readonly format?: 'svg' },
): string;
export function formatAsSummary(
  records: readonly Explanation[],
  options: SummaryOptions = {},
): Picture | string {
  const { top, target, ...drawn } = validateOptions('summary', SUMMARY, { ...options });
  const rows = records.filter(
    (one): one is FeatureWeightsExplanation => one.kind === 'feature-weights',
  );
  if (rows.length === 0 || rows.length !== records.length) {
    const other = records.find(({ kind }) => kind !== 'feature-weights');
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a summary needs explanations of rows (kind feature-weights), got ${other === undefined ? 'none' : `kind '${other.kind}'`}`,
    );
  }
  const short = rows.find(({ targets }) => targets.length <= target);
  if (short !== undefined) {
    throw new WhylensError(
      'INVALID_OPTION',
      `option 'target' must be the position of a target of every record, from 0 to ${short.targets.length - 1}; got ${target}`,
    );
  }
  const { shown, more } = swarmsOf(rows, target, top);
  const palette = PALETTES[drawn.theme];
  const names = new Set(rows.map(({ targets }) => nameOf(targets[target])));
  const title = names.size === 1 ? `${[...names][0]}: ${rows.length} rows` : `${rows.length} rows`;
  return finished(swarmBlock(shown, more, palette), title, drawn);
}

/**
 * What `partialDependence` gives, drawn: the mean prediction over the values
 * of the feature, one curve for each class, and behind it each row's own if `kind` was `'both'` or
 * `'individual'`.
 *
 * @returns SVG, or with `format: 'png'` a picture
 * @throws WhylensError `INVALID_EXPLANATION` for two features, `INVALID_OPTION`
 * @example
 * const pd = await partialDependence(model, table, 'age', { kind: 'both' });
 * await saveImage(formatAsDependence(pd, { format: 'png' }), 'age.png');
 */
export function formatAsDependence(
  dependence: Dependence,
  options: DependenceOptions & { readonly format: 'png' },
): Picture;
export function formatAsDependence(
  dependence: Dependence,
  options?: DependenceOptions & { readonly format?: 'svg' },
): string;
export function formatAsDependence(
  dependence: Dependence,
  options: DependenceOptions = {},
): Picture | string {
  const drawn = validateOptions('dependence', DRAWN, { ...options });
  if (dependence.features.length !== 1) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `a dependence figure shows one feature, got ${dependence.features.join(', ')}; call partialDependence for each of them`,
    );
  }
  const title = `${dependence.features[0]}: ${dependence.rows} rows`;
  return finished(curvesBlock(dependence, PALETTES[drawn.theme]), title, drawn);
}

function finished(
  block: Block,
  usual: string,
  { title, theme, format, scale }: Required<DependenceOptions>,
): Picture | string {
  const palette = PALETTES[theme];
  const panel = withTitle(block, title === '' ? usual : title, palette);
  const scene: Scene = {
    width: panel.width + 2 * MARGIN,
    height: panel.height + 2 * MARGIN,
    background: palette.page,
    title: title === '' ? usual : title,
    shapes: moved(panel, MARGIN, MARGIN),
  };
  return format === 'png' ? toPicture(scene, scale) : toSvg(scene);
}
