/** Showing some regions of a sample and hiding the others: what `lime` and `kernel-shap` share. */
import type { ExplainContext } from '../../src/container/plugin.js';
import type { Heatmap, NdArray } from '../../src/explanation.js';
import { splitShape } from '../../src/maths/channels.js';
import { sampleOf } from '../../src/maths/ndarray.js';
import {
  isSegmentChoice,
  parseSegments,
  segmentsOf,
  SEGMENTS_EXPECTS,
} from '../../src/maths/segments.js';
import type { OptionSpecs, OptionValues } from '../../src/options.js';
import { type BASELINE_OPTIONS, baselinesOf } from './baseline-option.js';
import type { PlainRun } from './input-calls.js';
import { scoreVariants } from './variants.js';

/** Spread into the options of a method over regions. */
export const REGION_OPTIONS = {
  segments: {
    type: 'value',
    expects: SEGMENTS_EXPECTS,
    check: isSegmentChoice,
    parse: parseSegments,
    default: 50,
    help: "regions: a number of superpixels, a grid such as '7x7', or a region number for every position",
  },
} as const satisfies OptionSpecs;

type RegionsContext = ExplainContext<OptionValues<typeof REGION_OPTIONS & typeof BASELINE_OPTIONS>>;

/** One sample cut into regions. */
export interface Regions {
  readonly sample: NdArray;
  readonly baseline: NdArray;
  /** Region of every position. */
  readonly labels: Int32Array;
  /** Regions in all. */
  readonly count: number;
  /**
   * Per region its place in a coalition, −1 if the sample already equals the baseline there:
   * hiding such a region cannot change the answer.
   */
  readonly players: Int32Array;
  readonly playerCount: number;
}

export function regionsOf(context: RegionsContext): Regions[] {
  const choice = context.options.segments;
  const baselines = baselinesOf(context);
  return context.targets.map((_, n) => {
    const sample = sampleOf(context.inputs[context.input], n);
    const { labels, count } = segmentsOf(choice, sample);
    const { channels } = splitShape(sample.shape);
    const players = new Int32Array(count).fill(-1);
    sample.data.forEach((value, i) => {
      if (value !== baselines[n].data[i]) players[labels[Math.floor(i / channels)]] = 0;
    });
    let playerCount = 0;
    players.forEach((player, region) => {
      if (player === 0) players[region] = playerCount++;
    });
    return { sample, baseline: baselines[n], labels, count, players, playerCount };
  });
}

/** Scores of every sample's coalitions, `[sample][target][coalition]`; a full one is known and not run. */
export async function scoreCoalitions(
  context: ExplainContext,
  plain: PlainRun,
  regions: readonly Regions[],
  coalitions: readonly (readonly Uint8Array[])[],
): Promise<Float64Array[][]> {
  const scores = coalitions.map((rows, n) =>
    plain.scores[n].map((score) => new Float64Array(rows.length).fill(score)),
  );
  const toRun = coalitions.map((rows) => rows.map((_, i) => i).filter((i) => rows[i].includes(0)));
  await scoreVariants(
    context,
    plain,
    {
      count: (n) => toRun[n].length,
      write: (n, index, into) => show(regions[n], coalitions[n][toRun[n][index]], into),
    },
    (n, index, values) => values.forEach((v, t) => (scores[n][t][toRun[n][index]] = v)),
  );
  return scores;
}

/** One weight for each player, as a map: every position has its region's weight, 0 where there is no player. */
export function regionMap(
  { sample, labels, players }: Regions,
  weights: ArrayLike<number>,
): Heatmap {
  const { space } = splitShape(sample.shape);
  const data = Float32Array.from(labels, (label) =>
    players[label] < 0 ? 0 : weights[players[label]],
  );
  return { shape: space, data };
}

function show(
  { sample, baseline, labels, players }: Regions,
  coalition: Uint8Array,
  into: Float32Array,
): void {
  const { channels } = splitShape(sample.shape);
  for (let p = 0, at = 0; p < labels.length; p++) {
    const player = players[labels[p]];
    const from = player >= 0 && coalition[player] === 0 ? baseline.data : sample.data;
    for (let c = 0; c < channels; c++, at++) into[at] = from[at];
  }
}
