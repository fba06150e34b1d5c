/**
 * Which engine runs a model: the one named, else WHYLENS_ENGINE, else the
 * fastest that loads here and has all that the model is made of.
 */
import { didYouMean } from '../../did-you-mean.js';
import { WhylensError } from '../../errors.js';
import type { ModelGraph } from '../graph/model-graph.js';
import { ordered } from '../graph/value.js';
import type { Executor } from './executor.js';

/** In order of preference. */
export const ENGINES = ['onnxruntime', 'onnxruntime-web', 'tfjs'] as const;
export type Engine = (typeof ENGINES)[number];
const VARIABLE = 'WHYLENS_ENGINE';

export interface EngineOptions {
  /** Default `'auto'`. */
  readonly engine?: Engine | 'auto';
  /** Threads of one operation, where the engine has them; default: as many as it takes. */
  readonly threads?: number;
  /** Back end of TensorFlow.js. */
  readonly backend?: string;
  /** Folder of the WebAssembly files of onnxruntime-web, in a page. */
  readonly wasmPaths?: string;
  /** Environment variables; default the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface EngineChoice {
  readonly executor: Executor;
  readonly engine: Engine;
  /** Who chose it, in words. */
  readonly reason: string;
  /** Why engines before it were not taken, one sentence each. */
  readonly skipped: readonly string[];
}

/** Starts one engine. Each is imported only when its turn comes. */
export async function startEngine(engine: Engine, options: EngineOptions = {}): Promise<Executor> {
  const { threads, wasmPaths, backend } = options;
  const shared = threads === undefined ? {} : { threads };
  if (engine === 'onnxruntime') {
    const { onnxRuntimeNode } = await import('./onnxruntime/node.js');
    return onnxRuntimeNode(shared);
  }
  if (engine === 'onnxruntime-web') {
    const { onnxRuntimeWeb } = await import('./onnxruntime/web.js');
    return onnxRuntimeWeb({ ...shared, ...(wasmPaths === undefined ? {} : { wasmPaths }) });
  }
  const { tfjsExecutor } = await import('./tfjs/executor.js');
  return tfjsExecutor(backend === undefined ? {} : { backend });
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
  const environment = options.environment ?? (typeof process === 'object' ? process.env : {});
  const variable = environment[VARIABLE];
  const wanted = options.engine ?? (variable === undefined || variable === '' ? 'auto' : variable);
  const source =
    options.engine === undefined ? `the environment variable ${VARIABLE}` : "option 'engine'";
  if (wanted !== 'auto') {
    const engine = known(wanted, source);
    const executor = await startEngine(engine, options);
    const lacking = missing(graph, executor);
    if (lacking === undefined) {
      return { executor, engine, reason: `${source} says so`, skipped: [] };
    }
    executor.release();
    throw new WhylensError(
      'UNSUPPORTED_OPERATION',
      `${source} asks for engine '${engine}', which has no ${lacking}; only 'tfjs' runs such a model`,
      { facts: { engine } },
    );
  }
  const skipped: string[] = [];
  for (const engine of ENGINES) {
    try {
      const executor = await startEngine(engine, options);
      const lacking = missing(graph, executor);
      if (lacking === undefined) {
        const reason = skipped.length === 0 ? 'the fastest' : 'the fastest that can';
        return { executor, engine, reason, skipped };
      }
      executor.release();
      skipped.push(`engine '${engine}' has no ${lacking}`);
    } catch (error) {
      skipped.push((error as Error).message);
    }
  }
  throw new WhylensError('BACKEND', `no engine could be started: ${skipped.join('; ')}`, {
    facts: { skipped },
  });
}

function known(name: string, source: string): Engine {
  const found = ENGINES.find((engine) => engine === name);
  if (found !== undefined) return found;
  const allowed = ['auto', ...ENGINES];
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
