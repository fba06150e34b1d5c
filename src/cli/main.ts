#!/usr/bin/env node
import { run } from './run.js';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
// a reader that has seen enough (`whylens layers m | head`) is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await run(process.argv.slice(2), {
  // a getter: whoever does not read it leaves it alone
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupt.signal,
});
