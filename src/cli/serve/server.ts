/** The HTTP server: what it takes, what it answers, what it refuses. */
import { timingSafeEqual, createHash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Registry } from '../../container/registry.js';
import { isWhylensError, WhylensError } from '../../errors.js';
import { METRICS } from '../../evaluate/metrics.js';
import { version } from '../version.js';
import type { Answer, AnsweringSettings } from './answering.js';
import { Jobs } from './jobs.js';
import { openApi, schemasOf } from './openapi.js';
import { AnswerPool, type PoolOptions } from './pool.js';
import { Problem } from './problem.js';
import { questionOf, type Question, type QuestionLimits } from './question.js';

export interface ServerOptions extends PoolOptions, QuestionLimits {
  readonly settings: AnsweringSettings;
  readonly registry: Registry;
  /** Bytes of a request's body. */
  readonly maxBody: number;
  /** Milliseconds a job may take. */
  readonly jobTimeout: number;
  /** The token that clients must send as `authorization: Bearer …`. */
  readonly token?: string;
  /** Milliseconds in which a client must have sent its request. Default 30 s. */
  readonly patience?: number;
  /** Called with errors on the server's side. */
  readonly onFault?: (message: string) => void;
}

const PATIENCE = 30_000;
/** How often slow clients are looked for, at most. */
const LOOK_EVERY = 5000;
/** Events of a job that says nothing, so that nobody takes the connection for dead. */
const HEARTBEAT = 15_000;
const OPEN = ['/healthz', '/readyz'];

export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { settings, registry, token, maxBody, patience = PATIENCE } = options;
  const [{ default: fastify }, { default: multipart }, metrics] = await Promise.all([
    import('fastify'),
    import('@fastify/multipart'),
    import('prom-client'),
  ]).catch((cause: unknown) => {
    throw new WhylensError(
      'BACKEND',
      'serve needs packages that are not installed; run: npm install fastify @fastify/multipart prom-client',
      { cause },
    );
  });
  const server = fastify({
    bodyLimit: maxBody,
    requestTimeout: patience,
    connectionTimeout: patience + options.timeout,
    http: {
      headersTimeout: patience,
      connectionsCheckingInterval: Math.min(LOOK_EVERY, patience),
    },
    clientErrorHandler: refuseClient,
    keepAliveTimeout: 5000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
  });
  await server.register(multipart, {
    limits: { fileSize: maxBody, files: 1, fields: 32, fieldSize: 2 ** 20, parts: 40 },
  });
  const pool = new AnswerPool(settings, options);
  const jobs = new Jobs(pool, options.jobTimeout);
  const register = new metrics.Registry();
  metrics.collectDefaultMetrics({ register });
  const requests = new metrics.Counter({
    name: 'whylens_requests_total',
    help: 'Requests by route and status.',
    labelNames: ['route', 'status'],
    registers: [register],
  });
  const seconds = new metrics.Histogram({
    name: 'whylens_request_seconds',
    help: 'Time from request to answer.',
    labelNames: ['route'],
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    registers: [register],
  });
  new metrics.Gauge({
    name: 'whylens_open_questions',
    help: 'Questions asked and not answered.',
    registers: [register],
    collect() {
      this.set(pool.waiting);
    },
  });

  server.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    if (token !== undefined && !OPEN.includes(request.url) && !isToken(request, token)) {
      void reply.header('www-authenticate', 'Bearer');
      throw new Problem(401, 'UNAUTHORIZED', 'a valid token is needed: authorization: Bearer …');
    }
  });
  server.addHook('onRequest', async ({ headers }) => {
    // answered before it is sent; what comes all the same is thrown away, since a connection
    // that is closed under a client that still sends loses the answer
    if (Number(headers['content-length']) > maxBody) throw tooLarge();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    requests.inc({ route, status: String(reply.statusCode) });
    seconds.observe({ route }, reply.elapsedTime / 1000);
    done();
  });
  server.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.hidden !== undefined) {
      options.onFault?.(`${request.method} ${request.url}: ${problem.code}: ${problem.hidden}`);
    }
    return sendProblem(reply, problem);
  });
  server.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      new Problem(
        404,
        'UNKNOWN_ROUTE',
        `there is no ${request.method} ${request.url.split('?')[0]}; /openapi.json lists what there is`,
      ),
    ),
  );
  server.addHook('onClose', async () => {
    jobs.close();
    await pool.close();
  });

  const ids = settings.models.map(({ id }) => id);
  const ask = async (what: Question['what'], request: FastifyRequest, reply: FastifyReply) => {
    // refused before the body is read: a request that will not be answered need not be sent
    if (!pool.hasRoom) throw Problem.busy(pool.waiting);
    const fields = await fieldsOf(request);
    const {
      as = accepted(request, what),
      model = ids[0],
      ...rest
    } = questionOf(what, fields, options);
    if (!ids.includes(model)) throw unknownModel(model, ids);
    if (!registry.formatters.has(as)) {
      throw new Problem(
        406,
        'UNKNOWN_FORMATTER',
        `'as' must be of ${[...registry.formatters.keys()].join(', ')}`,
      );
    }
    const question: Question = { ...rest, model, as };
    if (/\brespond-async\b/.test(String(request.headers.prefer ?? ''))) {
      const job = jobs.start(question);
      return reply
        .code(202)
        .header('location', `/v1/jobs/${job.id}`)
        .header('preference-applied', 'respond-async')
        .send({ ...job, href: `/v1/jobs/${job.id}`, events: `/v1/jobs/${job.id}/events` });
    }
    const gone = new AbortController();
    // nobody waits for the answer any more
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    return sendAnswer(reply, await pool.ask(question, { signal: gone.signal }));
  };
  for (const what of ['explain', 'predict', 'evaluate'] as const) {
    server.post(`/v1/${what}`, (request, reply) => ask(what, request, reply));
  }
  server.get('/v1/models', () => ({
    models: ids.map((id) => ({ id, layers: `/v1/models/${encodeURIComponent(id)}/layers` })),
  }));
  server.get<{ Params: { id: string } }>('/v1/models/:id/layers', async (request, reply) => {
    const { id } = request.params;
    if (!ids.includes(id)) throw unknownModel(id, ids);
    return sendAnswer(reply, await pool.ask({ what: 'layers', model: id, as: 'json' }));
  });
  server.get('/v1/methods', () => ({
    methods: [...registry.explainers.values()].map(({ id, summary, family, options, rows }) => ({
      id,
      summary,
      family,
      options: schemasOf({ ...options, ...rows?.options }),
    })),
  }));
  server.get<{ Params: { id: string } }>('/v1/jobs/:id', (request, reply) => {
    const { id } = request.params;
    const answer = jobs.answer(id);
    return answer === undefined ? reply.send(jobs.view(id)) : sendAnswer(reply, answer);
  });
  server.get<{ Params: { id: string } }>('/v1/jobs/:id/events', (request, reply) => {
    const { id } = request.params;
    jobs.view(id);
    reply.hijack();
    const { raw } = reply;
    const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream' };
    raw.writeHead(200, headers as OutgoingHttpHeaders);
    const heart = setInterval(() => raw.write(':\n\n'), HEARTBEAT);
    const end = jobs.watch(id, (view) => {
      raw.write(`event: ${view.state}\ndata: ${JSON.stringify(view)}\n\n`);
      if (view.state !== 'running') setImmediate(() => raw.end());
    });
    raw.once('close', () => {
      clearInterval(heart);
      end();
    });
  });
  server.delete<{ Params: { id: string } }>('/v1/jobs/:id', (request, reply) => {
    jobs.remove(request.params.id);
    return reply.code(204).send();
  });
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', (_, reply) =>
    pool.hasRoom ? { status: 'ready' } : sendProblem(reply, Problem.busy(pool.waiting)),
  );
  server.get('/metrics', async (_, reply) =>
    reply.type(register.contentType).send(await register.metrics()),
  );
  const document = openApi({
    ...registry,
    models: ids,
    version: version(),
    metrics: Object.keys(METRICS),
  });
  server.get('/openapi.json', () => document);
  return server;
}

/** The fields of a form, or of a JSON body. */
async function fieldsOf(request: FastifyRequest): Promise<Record<string, unknown>> {
  if (!request.isMultipart()) {
    const { body } = request;
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
      return body as Record<string, unknown>;
    }
    throw new Problem(
      415,
      'USAGE',
      'the body must be a form (multipart/form-data) or a JSON object',
    );
  }
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for await (const part of request.parts()) {
    const value = part.type === 'file' ? new Uint8Array(await part.toBuffer()) : part.value;
    const before = fields[part.fieldname];
    fields[part.fieldname] =
      before === undefined
        ? value
        : Array.isArray(before)
          ? [...(before as unknown[]), value]
          : [before, value];
  }
  return { ...fields };
}

const BY_TYPE: readonly (readonly [string, string])[] = [
  ['application/json', 'json'],
  ['image/png', 'image'],
  ['image/svg+xml', 'svg'],
  ['text/html', 'html'],
  ['text/plain', 'text'],
];

/** The formatter that `Accept` asks for, the first of those it likes best; JSON if it does not say. */
function accepted(request: FastifyRequest, what: Question['what']): string {
  const header = request.headers.accept ?? '*/*';
  const wishes = header
    .split(',')
    .map((part) => {
      const [type, ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
  const types = what === 'explain' ? BY_TYPE : BY_TYPE.slice(0, 1);
  for (const { type } of wishes) {
    const found = types.find(
      ([known]) => type === known || type === '*/*' || type === `${known.split('/')[0]}/*`,
    );
    if (found !== undefined) return found[1];
  }
  throw new Problem(
    406,
    'USAGE',
    `accept must name one of ${types.map(([type]) => type).join(', ')}`,
  );
}

function sendAnswer(reply: FastifyReply, { type, body }: Answer): FastifyReply {
  if (type.startsWith('text/html')) {
    // the page has a policy of its own that trusts its one script and nothing else
    void reply.removeHeader('content-security-policy');
  }
  return reply.type(type).send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}

function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfter !== undefined) void reply.header('retry-after', problem.retryAfter);
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isWhylensError(error)) return Problem.of(error);
  const {
    statusCode = 500,
    code = 'UNEXPECTED',
    message,
  } = error as Error & {
    statusCode?: number;
    code?: string;
  };
  if (statusCode === 413) return tooLarge();
  return statusCode < 500
    ? new Problem(statusCode, code, message)
    : Problem.of({ code: 'UNEXPECTED', message });
}

function tooLarge(): Problem {
  return new Problem(413, 'TOO_LARGE', 'the body is larger than this server takes');
}

/** What is no request, or comes too slowly to become one. */
function refuseClient(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { code } = error;
  const problem =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new Problem(408, 'TIMEOUT', 'the request did not arrive in time')
      : code === 'HPE_HEADER_OVERFLOW'
        ? new Problem(431, 'TOO_LARGE', 'the headers are longer than this server takes')
        : new Problem(400, 'USAGE', 'this is no HTTP request');
  const body = JSON.stringify(problem);
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${problem.status} ${problem.toJSON().title as string}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}

function unknownModel(id: string, ids: readonly string[]): Problem {
  return new Problem(
    404,
    'UNKNOWN_MODEL',
    `there is no model '${id.slice(0, 80)}'; there are ${ids.join(', ')}`,
  );
}

/** Compared in constant time, which does not tell where they differ. */
function isToken({ headers }: FastifyRequest, token: string): boolean {
  const [, given = ''] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}
