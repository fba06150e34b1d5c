/** Frozen numbers and pictures that lie outside the repository; tests that need them say loudly when they are absent. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ExecutionContext } from 'ava';

/** The shared folder: `WHYLENS_SHARED`, or the nearest `shared/` beside or above the working directory. */
export function sharedDir(): string | undefined {
  const named = process.env.WHYLENS_SHARED;
  if (named !== undefined && named !== '') return existsSync(named) ? named : undefined;
  for (let at = resolve('.'); ; at = dirname(at)) {
    const candidate = join(at, 'shared');
    if (existsSync(join(candidate, 'golden'))) return candidate;
    if (dirname(at) === at) return undefined;
  }
}

/** The path of a shared file, or undefined after telling that the test checks nothing here. */
export function sharedFile(t: ExecutionContext, ...parts: readonly string[]): string | undefined {
  const folder = sharedDir();
  const path = folder === undefined ? undefined : join(folder, ...parts);
  if (path !== undefined && existsSync(path)) return path;
  t.log(`NOT CHECKED: ${parts.join('/')} is not on this machine (set WHYLENS_SHARED)`);
  t.pass();
  return undefined;
}
