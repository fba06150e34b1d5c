/** A graph model of TensorFlow.js from its files, on the engine that is available. */
import { isWhylensError, type WhylensError } from '../errors.js';
import type { EngineOptions } from './executors/choose.js';
import { isNode } from './executors/cores.js';
import type { ModelGraph } from './graph/model-graph.js';
import { runningGraph, type Running } from './load-onnx.js';
import { readTfjsGraph } from './readers/tfjs-graph/read.js';
import { storedWeights } from './readers/tfjs-graph/weights.js';
import type { ByteSource } from './tfjs/bytes.js';
import type { GraphModel } from './tfjs/graph-model.js';
import { requireFinite } from './tfjs/finite-weights.js';
import { readWeights, type ModelFileContent } from './tfjs/manifest.js';

export interface LoadTfjsGraphOptions extends EngineOptions {
  readonly name: string;
  readonly inputShape?: readonly number[];
}

/**
 * Reads the graph. One whose operations are not all understood is run by
 * TensorFlow.js as it is, for methods that only need predictions.
 */
export async function loadTfjsGraph(
  content: ModelFileContent,
  source: ByteSource,
  { name, inputShape, ...options }: LoadTfjsGraphOptions,
): Promise<Running> {
  const { specs, data } = await readWeights(source, content.manifest);
  requireFinite(specs, data, { file: source.name, isGraph: true });
  const { topology, json } = content;
  const weights = storedWeights(specs, data);
  const read = (shape?: readonly number[]): ModelGraph =>
    readTfjsGraph(
      { topology, signature: json.signature, weights },
      { name, ...(shape === undefined ? {} : { inputShape: shape }) },
    );
  let graph: ModelGraph;
  try {
    graph = read(inputShape);
  } catch (error) {
    if (!isWhylensError(error, 'UNSUPPORTED_OPERATION')) throw error;
    return forwardOnly(content, source, { name, inputShape, ...options }, error);
  }
  const isFree = graph.inputs.length === 1 && graph.inputs[0].shape !== undefined;
  const atSizes = isFree ? ([shape]: readonly (readonly number[])[]) => read(shape) : undefined;
  const isNamed = options.engine !== undefined || options.backend !== undefined;
  const reason = isNamed ? undefined : whyTfjs();
  if (reason === undefined) return runningGraph(graph, options, atSizes);
  return { ...(await runningGraph(graph, { ...options, engine: 'tfjs' }, atSizes)), reason };
}

/** Why its own engine runs it where none is named, in words. */
function whyTfjs(): string | undefined {
  // a thirtieth of what a page would load for the other
  if (!isNode()) return 'the one that a page loads fastest';
  return namesBackend() ? 'the environment variable WHYLENS_BACKEND says so' : undefined;
}

/** A caller who names a backend of TensorFlow.js, and no engine, means that engine. */
function namesBackend(): boolean {
  const { WHYLENS_BACKEND: backend = '', WHYLENS_ENGINE: engine = '' } =
    typeof process === 'object' ? process.env : {};
  return backend !== '' && engine === '';
}

/** The graph as it is, without layers. */
async function forwardOnly(
  content: ModelFileContent,
  source: ByteSource,
  { name, inputShape, engine, backend }: LoadTfjsGraphOptions,
  reason: WhylensError,
): Promise<Running> {
  if (engine !== undefined && engine !== 'auto' && engine !== 'tfjs') throw reason;
  const { chooseBackend } = await import('./tfjs/backend.js');
  const { graphPredictions } = await import('./tfjs/graph-predictions.js');
  const { loadGraph } = await import('./tfjs/load-graph.js');
  const chosen = await chooseBackend(backend);
  const native = await loadGraph(content, source);
  try {
    const model = await graphPredictions(native as unknown as GraphModel, {
      name,
      backend: chosen.backend,
      inputShape,
      reason,
      ownsModel: true,
    });
    return {
      model,
      engine: 'tfjs',
      reason: 'the one that runs the graph as it is',
      facts: { backend: chosen.backend },
    };
  } catch (error) {
    native.dispose();
    throw error;
  }
}
