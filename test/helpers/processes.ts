/** Processes of tests: each ends with its test at the latest, and waiting for one has a limit. */
import { spawn, type ChildProcess } from 'node:child_process';

export interface LaunchOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What is piped in; left out, nothing can be read. */
  readonly stdin?: Uint8Array | string;
  /** Milliseconds after which it is ended, and waiting for it fails. */
  readonly limit?: number;
}

export interface Running {
  readonly child: ChildProcess;
  /** The exit code, or null for a process that was killed. Rejects after the limit. */
  readonly ended: Promise<number | null>;
  stdout(): string;
  stderr(): string;
  /** Ends it and all that it started, and waits for that. */
  kill(): Promise<void>;
}

/** Below the time after which the test runner gives up, so that the test itself says what hangs. */
const LIMIT = 120_000;
const BREAK = 5;

const open = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of open) killGroup(child);
});

/** A process in a group of its own, so that what it starts can be ended with it. */
export function launch(
  command: string,
  args: readonly string[],
  { cwd, env, stdin, limit = LIMIT }: LaunchOptions = {},
): Running {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    // never those of the test runner: whoever reads its output would wait for them
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  open.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (stdout += part));
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (stderr += part));
  // a command that does not read its input is no error
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin);
  const closed = new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  }).finally(() => open.delete(child));
  const ended = within(limit, closed, () => {
    killGroup(child);
    const said = `${stdout.slice(-2000)}\n${stderr.slice(-2000)}`;
    return `'${[command, ...args].join(' ')}' did not end; it said:\n${said}`;
  });
  ended.catch(() => undefined);
  return {
    child,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: async () => {
      killGroup(child);
      await closed.catch(() => undefined);
    },
  };
}

/** What `waited` gives, or an error with what `late` says after so many milliseconds. */
export async function within<T>(limit: number, waited: Promise<T>, late: () => string): Promise<T> {
  if (limit === Infinity) return waited;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`after ${limit / 1000} s: ${late()}`)), limit);
  });
  return Promise.race([waited, over]).finally(() => clearTimeout(timer));
}

/** Asks again and again, with short breaks, until the answer is true. */
export async function until(
  what: string,
  answer: () => Promise<boolean> | boolean,
  limit = LIMIT,
): Promise<void> {
  const end = performance.now() + limit;
  while (!(await answer())) {
    if (performance.now() > end) throw new Error(`after ${limit / 1000} s: ${what}`);
    await new Promise((soon) => setTimeout(soon, BREAK));
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}
