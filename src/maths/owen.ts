/** Owen values over a binary hierarchy, the important branches first. */

/** `values[target][mask]` of coalitions: rows of 0 and 1. */
export type CoalitionScores = (masks: readonly Uint8Array[]) => Promise<Float64Array[]>;

export interface OwenValues {
  /** `values[target][player]`; each sums exactly to v(all) − v(none). */
  readonly values: readonly Float64Array[];
  /** v(none) by target. */
  readonly base: number[];
  readonly evaluations: number;
  /** False if the budget ended before every run was split into single players. */
  readonly complete: boolean;
}

/** A run of players, the others being held, and how much it counts. */
interface Run {
  readonly low: number;
  readonly high: number;
  readonly shown: Uint8Array;
  readonly without: readonly number[];
  readonly withIt: readonly number[];
  readonly weight: number;
}

/**
 * A run of players that gets v(with) − v(without) is split in two; each half
 * gets the mean of what it adds to nothing and to the other half. Single players keep what they
 * get; runs that the budget does not reach are shared evenly.
 *
 * @param split where the run from `low` to `high` (exclusive) is split
 * @param budget coalitions scored at most, at least 2
 */
export async function owenValues(
  players: number,
  split: (low: number, high: number) => number,
  score: CoalitionScores,
  budget: number,
): Promise<OwenValues> {
  const none = new Uint8Array(players);
  const ends = await score([none, none.map(() => 1)]);
  const base = ends.map((list) => list[0]);
  const values = ends.map(() => new Float64Array(players));
  let evaluations = 2;
  let complete = true;
  let runs: Run[] =
    players === 0
      ? []
      : [
          {
            low: 0,
            high: players,
            shown: none,
            without: base,
            withIt: ends.map((list) => list[1]),
            weight: 1,
          },
        ];
  while (runs.length > 0) {
    const open = runs.filter(({ low, high, ...run }) => {
      if (high - low > 1) return true;
      values.forEach((list, t) => (list[low] += gain(run, t)));
      return false;
    });
    open.sort((a, b) => size(b) - size(a));
    const affordable = Math.max(0, Math.floor((budget - evaluations) / 2));
    for (const run of open.slice(affordable)) {
      complete = false;
      values.forEach((list, t) => {
        for (let i = run.low; i < run.high; i++) list[i] += gain(run, t) / (run.high - run.low);
      });
    }
    const taken = open.slice(0, affordable);
    if (taken.length === 0) break;
    const middles = taken.map(({ low, high }) => split(low, high));
    const masks = taken.flatMap(({ low, high, shown }, i) => [
      shown.map((v, p) => (p >= low && p < middles[i] ? 1 : v)),
      shown.map((v, p) => (p >= middles[i] && p < high ? 1 : v)),
    ]);
    const found = await score(masks);
    evaluations += masks.length;
    runs = taken.flatMap((run, i): Run[] => {
      const middle = middles[i];
      const [left, right] = [0, 1].map((side) => found.map((list) => list[2 * i + side]));
      const half = run.weight / 2;
      const [first, second] = [
        { low: run.low, high: middle },
        { low: middle, high: run.high },
      ];
      return [
        { ...first, shown: run.shown, without: run.without, withIt: left, weight: half },
        { ...first, shown: masks[2 * i + 1], without: right, withIt: run.withIt, weight: half },
        { ...second, shown: run.shown, without: run.without, withIt: right, weight: half },
        { ...second, shown: masks[2 * i], without: left, withIt: run.withIt, weight: half },
      ];
    });
  }
  return { values, base, evaluations, complete };
}

function gain(
  { without, withIt, weight }: Pick<Run, 'without' | 'withIt' | 'weight'>,
  t: number,
): number {
  return weight * (withIt[t] - without[t]);
}

function size(run: Run): number {
  return run.without.reduce((sum, _, t) => sum + Math.abs(gain(run, t)), 0);
}
