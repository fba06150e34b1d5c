/**
 * Committed file snapshots: what a formatter made, in a file that a reviewer
 * can open. `UPDATE_SNAPSHOTS=1 npx ava …` writes them; otherwise the result is
 * compared and, when it differs, left beside the snapshot as `name-changed.ext`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import type { ExecutionContext } from 'ava';

export interface SnapshotOptions {
  /** Says in words how far the two differ, or undefined where they agree well enough; left out, every byte counts. */
  readonly compare?: (expected: Uint8Array, actual: Uint8Array) => string | undefined;
}

const folder = resolve('test/snapshots');

/** Compares `actual` with `test/snapshots/<name>`; `name` has the file's ending and may have folders. */
export function matchSnapshot(
  t: ExecutionContext,
  name: string,
  actual: string | Uint8Array,
  { compare = difference }: SnapshotOptions = {},
): void {
  const path = resolve(folder, name);
  const changed = path.slice(0, path.length - extname(path).length) + '-changed' + extname(path);
  const bytes = typeof actual === 'string' ? Buffer.from(actual, 'utf8') : actual;
  const problem = existsSync(path)
    ? compare(readFileSync(path), bytes)
    : 'there is no such snapshot yet';
  if (problem === undefined) {
    rmSync(changed, { force: true });
    t.pass();
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  if (process.env.UPDATE_SNAPSHOTS === '1') {
    rmSync(changed, { force: true });
    writeFileSync(path, bytes);
    t.log(`wrote test/snapshots/${name}: ${problem}`);
    t.pass();
    return;
  }
  writeFileSync(changed, bytes);
  t.fail(
    `test/snapshots/${name}: ${problem}; the result is beside it as *-changed. If it is right, run again with UPDATE_SNAPSHOTS=1`,
  );
}

function difference(expected: Uint8Array, actual: Uint8Array): string | undefined {
  const length = Math.min(expected.length, actual.length);
  let at = 0;
  while (at < length && expected[at] === actual[at]) at++;
  if (at === length && expected.length === actual.length) return undefined;
  const line = Buffer.from(expected.subarray(0, at)).toString('latin1').split('\n').length;
  return `differs from byte ${at} on (line ${line}); ${expected.length} bytes expected, ${actual.length} made`;
}
