/** ONNX Runtime's native library, found when it is asked for: an optional package. */
import { WhylensError } from '../../../errors.js';
import { coresHere, isNode } from '../cores.js';
import type { Executor } from '../executor.js';
import {
  onnxExecutor,
  type OnnxRuntime,
  type OpenRuntime,
  type SessionOptions,
} from './sessions.js';

const PACKAGE = 'onnxruntime-node';

/** Imports the package; undefined if it is not installed or does not load, with the reason. */
export async function importOnnxRuntimeNode(): Promise<
  | { readonly runtime: OnnxRuntime; readonly version: string | undefined }
  | { readonly problem: string; readonly cause: unknown }
> {
  if (!isNode()) {
    return { problem: 'it only runs in Node', cause: undefined };
  }
  // not a literal: an optional package, which no compiler or bundler may look for
  const specifier: string = PACKAGE;
  try {
    const found = (await import(specifier)) as { default?: OnnxRuntime } & OnnxRuntime;
    const runtime = found.InferenceSession === undefined ? found.default! : found;
    const { env } = runtime as { env?: { versions?: { node?: string; common?: string } } };
    return { runtime, version: env?.versions?.node ?? env?.versions?.common };
  } catch (cause) {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    const missing = code === 'ERR_MODULE_NOT_FOUND' && String(message).includes(PACKAGE);
    return {
      problem: missing
        ? `${PACKAGE} is not installed`
        : `${PACKAGE} does not load: ${String(message)}`,
      cause,
    };
  }
}

/** @throws `BACKEND` if the package is not installed, with the way to get it. */
export async function openOnnxRuntimeNode(options: SessionOptions = {}): Promise<OpenRuntime> {
  const found = await importOnnxRuntimeNode();
  if ('runtime' in found) {
    const { runtime, version } = found;
    return { runtime, options: { version, ...options, threads: options.threads ?? coresHere() } };
  }
  const others = "engine 'onnxruntime-web' or 'tfjs'";
  const install = `Install it (npm install ${PACKAGE}; without network ONNXRUNTIME_NODE_INSTALL=skip npm install ${PACKAGE}) or take`;
  throw new WhylensError(
    'BACKEND',
    `engine 'onnxruntime' cannot be used, since ${found.problem}. ${isNode() ? install : 'Take'} ${others}`,
    { cause: found.cause, facts: { engine: 'onnxruntime' } },
  );
}

/** The same as an executor. */
export async function onnxRuntimeNode(given: SessionOptions = {}): Promise<Executor> {
  const { runtime, options } = await openOnnxRuntimeNode(given);
  return onnxExecutor('onnxruntime', runtime, options);
}
