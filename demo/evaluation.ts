/** What `npm run evaluate` finds, as it stands in docs/evaluation.json. */
import type { ExplainerFamily } from '../src/container/plugin.js';
import type { Metric } from '../src/index.js';
import type { MetricInfo, Randomisation } from '../src/entry/evaluate.js';
import type { Estimate } from '../src/maths/index.js';

export interface MethodResult {
  readonly id: string;
  readonly family: ExplainerFamily;
  /** Options that are not the method's defaults. */
  readonly options: Readonly<Record<string, number | string>>;
  /** Scenes explained. */
  readonly n: number;
  /** Median time of one explanation. */
  readonly milliseconds: number;
  /** Passes through the model for one explanation. */
  readonly forward: number;
  readonly backward: number;
  readonly metrics: Readonly<Partial<Record<Metric, Estimate>>>;
  readonly randomisation: Randomisation & { readonly n: number };
}

export interface EvaluationTable {
  readonly model: string;
  readonly backend: string;
  readonly scenes: { readonly seed: number; readonly looked: number; readonly taken: number };
  /** Settings of the metrics, the same for all methods. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Share of a scene that the true box covers: what a constant map scores. */
  readonly boxes: number;
  readonly methods: readonly MethodResult[];
}

/** Columns of the table and of the picture. */
export const COLUMNS: readonly { readonly metric: Metric; readonly title: string }[] = [
  { metric: 'pointing', title: 'pointing' },
  { metric: 'energy', title: 'energy' },
  { metric: 'iou', title: 'IoU' },
  { metric: 'deletion', title: 'deletion' },
  { metric: 'insertion', title: 'insertion' },
  { metric: 'road', title: 'ROAD' },
  { metric: 'drop', title: 'drop' },
  { metric: 'increase', title: 'increase' },
  { metric: 'infidelity', title: 'infidelity' },
  { metric: 'sensitivity', title: 'sensitivity' },
];

export const arrow = ({ better }: Pick<MetricInfo, 'better'>): string =>
  better === 'higher' ? '↑' : '↓';

/** A time that a reader can take in. */
export function timeText(milliseconds: number): string {
  return milliseconds < 1000
    ? `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Passes in words: `1 + 1` is one forwards and one back. */
export function passesText({
  forward,
  backward,
}: Pick<MethodResult, 'forward' | 'backward'>): string {
  return backward === 0 ? String(forward) : `${forward} + ${backward}`;
}
