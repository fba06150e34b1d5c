/** A `.keras` or `.h5` file as a model that can be explained, on the engine that is there. */
import { throwIfAborted } from '../reading/abort.js';
import { CompiledModel } from './compiled.js';
import { chooseEngine } from './executors/choose.js';
import type { ModelGraph } from './graph/model-graph.js';
import type { ExplainableModel } from './interface.js';
import { engineOptions } from './load-onnx.js';
import { readKerasFile } from './readers/keras/file.js';
import type { KerasOptions } from './readers/keras/read.js';
import type { ByteSource } from './tfjs/bytes.js';

export interface LoadKerasOptions extends KerasOptions {
  /** `onnxruntime`, `onnxruntime-web` or `auto`, the default: the first of them that loads. */
  readonly engine?: string;
  readonly signal?: AbortSignal;
}

export interface LoadedKeras {
  readonly model: ExplainableModel;
  readonly graph: ModelGraph;
  /** The engine taken. */
  readonly engine: string;
  /** Why that one. */
  readonly reason: string;
}

export async function loadKeras(
  source: ByteSource,
  options: LoadKerasOptions,
): Promise<LoadedKeras> {
  const bytes = await source.model();
  const graph = await readKerasFile(bytes, source.name, options);
  throwIfAborted(options.signal, `loading ${source.name}`);
  const { executor, reason } = await chooseEngine(graph, engineOptions(options.engine));
  return { model: new CompiledModel(graph, executor), graph, engine: executor.id, reason };
}
