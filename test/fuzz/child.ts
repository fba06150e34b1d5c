/** Tries one kind with each seed that it is sent, and says how it ended. */
import { isWhylensError } from '../../src/errors.js';
import { KINDS } from './kinds.js';

interface Order {
  readonly kind: string;
  readonly seed: number;
}
let stray: unknown;
process.on('unhandledRejection', (error) => (stray = error));
process.on('message', ({ kind, seed }: Order) => {
  void (async () => {
    let problem: string | undefined;
    try {
      await KINDS[kind](seed);
    } catch (error) {
      if (!isWhylensError(error)) problem = String((error as Error)?.stack ?? error);
    }
    await new Promise((done) => setImmediate(done));
    if (stray !== undefined) problem = `unhandled: ${String((stray as Error)?.stack ?? stray)}`;
    stray = undefined;
    process.send!({ problem, rss: process.memoryUsage.rss() });
  })();
});
process.send!({ ready: true });
