/** A Redis of the test's own, where the server is installed. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import type { ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { emptyFolder } from './command.js';

export interface TestRedis {
  readonly address: string;
  /** Kills the server and starts it again on the same files. */
  restart(): Promise<void>;
}

/** Undefined, after telling so, where `redis-server` is not installed. */
export async function startRedis(t: ExecutionContext): Promise<TestRedis | undefined> {
  try {
    execFileSync('redis-server', ['--version']);
  } catch {
    t.log('NOT CHECKED: redis-server is not installed on this machine (Debian: redis-server)');
    t.pass();
    return undefined;
  }
  const folder = await emptyFolder(t);
  const port = await freePort();
  let server: ChildProcess | undefined;
  const start = async () => {
    server = spawn(
      'redis-server',
      [
        '--port',
        String(port),
        '--dir',
        folder,
        '--appendonly',
        'yes',
        '--save',
        '',
        '--bind',
        '127.0.0.1',
      ],
      { stdio: 'ignore' },
    );
    const probe = new Redis(port, '127.0.0.1', {
      retryStrategy: () => 50,
      maxRetriesPerRequest: null,
    });
    probe.on('error', () => undefined);
    await probe.ping();
    probe.disconnect();
  };
  const stop = async () => {
    const child = server!;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  };
  await start();
  t.teardown(stop);
  return {
    address: `redis://127.0.0.1:${port}/`,
    restart: async () => {
      await stop();
      await start();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
