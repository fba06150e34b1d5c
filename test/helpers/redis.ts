/** A Redis of the test's own, where the server is installed. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import type { ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { emptyFolder } from './command.js';
import { launch, type Running, within } from './processes.js';

export interface TestRedis {
  readonly address: string;
  readonly port: number;
  processId(): number | undefined;
  /** Kills the server and starts it again on the same files. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Redis, or what speaks as it does; `WHYLENS_REDIS_SERVER` names another, such as valkey-server. */
const SERVER = process.env.WHYLENS_REDIS_SERVER ?? 'redis-server';
const PATIENCE = 30_000;
const TRIES = 3;

/** Undefined, after telling so, where `redis-server` is not installed. */
export async function startRedis(t: ExecutionContext): Promise<TestRedis | undefined> {
  const redis = await redisIn(await emptyFolder(t));
  if (redis === undefined) {
    t.log(`NOT CHECKED: ${SERVER} is not installed on this machine (Debian: redis-server)`);
    t.pass();
    return undefined;
  }
  t.teardown(() => redis.stop());
  return redis;
}

/** A server with its append-only file in `folder`; undefined if none is installed. */
export async function redisIn(folder: string): Promise<TestRedis | undefined> {
  try {
    execFileSync(SERVER, ['--version'], { stdio: 'pipe', timeout: PATIENCE });
  } catch {
    return undefined;
  }
  let server: Running | undefined;
  const start = async (port: number) => {
    server = launch(
      SERVER,
      [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
        ...['--appendonly', 'yes', '--save', '', '--daemonize', 'no'],
      ],
      { limit: Infinity },
    );
    try {
      await answers(port, server);
    } catch (error) {
      await server.kill();
      throw error;
    }
  };
  let port = await freePort();
  for (let left = TRIES; ; left--) {
    try {
      await start(port);
      break;
    } catch (error) {
      if (left === 1) throw error;
      // somebody else took the port before the server did
      port = await freePort();
    }
  }
  return {
    address: `redis://127.0.0.1:${port}/`,
    port,
    processId: () => server?.child.pid,
    restart: async () => {
      await server?.kill();
      await start(port);
    },
    stop: async () => server?.kill(),
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
