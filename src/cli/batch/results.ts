/** The table of a batch: one line for each document and target, in numbers that can be queried. */
import type { Explanation, FeatureWeights, Heatmap, TargetBase } from '../../explanation.js';

/** One line. Places are shares of the picture: 0 is left or top, 1 is right or bottom. */
export interface ResultRow {
  readonly method: string;
  readonly target: string;
  readonly label: string | null;
  readonly score: number | null;
  readonly probability: number | null;
  /** Centre of mass of the positive heat. */
  readonly centerX: number | null;
  readonly centerY: number | null;
  /** The smallest box around the hottest places that hold half of the positive heat together. */
  readonly boxLeft: number | null;
  readonly boxTop: number | null;
  readonly boxRight: number | null;
  readonly boxBottom: number | null;
  /** The feature, word or concept that weighs most. */
  readonly topFeature: string | null;
  readonly topWeight: number | null;
  readonly metrics: Readonly<Record<string, number | null>>;
}

/** The rows of a record: one for each target, or a single one if it has none. */
export function rowsOf(
  explanation: Explanation,
  metrics: readonly Readonly<Record<string, number | null>>[] = [],
): ResultRow[] {
  const { targets = [] } = explanation as { targets?: readonly TargetBase[] };
  const rows = targets.length === 0 ? [{ target: '' } as TargetBase] : targets;
  return rows.map((target, at) => ({
    method: explanation.method,
    target: String(target.target),
    label: target.label ?? null,
    score: finite(target.score),
    probability: finite(target.proba),
    ...placesOf((target as { heatmap?: Heatmap }).heatmap),
    ...topOf(explanation, target),
    metrics: metrics[at] ?? {},
  }));
}

type Places = Pick<
  ResultRow,
  'centerX' | 'centerY' | 'boxLeft' | 'boxTop' | 'boxRight' | 'boxBottom'
>;

const NOWHERE: Places = {
  centerX: null,
  centerY: null,
  boxLeft: null,
  boxTop: null,
  boxRight: null,
  boxBottom: null,
};

/** Where the heat of a map `[height, width]` lies; nowhere without positive heat. */
export function placesOf(map: Heatmap | undefined): Places {
  if (map?.shape.length !== 2) return NOWHERE;
  const [height, width] = map.shape;
  const hot = [...map.data.keys()].filter((i) => map.data[i] > 0);
  const all = hot.reduce((sum, i) => sum + map.data[i], 0);
  if (!(all > 0)) return NOWHERE;
  let x = 0;
  let y = 0;
  for (const i of hot) {
    x += map.data[i] * ((i % width) + 0.5);
    y += map.data[i] * (Math.floor(i / width) + 0.5);
  }
  hot.sort((a, b) => map.data[b] - map.data[a] || a - b);
  let left = width;
  let top = height;
  let right = 0;
  let bottom = 0;
  let held = 0;
  for (const i of hot) {
    if (held >= all / 2) break;
    held += map.data[i];
    const column = i % width;
    const row = Math.floor(i / width);
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row + 1);
  }
  return {
    centerX: x / all / width,
    centerY: y / all / height,
    boxLeft: left / width,
    boxTop: top / height,
    boxRight: right / width,
    boxBottom: bottom / height,
  };
}

function topOf(
  explanation: Explanation,
  target: TargetBase,
): Pick<ResultRow, 'topFeature' | 'topWeight'> {
  const { featureWeights, weightedSpans } = target as {
    featureWeights?: FeatureWeights;
    weightedSpans?: {
      documents: readonly { spans: readonly { feature: string; weight: number }[] }[];
    };
  };
  const candidates =
    explanation.kind === 'feature-weights' && featureWeights !== undefined
      ? [...featureWeights.pos, ...featureWeights.neg].filter(({ feature }) => feature !== '<BIAS>')
      : (weightedSpans?.documents.flatMap(({ spans }) => spans) ?? []);
  let best: { feature: string; weight: number } | undefined;
  for (const one of candidates) {
    if (best === undefined || Math.abs(one.weight) > Math.abs(best.weight)) best = one;
  }
  return { topFeature: best?.feature ?? null, topWeight: finite(best?.weight) };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
