/** Imported before the command: tells the most memory that was resident, in KB. */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  process.on('exit', () => process.stderr.write(`peak ${process.resourceUsage().maxRSS}`));
}
