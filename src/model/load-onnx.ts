/** An ONNX file as a model that can be explained, on the engine that is available. */
import { isWhylensError, WhylensError } from '../errors.js';
import type { ByteSource } from './tfjs/bytes.js';
import { CompiledModel, type CompiledOptions } from './compiled.js';
import { chooseEngine, firstEngine, openRuntime, type EngineOptions } from './executors/choose.js';
import type { EngineFacts } from './executors/executor.js';
import { factsOf, sessionSettings, type OpenRuntime } from './executors/onnxruntime/sessions.js';
import type { OnnxModel } from './files/onnx.js';
import { decodeOnnx } from './files/onnx-decode.js';
import { externalFiles } from './files/onnx-external.js';
import type { ModelGraph } from './graph/model-graph.js';
import type { ExplainableModel } from './interface.js';
import { channelAxis } from './readers/onnx/input-layout.js';
import { readOnnx } from './readers/onnx/read.js';
import { SessionModel } from './session-model.js';

export interface LoadOnnxOptions extends EngineOptions {
  readonly name: string;
  readonly inputShape?: readonly number[];
  /** The same, if the file leaves its sizes open and nobody gives them. */
  readonly usualShape?: readonly number[];
}

/** A model on its engine. */
export interface Running {
  readonly model: ExplainableModel;
  /** The engine that was chosen. */
  readonly engine: string;
  /** Who chose it, in words. */
  readonly reason: string;
  readonly facts?: EngineFacts;
}

/**
 * Reads the file and those beside it that it names. A network whose operators
 * are not all understood runs as it is, for methods that only need predictions.
 */
export async function loadOnnx(source: ByteSource, options: LoadOnnxOptions): Promise<Running> {
  const isOwn = source.fresh === true;
  const bytes = await source.model();
  const decoded = decodeOnnx(bytes, source.name, isOwn);
  const files = new Map<string, Uint8Array>();
  for (const name of externalFiles(decoded)) files.set(name, await source.sibling(name));
  const read = (inputShape?: readonly number[]): ModelGraph =>
    readOnnx(decoded, { name: options.name, files, inputShape });
  const inputShape = options.inputShape ?? (isOpen(decoded) ? options.usualShape : undefined);
  let graph: ModelGraph;
  try {
    graph = read(inputShape);
  } catch (error) {
    if (!isWhylensError(error, 'UNSUPPORTED_OPERATION')) throw hinted(error, decoded, options);
    return forwardOnly(
      isOwn ? await source.model() : bytes,
      files,
      decoded,
      { ...options, inputShape },
      error,
    );
  }
  const isFree = graph.inputs.length === 1 && graph.inputs[0].shape !== undefined;
  return runningGraph(graph, options, isFree ? ([shape]) => read(shape) : undefined);
}

/** A graph on the engine that is asked for, or the fastest that can. */
export async function runningGraph(
  graph: ModelGraph,
  options: EngineOptions,
  atSizes?: CompiledOptions['atSizes'],
): Promise<Running> {
  const { executor, reason, lacking } = await chooseEngine(graph, options);
  const model = new CompiledModel(graph, executor, {
    ...(atSizes === undefined ? {} : { atSizes }),
    remarks: lacking.map((what) => `the model runs on '${executor.id}', since ${what}`),
  });
  return { model, engine: executor.id, reason, facts: executor.facts };
}

/** The file as it is, without layers. */
async function forwardOnly(
  bytes: Uint8Array,
  files: ReadonlyMap<string, Uint8Array>,
  decoded: OnnxModel,
  options: LoadOnnxOptions,
  reason: WhylensError,
): Promise<Running> {
  const chosen = await firstEngine<OpenRuntime>(options, async (engine) =>
    engine === 'tfjs'
      ? { lacks: reason.message, runs: "'onnxruntime' or 'onnxruntime-web'" }
      : openRuntime(engine, options),
  );
  const { runtime, options: settings } = chosen.taken;
  let session;
  try {
    session = await runtime.InferenceSession.create(bytes, {
      ...sessionSettings(settings),
      ...(files.size === 0
        ? {}
        : { externalData: [...files].map(([path, data]) => ({ path, data })) }),
    });
  } catch {
    // neither reads it: the message of whylens says more than the library's
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
    engine: { name: chosen.engine, ...factsOf(settings) },
  });
  return {
    model,
    engine: chosen.engine,
    reason: `${chosen.reason}, with the file as it is`,
    facts: factsOf(settings),
  };
}

/** Most networks with open sizes still need certain ones. */
function hinted(error: unknown, decoded: OnnxModel, options: LoadOnnxOptions): unknown {
  if (
    !isWhylensError(error, 'MODEL_LOAD') ||
    !isOpen(decoded) ||
    options.inputShape !== undefined
  ) {
    return error;
  }
  return new WhylensError(
    'MODEL_LOAD',
    `${error.message}. The model leaves its input size open: say which size it needs with inputShape, such as [224, 224, 3]`,
    { cause: error, facts: error.facts },
  );
}

/** True if a size other than the batch is left to the user. */
function isOpen({ graph }: OnnxModel): boolean {
  return graph.inputs.some(({ shape }) => shape?.slice(1).some((size) => typeof size !== 'number'));
}
