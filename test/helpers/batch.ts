/** What tests of batches share: pictures, processes, and a look at what they left. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { emptyFolder, MAIN, MODULES, writePicture } from './command.js';
import { launch, until, type Running } from './processes.js';

/** A model and a method that need no backend. */
export const SIDES = [
  ...['-m', MODULES.sidesModel],
  ...['--plugin', MODULES.explainer, '--method', 'grid-occlusion'],
];

/** The same with more to do for each document, so that a signal meets a batch at work on any machine. */
export const SLOWLY = [...SIDES, '--opt', 'rows=64', '--opt', 'columns=64'];

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

export interface Started extends Running {
  /** All that it printed. */
  said(): string;
}

export function start(t: ExecutionContext, cwd: string, args: readonly string[]): Started {
  // as if watched already: a kill then hits the process that works
  const env = { NO_COLOR: '1', WHYLENS_WATCHER: String(process.pid) };
  const running = launch(process.execPath, [MAIN, ...args], { cwd, env });
  t.teardown(() => running.kill());
  return { ...running, said: () => running.stdout() + running.stderr() };
}

/** Resolves once the journal has at least `lines` lines, or the process ended. */
export async function journalHas(
  folder: string,
  lines: number,
  ended: Promise<unknown>,
): Promise<void> {
  let over = false;
  const stop = () => (over = true);
  void ended.then(stop, stop);
  await until(`the journal in '${folder}' has no ${lines} lines`, async () => {
    const text = await readFile(join(folder, 'journal.jsonl'), 'utf8').catch(() => '');
    return over || text.split('\n').length - 1 >= lines;
  });
}
