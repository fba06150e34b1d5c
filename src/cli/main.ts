#!/usr/bin/env node
import { removeUnfinished } from '../node/temporary.js';
import { EXIT } from './io.js';
import { endWithWatcher, isWatched, namesCode, watch } from './watch.js';

/** Milliseconds that a command has after Ctrl-C to say what it keeps. */
const PATIENCE = 1000;

async function start(): Promise<void> {
  const watched = isWatched();
  const interrupt = new AbortController();
  /** The message after the first Ctrl-C, of a command that then finishes the work it has begun. */
  let finishing: string | undefined;
  const end = (code: number): never => {
    removeUnfinished();
    process.exit(code);
  };
  const stop = (): void => {
    // a terminal interrupts both processes, and the watcher passes its own signal on
    if (interrupt.signal.aborted) return watched ? undefined : end(EXIT.interrupted);
    interrupt.abort();
    if (finishing !== undefined) {
      process.stderr.write(`whylens: ${finishing}\n`);
      return;
    }
    // a plugin or a native call that ignores the signal does not keep the command from ending
    setTimeout(() => {
      process.stderr.write('whylens: interrupted; something that was running did not answer\n');
      end(EXIT.interrupted);
    }, PATIENCE).unref();
  };
  process.on('SIGINT', stop);
  // the signal of a service manager: only commands that finish the work they have begun listen to it
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
  // nothing is left that could happen, but the command has not ended: a promise of other code never settles
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
    // a getter: standard input is not touched unless it is read
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
    // after an interrupt nobody needs what still runs
    if (interrupt.signal.aborted) end(code);
  });
}

if (namesCode(process.argv.slice(2)) && !isWatched()) {
  process.exitCode = await watch();
} else await start();
