/** Names of temporary files, and the removal of those that killed processes left. */
import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

/** Processes of other machines may write into the same folder: their files are left alone. */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const PATTERN = new RegExp(`^[.].*[.]whylens-${MACHINE}-(\\d+)-[0-9a-z_]+[.]tmp$`, 's');
const LONGEST_NAME = 40;

const cleaned = new Set<string>();
let counter = 0;

/** A hidden name beside `name` that no other process or thread uses. */
export function temporaryName(name: string): string {
  const start = [...name].slice(0, LONGEST_NAME).join('');
  return `.${start}.whylens-${MACHINE}-${process.pid}-${threadId}_${(counter++).toString(36)}.tmp`;
}

/** Removes temporary files of processes of this machine that no longer run; once for each folder and process. */
export function cleanFolder(folder: string): void {
  if (cleaned.has(folder)) return;
  cleaned.add(folder);
  removeLeft(folder, (owner) => owner !== process.pid && !isRunning(owner));
}

/** Removes what this process has not finished writing; for an end without warning. */
export function removeUnfinished(): void {
  for (const folder of cleaned) removeLeft(folder, (owner) => owner === process.pid);
}

function removeLeft(folder: string, isGarbage: (processId: number) => boolean): void {
  try {
    for (const name of readdirSync(folder)) {
      const found = PATTERN.exec(name)?.[1];
      if (found !== undefined && isGarbage(Number(found))) {
        rmSync(join(folder, name), { force: true });
      }
    }
  } catch {
    // if something hinders writing there, the writing itself reports it
  }
}

/** True for a process of this machine that has not ended. */
export function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
