/** Tries one kind with each seed that it is sent, and says how it ended. */
import { isWhylensError } from '../../src/errors.js';
import { trialOf, warmUp, type Trial } from './kinds.js';

interface Order {
  readonly kind: string;
  readonly seed: number;
}
let stray: unknown;
const trials = new Map<string, Trial>();
/** Seconds that the files took as they are, by kind. */
const usual = new Map<string, number>();
function secondsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
}
/** The most memory that this process ever held, in bytes. */
const peak = (): number => process.resourceUsage().maxRSS * 1024;
process.on('unhandledRejection', (error) => (stray = error));
process.on('message', ({ kind, seed }: Order) => {
  void (async () => {
    let problem: string | undefined;
    let trial = trials.get(kind);
    if (trial === undefined) {
      trials.set(kind, (trial = trialOf(kind)));
      // a file that is refused as it is (weights alone, a custom layer) is damaged all the same
      const began = process.cpuUsage();
      await warmUp(kind).catch(() => undefined);
      usual.set(kind, secondsSince(began));
    }
    const [before, began] = [peak(), process.cpuUsage()];
    try {
      await trial(seed);
    } catch (error) {
      if (!isWhylensError(error)) problem = String((error as Error)?.stack ?? error);
    }
    await new Promise((done) => setImmediate(done));
    if (stray !== undefined) problem = `unhandled: ${String((stray as Error)?.stack ?? stray)}`;
    stray = undefined;
    const seconds = secondsSince(began);
    process.send!({
      problem,
      rss: process.memoryUsage.rss(),
      grown: peak() - before,
      // a large network that is read rightly takes its time
      beyond: seconds - usual.get(kind)!,
    });
  })();
});
process.send!({ ready: true });
