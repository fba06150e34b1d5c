/**
 * Times side by side: the candidates take turns, in an order that changes from
 * round to round, so that whatever else the machine does strikes all of them.
 * Ratios are of medians of processor time, which a busy machine hardly changes,
 * with the medians of the clock beside them.
 */

/** Milliseconds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface Timing {
  readonly name: string;
  readonly wall: Spread;
  /** Time all threads of this process were on a processor. */
  readonly cpu: Spread;
}

/** Printed once, above the figures. */
export const HOW_MEASURED =
  'ratios: medians of processor time of works that take turns (clock: the same of wall time); then ms of processor time, least to most';

/** Runs each work in turn, `rounds` times after one unmeasured round. */
export async function sideBySide(
  works: Readonly<Record<string, () => unknown>>,
  rounds = 15,
): Promise<Record<string, Timing>> {
  const names = Object.keys(works);
  const taken = names.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const which = (turn + round + names.length) % names.length;
      const cpu = process.cpuUsage();
      const start = performance.now();
      await works[names[which]]();
      const wall = performance.now() - start;
      const { user, system } = process.cpuUsage(cpu);
      if (round < 0) continue;
      taken[which].wall.push(wall);
      taken[which].cpu.push((user + system) / 1000);
    }
  }
  return Object.fromEntries(
    names.map((name, i) => [
      name,
      { name, wall: spread(taken[i].wall), cpu: spread(taken[i].cpu) },
    ]),
  );
}

export function spread(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  return {
    median: sorted[Math.floor(sorted.length / 2)],
    least: sorted[0],
    most: sorted[sorted.length - 1],
  };
}

/** One line: what, over what, ratio, goal, and the milliseconds behind it. */
export function ratioLine(what: string, a: Timing, b: Timing, goal?: number, per = 1): string {
  const ratio = a.cpu.median / b.cpu.median / per;
  const clock = a.wall.median / b.wall.median / per;
  const aim = goal === undefined ? '' : `  goal ${goal}${ratio <= goal ? '' : '  MISSED'}`;
  const left = `${what.padEnd(62)} ${ratio.toFixed(2).padStart(6)} (clock ${clock.toFixed(2)})`;
  return `${left}${aim.padEnd(20)}  ${range(a.cpu)} / ${range(b.cpu)}`;
}

/** Processor time, and the clock's median beside it. */
export function ms({ cpu, wall }: Timing): string {
  return `${range(cpu)} ms, clock ${wall.median.toFixed(1)} (${wall.least.toFixed(1)}–${wall.most.toFixed(1)})`;
}

/** The clock alone: for work another process does. */
export function clock({ wall }: Timing): string {
  return `${range(wall)} ms`;
}

/** `3.1 (2.9–3.4)` */
export function range({ median, least, most }: Spread, digits = 1): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

/** Peak resident memory of this process in MB, as the system counts it. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS / 1024;
}
