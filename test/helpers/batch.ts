/** What tests of batches share: pictures, processes, and a look at what they left. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import { emptyFolder, MODULES, writePicture } from './command.js';

const MAIN = resolve('build/src/cli/main.js');

/** A model and a method that need no backend. */
export const SIDES = [
  ...['-m', MODULES.sidesModel],
  ...['--plugin', MODULES.explainer, '--method', 'grid-occlusion'],
];

/** A folder with `count` pictures in `in/`. */
export async function pictures(t: ExecutionContext, count: number): Promise<string> {
  const cwd = await emptyFolder(t);
  await mkdir(join(cwd, 'in'));
  for (let i = 0; i < count; i++) {
    const name = `p${String(i).padStart(3, '0')}.png`;
    await writePicture(join(cwd, 'in', name), (x, y) => (x + 3 * i) % 60 < 20 + (y % 7), [60, 40]);
  }
  return cwd;
}

/** A file of JSON lines. */
export async function jsonLines(path: string): Promise<Record<string, unknown>[]> {
  const text = (await readFile(path, 'utf8')).trimEnd();
  return text === ''
    ? []
    : text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Every file of a folder but the journal, which holds times, by name with a hash of its content. */
export async function contentOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const found: Record<string, string> = {};
  for (const name of names) {
    if (!(await stat(join(folder, name))).isFile() || name === 'journal.jsonl') continue;
    const bytes = await readFile(join(folder, name));
    found[name] = createHash('sha256').update(bytes).digest('hex');
  }
  return found;
}

export interface Started {
  readonly child: ChildProcess;
  /** The exit code, or null for a process that was killed. */
  readonly ended: Promise<number | null>;
  /** All that it printed. */
  said(): string;
}

export function start(t: ExecutionContext, cwd: string, args: readonly string[]): Started {
  // as if watched already: a kill then hits the process that works
  const env = { ...process.env, NO_COLOR: '1', WHYLENS_WATCHER: String(process.pid) };
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env });
  t.teardown(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (part: Buffer) => (text += part.toString()));
  child.stderr.on('data', (part: Buffer) => (text += part.toString()));
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  return { child, ended, said: () => text };
}

/** Resolves once the journal has at least `lines` lines, or the process ended. */
export async function journalHas(
  folder: string,
  lines: number,
  ended: Promise<unknown>,
): Promise<void> {
  let over = false;
  void ended.then(() => (over = true));
  while (!over) {
    const text = await readFile(join(folder, 'journal.jsonl'), 'utf8').catch(() => '');
    if (text.split('\n').length - 1 >= lines) return;
    await new Promise((soon) => setImmediate(soon));
  }
}
