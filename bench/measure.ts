/** Times side by side: candidates take turns in one run, ratios are of medians. */

export interface Timing {
  readonly name: string;
  /** Milliseconds. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Runs each work in turn, `rounds` times after one unmeasured round. */
export async function sideBySide(
  works: Readonly<Record<string, () => unknown>>,
  rounds = 15,
): Promise<Record<string, Timing>> {
  const times: Record<string, number[]> = Object.fromEntries(
    Object.keys(works).map((name) => [name, []]),
  );
  for (let round = -1; round < rounds; round++) {
    for (const [name, work] of Object.entries(works)) {
      const start = performance.now();
      await work();
      if (round >= 0) times[name].push(performance.now() - start);
    }
  }
  return Object.fromEntries(
    Object.entries(times).map(([name, list]) => {
      const sorted = [...list].sort((a, b) => a - b);
      const median = sorted[Math.floor(sorted.length / 2)];
      return [name, { name, median, least: sorted[0], most: sorted[sorted.length - 1] }];
    }),
  );
}

/** One line: what, over what, ratio, goal, and the milliseconds behind it. */
export function ratioLine(what: string, a: Timing, b: Timing, goal?: number, per = 1): string {
  const ratio = a.median / b.median / per;
  const aim = goal === undefined ? '' : `  goal ${goal}${ratio <= goal ? '' : '  MISSED'}`;
  const left = `${what.padEnd(58)} ${ratio.toFixed(2).padStart(7)}`;
  return `${left}${aim.padEnd(20)}  ${ms(a)} / ${ms(b)}`;
}

export function ms({ median, least, most }: Timing): string {
  return `${median.toFixed(1)} ms (${least.toFixed(1)}–${most.toFixed(1)})`;
}

/** Peak resident memory of this process in MB, as the system counts it. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS / 1024;
}
