/**
 * Code of others (a plugin, a model that is a JavaScript module) may loop forever, and a process
 * in such a loop hears no signal. Such a command runs in a
 * process of its own; this one only watches it, so that Ctrl-C always ends it.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { EXIT } from './io.js';

/** Holds the watcher's process number, in the process that is watched. */
const VARIABLE = 'WHYLENS_WATCHER';
/** Milliseconds after a signal in which the watched process may say itself what it keeps. */
const PATIENCE = 2000;
/** How often the watched process checks that its watcher is still there. */
const LOOK = 500;

/** Commands that finish the work they have begun, however long it takes: a second signal ends them. */
const FINISHING = ['batch', 'worker', 'serve'];

/** True in the process that is watched. */
export const isWatched = (): boolean => process.env[VARIABLE] === String(process.ppid);

/** Whether the command line names code of others. */
export function namesCode(args: readonly string[]): boolean {
  return args.some((arg) => /^--plugin(=|$)/.test(arg) || /[.][cm]?[jt]s$/.test(arg));
}

/** Runs the same command line in another process, and gives its exit code. */
export function watch(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [VARIABLE]: String(process.pid) },
  });
  const finishes = FINISHING.includes(process.argv[2] ?? '');
  /** The signal that asked it to end; if it does not answer, it is killed with the same exit code. */
  let asked: NodeJS.Signals | undefined;
  let killed = false;
  const kill = (): void => {
    killed = true;
    child.kill('SIGKILL');
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked !== undefined) return kill();
      asked = signal;
      child.kill(signal);
      if (!finishes) setTimeout(kill, PATIENCE).unref();
    });
  }
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('exit', (code, signal) => {
      if (killed) {
        process.stderr.write('whylens: interrupted; something that was running did not answer\n');
      }
      const ended = killed ? asked : signal;
      if (ended === 'SIGINT') done(EXIT.interrupted);
      else done(code ?? 128 + constants.signals[ended!]);
    });
  });
}

/** Ends this process when its watcher is gone: nobody could interrupt it any more. */
export function endWithWatcher(end: () => void): void {
  const watcher = process.ppid;
  setInterval(() => process.ppid !== watcher && end(), LOOK).unref();
}
