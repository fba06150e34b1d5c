/** The metrics that change the picture and watch the score. */
import { baselineOf } from '../maths/baseline.js';
import { confidenceDrop, maskedBy } from '../maths/metrics/confidence.js';
import { areaUnder, curveCounts, writeMixed } from '../maths/metrics/curve.js';
import { infidelity } from '../maths/metrics/infidelity.js';
import { rankPositions, removedPositions } from '../maths/metrics/ranking.js';
import { imputeRemoved } from '../maths/metrics/road.js';
import { eachPosition } from '../maths/patches.js';
import { seededRandom } from '../maths/random.js';
import { scoresOf, type EvaluationJob } from './job.js';

/** Shares of the side that a hidden square has, from … to. */
const SQUARE = [0.1, 0.5] as const;

/** The curve, one score for each point, from the start to everything changed. */
export async function curve(
  job: EvaluationJob,
  kind: 'deletion' | 'insertion',
): Promise<{ readonly points: number[]; readonly area: number }> {
  const { sample, large, options, range, seed } = job;
  const order = rankPositions(large, seed);
  const counts = curveCounts(order.length, options.steps);
  const other = baselineOf(
    kind === 'deletion' ? options.baseline : options.insertInto,
    sample,
    range,
  );
  const [from, to] = kind === 'deletion' ? [sample, other] : [other, sample];
  const points = await scoresOf(job, {
    count: counts.length,
    write: (index, into) => writeMixed(from.data, to.data, order, counts[index], into),
  });
  return { points: [...points], area: areaUnder(points) };
}

/** Score before, and with only the explanation visible. */
export async function shownAlone(
  job: EvaluationJob,
): Promise<{ readonly drop: number; readonly increase: number }> {
  const { sample, large, options, range } = job;
  const baseline = baselineOf(options.baseline, sample, range);
  const masked = maskedBy(large, sample.data, baseline.data);
  const [before, after] = await scoresOf(job, {
    count: 2,
    write: (index, into) => into.set(index === 0 ? sample.data : masked),
  });
  return { drop: confidenceDrop(before, after), increase: after > before ? 1 : 0 };
}

export interface RoadResult {
  /** Changes of the score by percentile kept, taking away the least and the most relevant pixels. */
  readonly least: number[];
  readonly most: number[];
  /** Mean of (least − most) / 2. */
  readonly combined: number;
}

export async function road(job: EvaluationJob): Promise<RoadResult> {
  const { sample, large, options, range, seed } = job;
  const { percentiles } = options;
  const order = rankPositions(large, seed);
  const noise = options.roadNoise * (range[1] - range[0]);
  const count = percentiles.length;
  const [before, ...after] = await scoresOf(job, {
    count: 1 + 2 * count,
    write(index, into) {
      if (index === 0) return into.set(sample.data);
      const first = index <= count ? 'least' : 'most';
      const removed = removedPositions(order, percentiles[(index - 1) % count], first);
      into.set(imputeRemoved(sample, removed, { noise, seed: seed + index }).data);
    },
  });
  const change = after.map((score) => score - before);
  const [least, most] = [change.slice(0, count), change.slice(count)];
  const combined = least.reduce((sum, value, i) => sum + (value - most[i]) / 2 / count, 0);
  return { least, most, combined };
}

/** Undefined if no perturbation changes the score. */
export async function infidelityOf(job: EvaluationJob): Promise<number | undefined> {
  const { sample, options, range, explained } = job;
  const { perturbation, perturbations, normalize } = options;
  const predicted = new Float64Array(perturbations);
  const write =
    perturbation === 'squares'
      ? squares(job, predicted)
      : noise(job, predicted, options.noise * (range[1] - range[0]));
  const scores = await scoresOf(
    job,
    {
      count: perturbations + 1,
      write: (index, into) => {
        into.set(sample.data);
        if (index > 0) write(index - 1, into);
      },
    },
    explained,
  );
  const drops = scores.subarray(1).map((score) => scores[0] - score);
  return infidelity(predicted, drops, normalize);
}

/** Hides a random box: I is one where it hides and zero elsewhere, so that I·Φ is the map's sum over it. */
function squares(
  { sample, channels, large, options, range, seed }: EvaluationJob,
  predicted: Float64Array,
): (index: number, into: Float32Array) => void {
  const { shape: space, data: map } = large;
  const baseline = baselineOf(options.baseline, sample, range).data;
  return (index, into) => {
    // one random stream for each index, so that the squares do not depend on the chunks
    const random = seededRandom(seed + 7919 * (index + 1));
    const share = SQUARE[0] + (SQUARE[1] - SQUARE[0]) * random.uniform();
    const side = space.map((size) => Math.max(1, Math.round(share * size)));
    const start = space.map((size, axis) => random.integer(size - side[axis] + 1));
    let sum = 0;
    eachPosition({ start, end: start.map((from, axis) => from + side[axis]) }, space, (p) => {
      sum += map[p];
      for (let c = 0; c < channels; c++) into[p * channels + c] = baseline[p * channels + c];
    });
    predicted[index] = sum;
  };
}

/** Takes normal noise away, the same in all channels of a position: I·Φ is Σ noise · map. */
function noise(
  { channels, large, seed }: EvaluationJob,
  predicted: Float64Array,
  sigma: number,
): (index: number, into: Float32Array) => void {
  return (index, into) => {
    const random = seededRandom(seed + 7919 * (index + 1));
    let sum = 0;
    for (let p = 0; p < large.data.length; p++) {
      const change = sigma * random.normal();
      sum += change * large.data[p];
      for (let c = 0; c < channels; c++) into[p * channels + c] -= change;
    }
    predicted[index] = sum;
  };
}
