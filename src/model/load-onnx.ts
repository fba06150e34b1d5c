/** An ONNX file as a model that can be explained, on the engine that is there. */
import { isWhylensError, WhylensError } from '../errors.js';
import type { ByteSource } from './tfjs/bytes.js';
import { CompiledModel } from './compiled.js';
import { chooseEngine, type Engine, type EngineOptions } from './executors/choose.js';
import type { Executor } from './executors/executor.js';
import type { OnnxRuntime } from './executors/onnxruntime/sessions.js';
import type { OnnxModel } from './files/onnx.js';
import { decodeOnnx } from './files/onnx-decode.js';
import { externalFiles } from './files/onnx-external.js';
import type { ModelGraph } from './graph/model-graph.js';
import type { ExplainableModel } from './interface.js';
import { channelAxis } from './readers/onnx/input-layout.js';
import { readOnnx } from './readers/onnx/read.js';
import { SessionModel } from './session-model.js';
import { BACKENDS } from './tfjs/backend.js';

export interface LoadOnnxOptions {
  readonly name: string;
  readonly inputShape?: readonly number[];
  /** An engine or a back end of TensorFlow.js; default: WHYLENS_ENGINE, else the fastest that loads. */
  readonly engine?: string;
}

export interface LoadedOnnx {
  readonly model: ExplainableModel;
  /** The engine taken. */
  readonly engine: string;
  /** Who chose it, in words. */
  readonly reason: string;
}

/**
 * Reads the file and those beside it that it names. A network whose operators
 * are not all understood runs as it is, for methods that only need predictions.
 */
export async function loadOnnx(source: ByteSource, options: LoadOnnxOptions): Promise<LoadedOnnx> {
  const bytes = await source.model();
  const decoded = decodeOnnx(bytes, source.name);
  const files = new Map<string, Uint8Array>();
  for (const name of externalFiles(decoded)) files.set(name, await source.sibling(name));
  const read = (inputShape?: readonly number[]): ModelGraph =>
    readOnnx(decoded, { name: options.name, files, inputShape });
  let graph: ModelGraph;
  try {
    graph = read(options.inputShape);
  } catch (error) {
    if (!isWhylensError(error, 'UNSUPPORTED_OPERATION')) throw hinted(error, decoded, options);
    return forwardOnly(bytes, files, decoded, options, error);
  }
  const { executor, reason } = await chooseEngine(graph, engineOptions(options.engine));
  const isFree = graph.inputs.length === 1 && graph.inputs[0].shape !== undefined;
  const model = new CompiledModel(graph, executor, {
    ...(isFree ? { atSizes: ([shape]) => read(shape) } : {}),
  });
  return { model, engine: executor.id, reason };
}

/** The back ends of TensorFlow.js stand for that engine. */
export function engineOptions(name: string | undefined): EngineOptions {
  if (name === undefined) return {};
  if ((BACKENDS as readonly string[]).includes(name)) return { engine: 'tfjs', backend: name };
  return { engine: name as Engine };
}

/** The native library where it is installed, else the one in WebAssembly. */
async function engineFor(wanted = 'auto'): Promise<{ executor: Executor; runtime: OnnxRuntime }> {
  const { importOnnxRuntimeNode, onnxRuntimeNode } =
    await import('./executors/onnxruntime/node.js');
  const { importOnnxRuntimeWeb, onnxRuntimeWeb } = await import('./executors/onnxruntime/web.js');
  if (!['auto', 'onnxruntime', 'onnxruntime-web'].includes(wanted)) {
    throw new WhylensError(
      'BACKEND',
      `an ONNX file runs on 'onnxruntime' or 'onnxruntime-web' ('auto' takes the first that is there), got '${wanted}'`,
      { facts: { backend: wanted } },
    );
  }
  if (wanted !== 'onnxruntime-web') {
    const native = await importOnnxRuntimeNode();
    if ('runtime' in native || wanted === 'onnxruntime') {
      const executor = await onnxRuntimeNode();
      if ('runtime' in native) return { executor, runtime: native.runtime };
    }
  }
  const executor = await onnxRuntimeWeb();
  const web = await importOnnxRuntimeWeb();
  if ('runtime' in web) return { executor, runtime: web.runtime };
  throw new WhylensError('BACKEND', web.problem, { cause: web.cause });
}

/** The file as it is, without layers. */
async function forwardOnly(
  bytes: Uint8Array,
  files: ReadonlyMap<string, Uint8Array>,
  decoded: OnnxModel,
  options: LoadOnnxOptions,
  reason: WhylensError,
): Promise<LoadedOnnx> {
  const { executor, runtime } = await engineFor(options.engine);
  let session;
  try {
    session = await runtime.InferenceSession.create(bytes, {
      logSeverityLevel: 3,
      ...(files.size === 0
        ? {}
        : { externalData: [...files].map(([path, data]) => ({ path, data })) }),
    });
  } catch {
    // neither reads it: what whylens misses says more than the library's words
    throw reason;
  }
  const weights = new Set(decoded.graph.initializers.map(({ name }) => name));
  const input = decoded.graph.inputs.find(({ name }) => !weights.has(name));
  const last = decoded.graph.nodes.find(({ outputs }) =>
    outputs.includes(decoded.graph.outputs[0]?.name),
  );
  const activation =
    last?.op === 'Softmax' ? 'softmax' : last?.op === 'Sigmoid' ? 'sigmoid' : 'linear';
  const axis = input === undefined ? undefined : channelAxis(decoded.graph, input);
  const model = new SessionModel(session, {
    name: options.name,
    inputShape: options.inputShape,
    activation,
    ...(axis === undefined ? {} : { channelsFirst: axis === 'first' }),
    why: reason.message,
    ownsSession: true,
  });
  return { model, engine: executor.id, reason: 'the first that reads the file as it is' };
}

/** Most networks with open sizes still want certain ones. */
function hinted(error: unknown, decoded: OnnxModel, options: LoadOnnxOptions): unknown {
  const isOpen = decoded.graph.inputs.some(({ shape }) =>
    shape?.slice(1).some((size) => typeof size !== 'number'),
  );
  if (!isWhylensError(error, 'MODEL_LOAD') || !isOpen || options.inputShape !== undefined) {
    return error;
  }
  return new WhylensError(
    'MODEL_LOAD',
    `${error.message}. The model leaves its input size open: say which it wants with inputShape, such as [224, 224, 3]`,
    { cause: error, facts: error.facts },
  );
}
