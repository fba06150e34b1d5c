/** A Redis of the test's own, where the server is installed. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import type { ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { emptyFolder } from './command.js';
import { launch, type Running, within } from './processes.js';

export interface TestRedis {
  readonly address: string;
  /** Kills the server and starts it again on the same files. */
  restart(): Promise<void>;
}

/** Redis, or what speaks as it does; `WHYLENS_REDIS_SERVER` names another, such as valkey-server. */
const SERVER = process.env.WHYLENS_REDIS_SERVER ?? 'redis-server';
const PATIENCE = 30_000;
const TRIES = 3;

/** Undefined, after telling so, where `redis-server` is not installed. */
export async function startRedis(t: ExecutionContext): Promise<TestRedis | undefined> {
  try {
    execFileSync(SERVER, ['--version'], { stdio: 'pipe', timeout: PATIENCE });
  } catch {
    t.log(`NOT CHECKED: ${SERVER} is not installed on this machine (Debian: redis-server)`);
    t.pass();
    return undefined;
  }
  const folder = await emptyFolder(t);
  let server: Running | undefined;
  t.teardown(() => server?.kill());
  const start = async (port: number) => {
    server = launch(
      SERVER,
      [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
        ...['--appendonly', 'yes', '--save', '', '--daemonize', 'no'],
      ],
      { limit: Infinity },
    );
    await answers(port, server);
  };
  let port = 0;
  for (let left = TRIES; ; left--) {
    // somebody else may take the port before the server does
    port = await freePort();
    try {
      await start(port);
      break;
    } catch (error) {
      await server?.kill();
      if (left === 1) throw error;
    }
  }
  return {
    address: `redis://127.0.0.1:${port}/`,
    restart: async () => {
      await server?.kill();
      await start(port);
    },
  };
}

/** Throws if the server ends, or says nothing for long. */
async function answers(port: number, server: Running): Promise<void> {
  const probe = new Redis(port, '127.0.0.1', {
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  });
  probe.on('error', () => undefined);
  const said = () => `${SERVER} does not answer at port ${port}: ${server.stdout().slice(-1000)}`;
  try {
    const gone = server.ended.then(() => {
      throw new Error(said());
    });
    await within(PATIENCE, Promise.race([probe.ping(), gone]), said);
  } finally {
    probe.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
