/** A `.keras` or `.h5` file as a model that can be explained, on the engine that is available. */
import { throwIfAborted } from '../reading/abort.js';
import type { EngineOptions } from './executors/choose.js';
import type { ModelGraph } from './graph/model-graph.js';
import { runningGraph, type Running } from './load-onnx.js';
import { readKerasFile } from './readers/keras/file.js';
import type { KerasOptions } from './readers/keras/read.js';
import type { ByteSource } from './tfjs/bytes.js';

export interface LoadKerasOptions extends KerasOptions, EngineOptions {
  readonly signal?: AbortSignal;
}

export interface LoadedKeras extends Running {
  readonly graph: ModelGraph;
}

export async function loadKeras(
  source: ByteSource,
  options: LoadKerasOptions,
): Promise<LoadedKeras> {
  const bytes = await source.model();
  const graph = await readKerasFile(bytes, source.name, options);
  throwIfAborted(options.signal, `loading ${source.name}`);
  return { ...(await runningGraph(graph, options)), graph };
}
