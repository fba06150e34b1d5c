/**
 * A layers model in `model.json` as a model that can be explained. It is read like a Keras file; a
 * file with pieces that only TensorFlow.js can run (classes
 * that its user registered, recurrent layers) is built and run by that library.
 */
import { isWhylensError, type WhylensError } from '../errors.js';
import { CompiledModel } from './compiled.js';
import type { EngineOptions } from './executors/choose.js';
import type { ModelGraph } from './graph/model-graph.js';
import { runningGraph, type Running } from './load-onnx.js';
import { isOwnWriting, readModelJson, readModelJsonAt } from './readers/keras/model-json.js';
import type { KerasOptions } from './readers/keras/read.js';
import { storedWeights } from './readers/tfjs-graph/weights.js';
import type { ByteSource } from './tfjs/bytes.js';
import { readWeights, type ModelFileContent } from './tfjs/manifest.js';
import { requireFinite } from './tfjs/finite-weights.js';

export interface LoadLayersOptions extends KerasOptions, EngineOptions {}

export interface LoadedLayers extends Running {
  readonly name: string;
  /** Frees the model and all that it runs on. */
  readonly dispose: () => void;
}

/** @throws WhylensError `MODEL_LOAD` and the others of reading; `UNSUPPORTED_OPERATION` if another engine than tfjs is asked for and cannot run it */
export async function loadLayersFile(
  content: ModelFileContent,
  source: ByteSource,
  { engine, threads, backend, ...options }: LoadLayersOptions,
): Promise<LoadedLayers> {
  const { specs, data } = await readWeights(source, content.manifest);
  requireFinite(specs, data, { file: source.name, isGraph: false });
  const stored = storedWeights(specs, data);
  const file = {
    topology: content.topology,
    file: source.name,
    weights: specs
      .filter(({ group }) => group !== 'optimizer')
      .map(({ name, shape }) => ({ name, shape, read: () => stored.get(name)!.weight })),
  };
  let graph: ModelGraph;
  try {
    graph = readModelJson(file, options);
  } catch (error) {
    if (!isForeign(error)) throw error;
    return asItIs(content, source, { engine, backend }, error);
  }
  if (isOwnWriting(content.topology) && deviates(content.topology)) {
    return asItIs(content, source, { engine, backend });
  }
  const isOpen = graph.inputs.some(({ shape }) => shape?.includes(null) === true);
  const running = await runningGraph(
    graph,
    { engine: engine ?? 'tfjs', threads, backend },
    isOpen ? (shapes) => readModelJsonAt(file, shapes, options) : undefined,
  );
  return { ...running, name: graph.name, dispose: () => running.model.release() };
}

/** TensorFlow.js may know layers that the reader does not. */
const isForeign = (error: unknown): error is WhylensError =>
  isWhylensError(error, 'UNSUPPORTED_OPERATION') || isWhylensError(error, 'UNSUPPORTED_MODEL');

/** Settings that TensorFlow.js reads differently from Keras: a model that it trained means its own way. */
function deviates(topology: object): boolean {
  let found = false;
  JSON.stringify(topology, (_, value: unknown) => {
    const { class_name: kind, config } = (value ?? {}) as Record<string, unknown>;
    const own = (config ?? {}) as Record<string, unknown>;
    found ||=
      (kind === 'DepthwiseConv2D' && [own.dilation_rate ?? 1].flat().some((n) => n !== 1)) ||
      (kind === 'UpSampling2D' && own.interpolation === 'bilinear');
    return value;
  });
  return found;
}

/** Built and run by TensorFlow.js, layer by layer. */
async function asItIs(
  content: ModelFileContent,
  source: ByteSource,
  { engine, backend }: EngineOptions,
  reason?: WhylensError,
): Promise<LoadedLayers> {
  if (engine !== undefined && engine !== 'auto' && engine !== 'tfjs' && reason !== undefined) {
    throw reason;
  }
  const { tfjsExecutor } = await import('./executors/tfjs/executor.js');
  const { loadLayers } = await import('./tfjs/load-layers.js');
  const { isOpen, liveNetwork } = await import('./tfjs/live-network.js');
  const { registerChainedOps } = await import('./tfjs/chained-ops.js');
  const executor = await tfjsExecutor({ backend });
  registerChainedOps();
  const native = await loadLayers(content, source);
  try {
    const live = native as never;
    const { name } = native;
    const model = new CompiledModel(liveNetwork(live, name), executor, {
      ...(isOpen(live) ? { atSizes: (shapes) => liveNetwork(live, name, shapes) } : {}),
      remarks:
        reason === undefined ? [] : [`the model runs on 'tfjs' alone, since ${reason.message}`],
    });
    return {
      model,
      engine: executor.id,
      reason: 'the one that runs such a model',
      facts: executor.facts,
      name,
      dispose: () => {
        model.release();
        native.dispose();
      },
    };
  } catch (error) {
    executor.release();
    native.dispose();
    throw error;
  }
}
