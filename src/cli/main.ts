#!/usr/bin/env node
import { removeUnfinished } from '../node/temporary.js';
import { EXIT } from './io.js';
import { endWithWatcher, isWatched, namesCode, watch } from './watch.js';

/** Milliseconds that a command has after Ctrl-C to say what it keeps. */
const PATIENCE = 1000;

async function start(): Promise<void> {
  const watched = isWatched();
  const interrupt = new AbortController();
  /** What is said to the first Ctrl-C by a command that then finishes what it has in hand. */
  let finishing: string | undefined;
  const end = (code: number): never => {
    removeUnfinished();
    process.exit(code);
  };
  const stop = (): void => {
    // a terminal interrupts both processes, and the watcher passes its own on
    if (interrupt.signal.aborted) return watched ? undefined : end(EXIT.interrupted);
    interrupt.abort();
    if (finishing !== undefined) {
      process.stderr.write(`whylens: ${finishing}\n`);
      return;
    }
    // a plugin or a native call that hears nothing does not hold the command
    setTimeout(() => {
      process.stderr.write('whylens: interrupted; something that was running did not answer\n');
      end(EXIT.interrupted);
    }, PATIENCE).unref();
  };
  process.on('SIGINT', stop);
  // what a service manager sends: only those who finish what they have in hand hear it
  process.on('SIGTERM', () => {
    if (finishing === undefined) end(143);
    stop();
  });
  // a reader that has seen enough (`whylens layers m | head`) is not an error
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });

  let done = false;
  // nothing is left that could happen, and the command has not ended: a promise of somebody else's is never kept
  process.on('beforeExit', () => {
    if (done) return;
    done = true;
    process.stderr.write(
      'whylens: the model or a plugin never answers: a promise of it stays open while nothing is left to wait for\n',
    );
    process.exitCode = EXIT.model;
  });

  if (watched) endWithWatcher(() => end(EXIT.interrupted));
  const { run } = await import('./run.js');
  void run(process.argv.slice(2), {
    // a getter: whoever does not read it leaves it alone
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupt.signal,
    finishing: (note) => {
      finishing = note;
    },
  }).then((code) => {
    done = true;
    process.exitCode = code;
    // after an interrupt whatever goes on is nobody's
    if (interrupt.signal.aborted) end(code);
  });
}

if (namesCode(process.argv.slice(2)) && !isWatched()) {
  process.exitCode = await watch();
} else await start();
