/**
 * Live models of TensorFlow.js on other engines: their graph, with a copy of
 * their weights, compiled once and kept with the model it stands for.
 */
import type { AdaptOptions } from '../../container/plugin.js';
import { CompiledModel, type CompiledOptions } from '../compiled.js';
import type { Engine } from '../engines.js';
import { chooseEngine } from '../executors/choose.js';
import type { Executor } from '../executors/executor.js';
import type { ModelGraph } from '../graph/model-graph.js';

interface Moved {
  readonly adapted: CompiledModel;
  readonly executor: Executor;
  /** What the graph was made from, part by part. */
  readonly from: readonly unknown[];
}

const moved = new WeakMap<object, Moved>();
/** An engine holds memory of its own, which goes with the model. */
const gone = new FinalizationRegistry<Executor>((executor) => executor.release());

/** A live model stays where it lives, unless another engine is asked for. */
export function staysHere({ engine }: AdaptOptions): boolean {
  return engine === undefined || engine === 'tfjs';
}

/**
 * The model on the engine that the options name. `graph` is asked when something
 * in `from` is another than the last time.
 *
 * @throws `UNSUPPORTED_OPERATION` where the model has a layer that only TensorFlow.js runs
 */
export async function movedModel(
  live: object,
  { engine, threads, backend }: AdaptOptions,
  from: readonly unknown[],
  graph: () => ModelGraph,
  atSizes?: CompiledOptions['atSizes'],
): Promise<CompiledModel> {
  const all = [engine, threads, backend, ...from];
  const known = moved.get(live);
  if (known !== undefined && sameParts(known.from, all)) return known.adapted;
  const made = graph();
  const { executor, lacking } = await chooseEngine(made, {
    engine: engine as Engine | 'auto',
    threads,
    backend,
  });
  if (known !== undefined) {
    gone.unregister(known);
    known.executor.release();
  }
  const adapted = new CompiledModel(made, executor, {
    ...(atSizes === undefined ? {} : { atSizes }),
    remarks: lacking.map((what) => `the model runs on '${executor.id}', since ${what}`),
    isLive: true,
  });
  const entry = { adapted, executor, from: all };
  moved.set(live, entry);
  gone.register(live, executor, entry);
  return adapted;
}

export function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}
