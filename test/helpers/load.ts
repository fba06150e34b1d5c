/** Many clients at once, some of them hostile: what they were answered, and how long it took. */
import { Agent, request as ask, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';

export interface Load {
  readonly address: URL;
  readonly requests: number;
  readonly connections: number;
  /** One of so many is hostile. */
  readonly hostileEvery: number;
  /** Good requests in turn. */
  readonly good: readonly Good[];
  /** Called with how many requests are done, as they end. */
  readonly onDone?: (done: number) => void;
}

export interface Good {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** What the library itself makes of it. */
  readonly expected: Buffer;
}

export interface LoadResult {
  /** How often each kind of request was answered with what: `truncated 422`. */
  readonly answers: Readonly<Record<string, number>>;
  /** Answers that were not as they had to be. */
  readonly wrong: readonly string[];
  /** Milliseconds until the whole answer of a good request, sorted. */
  readonly waits: readonly number[];
  readonly seconds: number;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

type Kind = 'truncated' | 'wrong type' | 'slow' | 'cut' | 'cut late' | 'huge';
/** Answers that each kind may get; 0 is none at all. */
const ALLOWED: Readonly<Record<Kind, readonly number[]>> = {
  truncated: [422, 503],
  'wrong type': [400, 415, 503],
  slow: [408],
  cut: [0],
  // the answer may have been quicker
  'cut late': [0, 200, 503],
  huge: [413],
};
const KINDS = Object.keys(ALLOWED) as Kind[];
const HUGE = 100 * 2 ** 20;
/** How often one who is sent away comes back. */
const TIMES = 300;
/** Milliseconds between the bytes of a slow sender. */
const DRIP = 200;

export async function load(plan: Load): Promise<LoadResult> {
  const answers: Record<string, number> = {};
  const wrong: string[] = [];
  const waits: number[] = [];
  let next = 0;
  let done = 0;
  const count = (what: string) => (answers[what] = (answers[what] ?? 0) + 1);
  const start = performance.now();
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (next < plan.requests) {
      const at = next++;
      if (at % plan.hostileEvery === plan.hostileEvery - 1) {
        const kind = KINDS[Math.floor(at / plan.hostileEvery) % KINDS.length];
        const status = await hostile(kind, plan, at).catch((error: unknown) => String(error));
        count(`${kind} ${status}`);
        if (!ALLOWED[kind].includes(Number(status))) wrong.push(`${kind}: ${status}`);
      } else {
        const good = plan.good[at % plan.good.length];
        const what = await patiently(() => send(plan.address, good, agent), count, waits);
        if (what instanceof Error) wrong.push(`good: ${what.message}`);
        else if (!what.equals(good.expected)) wrong.push(`good ${at}: another answer`);
      }
      plan.onDone?.(++done);
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: plan.connections }, client));
  waits.sort((a, b) => a - b);
  return { answers, wrong, waits, seconds: (performance.now() - start) / 1000 };
}

/** The answer of one who comes back when the server says so; each time is counted, the last one measured. */
async function patiently(
  once: () => Promise<Answer>,
  count: (what: string) => void,
  waits: number[],
): Promise<Buffer | Error> {
  for (let left = TIMES; left > 0; left--) {
    const asked = performance.now();
    const answer = await once().catch((error: unknown) => error as Error);
    if (answer instanceof Error) return answer;
    const { status, headers, body } = answer;
    count(`good ${status}`);
    if (status === 200) {
      waits.push(performance.now() - asked);
      return body;
    }
    const seconds = Number(headers['retry-after']);
    if (status !== 503 || !(seconds > 0)) {
      return new Error(`${status}, retry after ${seconds} s: ${body.toString().slice(0, 200)}`);
    }
    await new Promise((later) => setTimeout(later, 1000 * seconds));
  }
  return new Error(`busy ${TIMES} times`);
}

function send(
  address: URL,
  { body, headers }: Pick<Good, 'body' | 'headers'>,
  agent?: Agent,
): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = { ...headers, 'content-length': String(body.length) };
    const asked = ask(new URL('/v1/explain', address), { method: 'POST', agent, headers: sent });
    asked.on('error', fail);
    asked.on('response', (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', fail);
      answer.on('end', () =>
        done({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(parts),
        }),
      );
    });
    asked.end(body);
  });
}

/** The status that it was answered with. */
async function hostile(kind: Kind, plan: Load, at: number): Promise<number> {
  const { body, headers } = plan.good[at % plan.good.length];
  switch (kind) {
    case 'truncated':
      return (await send(plan.address, truncated(plan.good[0]))).status;
    case 'wrong type': {
      const wrongs = [
        { body: Buffer.from('explain this'), headers: { 'content-type': 'text/plain' } },
        { body: Buffer.from('{"image":7}'), headers: { 'content-type': 'application/json' } },
        { body: Buffer.from('{"image"'), headers: { 'content-type': 'application/json' } },
        { body: Buffer.from('[]'), headers: { 'content-type': 'application/json' } },
      ];
      return (await send(plan.address, wrongs[at % wrongs.length])).status;
    }
    case 'slow':
      return raw(plan.address, headers, body.length, (write) => {
        let sent = 0;
        const timer = setInterval(() => write(body.subarray(sent, ++sent)), DRIP);
        return () => clearInterval(timer);
      });
    case 'cut':
      return raw(plan.address, headers, body.length, (write, cut) => {
        write(body.subarray(0, body.length >> 1));
        setImmediate(cut);
        return () => undefined;
      });
    case 'cut late':
      return raw(plan.address, headers, body.length, (write, cut) => {
        write(body);
        const timer = setTimeout(cut, 20 + (at % 50));
        return () => clearTimeout(timer);
      });
    case 'huge':
      return raw(plan.address, { 'content-type': 'application/json' }, HUGE, (write) => {
        const part = Buffer.alloc(2 ** 16, 'A');
        let left = HUGE;
        let going = true;
        const more = (): void => {
          if (!going || left <= 0) return;
          left -= part.length;
          write(part, more);
        };
        more();
        return () => (going = false);
      });
  }
}

/** The end of a picture is missing. */
function truncated({ body, headers }: Good): Pick<Good, 'body' | 'headers'> {
  const { image, ...rest } = JSON.parse(body.toString()) as { image: string };
  const short = image.slice(0, Math.floor(image.length / 8) * 4);
  return { body: Buffer.from(JSON.stringify({ image: short, ...rest })), headers };
}

type Write = (part: Buffer, then?: () => void) => void;

/** A request by hand; gives the status, or 0 if the connection ended without one. */
function raw(
  address: URL,
  headers: Readonly<Record<string, string>>,
  length: number,
  act: (write: Write, cut: () => void) => () => void,
): Promise<number> {
  return new Promise((done) => {
    let status = 0;
    let end = (): unknown => undefined;
    const socket = connect(Number(address.port), address.hostname, () => {
      const lines = Object.entries({
        host: address.host,
        'content-length': String(length),
        ...headers,
      }).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`POST /v1/explain HTTP/1.1\r\n${lines.join('')}\r\n`);
      end = act(
        (part, then) => socket.writable && socket.write(part, then),
        () => socket.destroy(),
      );
    });
    socket.on('data', (part: Buffer) => {
      status ||= Number(/^HTTP\/1\.1 (\d{3})/.exec(part.toString('latin1'))?.[1] ?? 0);
      end();
      socket.destroySoon();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      end();
      done(status);
    });
  });
}

/** The value below which this share of a sorted list lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
