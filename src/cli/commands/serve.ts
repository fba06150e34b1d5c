import { readdir, readFile, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { registryOf } from '../../container/container.js';
import { WhylensError } from '../../errors.js';
import { MAX_PIXELS } from '../../images/picture.js';
import type { Engine } from '../../model/engines.js';
import { addModelFlags } from '../flags/explain.js';
import {
  addPluginOption,
  addTalkOptions,
  more,
  positiveNumber,
  wholeNumber,
  withVariable,
} from '../flags/shared.js';
import { Messages } from '../io.js';
import type { CommandContext } from '../commands.js';
import type { Offered } from '../serve/answering.js';

interface ServeFlags {
  readonly model?: string;
  readonly models?: string;
  readonly port: number;
  readonly host: string;
  readonly tokenFile?: string;
  readonly force?: boolean;
  readonly workers?: number;
  readonly queueLength: number;
  readonly timeout: number;
  readonly jobTimeout: number;
  readonly maxBody: number;
  readonly maxPixels: number;
  readonly maxTargets: number;
  readonly maxSamples: number;
  readonly labels?: string;
  readonly preprocess?: string;
  readonly backend?: string;
  readonly engine?: Engine | 'auto';
  readonly threads?: number;
  readonly allowHost?: readonly string[];
  readonly plugin?: readonly string[];
  readonly quiet?: boolean;
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];
const MODEL_FILE = /[.](onnx|keras|h5|json|ubj|txt|zip)$/i;

/** `whylens serve`: predictions and explanations over HTTP. */
export async function define(command: Command, context: CommandContext): Promise<void> {
  const registry = registryOf(await context.container());
  const limit = (flags: string, description: string, value: number): Option =>
    more(flags, description).argParser(positiveNumber).default(value);
  command
    .addOption(
      withVariable(
        new Option('-m, --model <path>', 'The model, as explain takes it. Default: WHYLENS_MODEL.'),
        'WHYLENS_MODEL',
      ),
    )
    .option(
      '--models <folder>',
      'A folder of models, each a file or a folder; its names are the ids.',
    )
    .option('-p, --port <number>', 'The port; 0 takes a free one.', wholeNumber, 8080)
    .option('--host <address>', 'The address at which it listens.', '127.0.0.1')
    .option('--token-file <file>', 'A file with the token that clients must show (Bearer).')
    .addOption(more('--force', 'Listen at a public address without a token.'))
    .addOption(
      more(
        '-w, --workers <n>',
        'Threads, each with models of its own. Default: one for each processor.',
      ).argParser(positiveNumber),
    )
    .addOption(limit('--queue-length <n>', 'Requests that wait at most; more get 503.', 64))
    .addOption(limit('--timeout <seconds>', 'Time for a request, waiting included.', 60))
    .addOption(limit('--job-timeout <seconds>', 'Time for a job.', 1800))
    .addOption(limit('--max-body <bytes>', 'Largest body of a request.', 16 * 2 ** 20))
    .addOption(limit('--max-pixels <n>', 'Largest picture.', Math.min(MAX_PIXELS, 25_000_000)))
    .addOption(limit('--max-targets <n>', 'Most targets of a request.', 10))
    .addOption(
      limit('--max-samples <n>', 'Most samples, masks or steps that a request may ask for.', 5000),
    );
  addModelFlags(command);
  addPluginOption(command);
  addTalkOptions(command);
  context.addLongHelp(command, EXAMPLES);
  command.action(async (flags: ServeFlags) => {
    const { io } = context;
    const messages = new Messages(io, flags);
    const models = await offeredOf(flags);
    const token = flags.tokenFile === undefined ? undefined : await tokenOf(flags.tokenFile);
    if (!LOOPBACK.includes(flags.host) && token === undefined && flags.force !== true) {
      throw new WhylensError(
        'USAGE',
        `--host ${flags.host} can be reached by others; give --token-file, or --force to let everybody in`,
      );
    }
    const { buildServer } = await import('../serve/server.js');
    const { labels, preprocess, backend, engine, threads = 1, allowHost } = flags;
    const server = await buildServer({
      settings: {
        models,
        flags: { labels, preprocess, backend, engine, threads, allowHost },
        plugins: flags.plugin ?? [],
        maxPixels: flags.maxPixels,
      },
      registry,
      workers: flags.workers ?? availableParallelism(),
      queue: flags.queueLength,
      timeout: flags.timeout * 1000,
      jobTimeout: flags.jobTimeout * 1000,
      maxBody: flags.maxBody,
      maxTargets: flags.maxTargets,
      maxSamples: flags.maxSamples,
      ...(token !== undefined && { token }),
      onFault: (message) => messages.complain(message),
    });
    let address: string;
    try {
      address = await server.listen({ port: flags.port, host: flags.host });
    } catch (cause) {
      await server.close();
      throw new WhylensError(
        'BACKEND',
        `cannot listen at ${flags.host}:${flags.port}: ${(cause as Error).message}`,
        { cause },
      );
    }
    messages.note(
      `${address}: ${models.map(({ id }) => id).join(', ')}; ${address}/openapi.json says how to ask`,
    );
    io.finishing?.(
      'answering the requests that were accepted, then stopping; press Ctrl-C again to stop at once',
    );
    await new Promise<void>((done) => {
      if (io.signal.aborted) done();
      io.signal.addEventListener('abort', () => done(), { once: true });
    });
    await server.close();
  });
}

const EXAMPLES = `
Examples:
  $ whylens serve -m model.onnx --port 8080
  $ curl -F image=@cat.jpg -F target='tiger cat' localhost:8080/v1/explain -H 'accept: image/png' -o cat.png
  $ whylens serve --models models/ --host 0.0.0.0 --token-file token.txt`;

async function offeredOf({ model, models }: ServeFlags): Promise<Offered[]> {
  if (models === undefined) {
    if (model === undefined) {
      throw new WhylensError(
        'USAGE',
        'a server needs models: -m MODEL, --models FOLDER, or WHYLENS_MODEL',
      );
    }
    return [{ id: idOf(model), path: model }];
  }
  const names = (
    await readdir(models).catch((cause: Error) => {
      throw new WhylensError('FILE', `cannot read the folder '${models}': ${cause.message}`, {
        cause,
      });
    })
  )
    .filter((name) => !name.startsWith('.'))
    .sort();
  const found: Offered[] = [];
  for (const name of names) {
    const path = join(models, name);
    const isFolder = (await stat(path)).isDirectory();
    if (isFolder || MODEL_FILE.test(name)) {
      found.push({ id: isFolder ? name : name.replace(MODEL_FILE, ''), path });
    }
  }
  if (found.length > 0) return found;
  throw new WhylensError('FILE', `folder '${models}' holds no model`, {
    facts: { folder: models },
  });
}

/** `mobilenet/model.json` is `mobilenet`. */
function idOf(path: string): string {
  const name = basename(path, extname(path));
  const id = name === 'model' ? basename(dirname(path)) : name;
  return id === '' || id === '.' ? 'model' : id;
}

async function tokenOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new WhylensError('FILE', `cannot read the token in '${file}': ${cause.message}`, {
      cause,
    });
  });
  const token = text.trim();
  if (/^\S{16,}$/.test(token)) return token;
  throw new WhylensError(
    'USAGE',
    `the token in '${file}' must be one word of at least 16 characters`,
  );
}
