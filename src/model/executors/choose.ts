/**
 * Which engine runs a model: the one named, else WHYLENS_ENGINE, else the
 * fastest that loads here and can run every operation of the model.
 */
import { didYouMean } from '../../did-you-mean.js';
import { isWhylensError, WhylensError } from '../../errors.js';
import type { ModelGraph } from '../graph/model-graph.js';
import { ordered } from '../graph/value.js';
import { announce } from '../announce.js';
import { checkBackend, ENGINES, isWebBackend, type Engine } from '../engines.js';
import type { Executor } from './executor.js';
import type { OpenRuntime } from './onnxruntime/sessions.js';

const VARIABLE = 'WHYLENS_ENGINE';

export interface EngineOptions {
  /** Default `'auto'`; `'tfjs'` if a `backend` is named. */
  readonly engine?: Engine | 'auto';
  /** Threads of one operation, if the engine has them; default: the machine's cores. */
  readonly threads?: number;
  /** Backend of TensorFlow.js, or of `onnxruntime-web` where that is named. */
  readonly backend?: string;
  /** Folder of the WebAssembly files of onnxruntime-web, in a page; default that of its scripts. */
  readonly wasmPaths?: string;
  /** Environment variables; default the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** An engine that was taken, and why. */
export interface Taken<T> {
  readonly taken: T;
  readonly engine: Engine;
  /** Who chose it, in words. */
  readonly reason: string;
  /** Why engines before it were not taken, one sentence each. */
  readonly skipped: readonly string[];
  /** Those among them that load but lack a piece of the model. */
  readonly lacking: readonly string[];
}

export interface EngineChoice extends Omit<Taken<Executor>, 'taken'> {
  readonly executor: Executor;
}

/** Starts one engine. Each is imported only when its turn comes. */
export async function startEngine(engine: Engine, options: EngineOptions = {}): Promise<Executor> {
  if (engine !== 'tfjs') {
    const { onnxExecutor } = await import('./onnxruntime/sessions.js');
    const open = await openRuntime(engine, options);
    return onnxExecutor(engine, open.runtime, open.options);
  }
  const { backend } = options;
  const { tfjsExecutor } = await import('./tfjs/executor.js');
  return tfjsExecutor(backend === undefined ? {} : { backend });
}

/** One of the two libraries that run ONNX files as they are. */
export async function openRuntime(
  engine: Exclude<Engine, 'tfjs'>,
  { engine: named, threads, backend, wasmPaths }: EngineOptions = {},
): Promise<OpenRuntime> {
  const shared = threads === undefined ? {} : { threads };
  if (engine === 'onnxruntime') {
    const { openOnnxRuntimeNode } = await import('./onnxruntime/node.js');
    return openOnnxRuntimeNode(shared);
  }
  const { openOnnxRuntimeWeb } = await import('./onnxruntime/web.js');
  return openOnnxRuntimeWeb({
    ...shared,
    // browsers print a line where they are asked for a card and have none: only who names the engine asks
    prefersCard: named === engine,
    ...(isWebBackend(backend) ? { backend } : {}),
    ...(wasmPaths === undefined ? {} : { wasmPaths }),
  });
}

/**
 * The engine for a model.
 *
 * @throws `INVALID_OPTION` for an unknown name, `BACKEND` for one that does not load,
 * `UNSUPPORTED_OPERATION` for one that lacks a piece of the model
 */
export async function chooseEngine(
  graph: ModelGraph,
  options: EngineOptions = {},
): Promise<EngineChoice> {
  const { taken, ...choice } = await firstEngine<Executor>(options, async (engine) => {
    const executor = await startEngine(engine, options);
    const lacks = missing(graph, executor);
    if (lacks === undefined) return executor;
    executor.release();
    return { lacks, runs: "'tfjs'" };
  });
  return { ...choice, executor: taken };
}

/** What an engine that loads lacks, and which engine can run the model. */
interface Lacking {
  readonly lacks: string;
  readonly runs: string;
}

/**
 * The named engine, or the first in the order of preference for which `start` succeeds. `start`
 * throws if an engine does not load, and says what is missing if it cannot run the model.
 */
export async function firstEngine<T extends object>(
  options: EngineOptions,
  start: (engine: Engine) => Promise<T | Lacking>,
): Promise<Taken<T>> {
  const { wanted, source } = wish(options);
  if (wanted !== 'auto') {
    const taken = await start(wanted);
    if (!isLacking(taken)) {
      return { taken, engine: wanted, reason: `${source} says so`, skipped: [], lacking: [] };
    }
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `${source} asks for engine '${wanted}', which has no ${taken.lacks}; only ${taken.runs} runs such a model`,
      { facts: { engine: wanted } },
    );
  }
  const skipped: string[] = [];
  const lacking: string[] = [];
  for (const engine of ENGINES) {
    try {
      const taken = await start(engine);
      if (!isLacking(taken)) {
        const reason = skipped.length === 0 ? 'the fastest' : 'the fastest that can';
        return { taken, engine, reason, skipped, lacking };
      }
      lacking.push(`engine '${engine}' has no ${taken.lacks}`);
      skipped.push(`engine '${engine}' has no ${taken.lacks}`);
    } catch (error) {
      skipped.push((error as Error).message);
      announceMissing(error);
    }
  }
  throw new WhylensError('BACKEND', `no engine could be started: ${skipped.join('; ')}`, {
    facts: { skipped },
  });
}

let announced = false;
/** A page that bundles an engine and lacks its files is told so, once: it meant to have it. */
function announceMissing(error: unknown): void {
  if (announced || !isWhylensError(error) || error.facts?.missing !== 'files') return;
  announced = true;
  announce(`whylens: running on 'tfjs': ${error.message}. engine: 'tfjs' silences this.`);
}

function isLacking(taken: object): taken is Lacking {
  return 'lacks' in taken;
}

/** The engine that is asked for, and who asks. */
function wish({ engine, backend, environment }: EngineOptions): {
  wanted: Engine | 'auto';
  source: string;
} {
  if (backend !== undefined) checkBackend(backend, engine);
  if (engine !== undefined) return known(engine, "option 'engine'");
  // it names a part of this engine
  if (backend !== undefined) return { wanted: 'tfjs', source: "option 'backend'" };
  const variables = environment ?? (typeof process === 'object' ? process.env : {});
  const variable = variables[VARIABLE];
  return variable === undefined || variable === ''
    ? { wanted: 'auto', source: '' }
    : known(variable, `the environment variable ${VARIABLE}`);
}

function known(name: string, source: string): { wanted: Engine | 'auto'; source: string } {
  const allowed = ['auto', ...ENGINES] as const;
  const wanted = allowed.find((engine) => engine === name);
  if (wanted !== undefined) return { wanted, source };
  throw new WhylensError(
    'INVALID_OPTION',
    `${source} names an unknown engine '${name}'${didYouMean(name, allowed)} Allowed: ${allowed.join(', ')}`,
    { facts: { engine: name, allowed } },
  );
}

/** The first piece of the model that the engine cannot run, in words. */
function missing(graph: ModelGraph, executor: Executor): string | undefined {
  const values = ordered(graph.outputs.flatMap(({ value, logits }) => [value, logits]));
  const found = values.find(({ op }) => !executor.runs(op));
  if (found === undefined) return undefined;
  return found.op === 'opaque' ? `layer of kind '${found.attrs.layer.kind}'` : `'${found.op}'`;
}
