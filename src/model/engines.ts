/** The engines by name, and the options that choose between them. */
import { WhylensError } from '../errors.js';
import type { OptionSpecs } from '../options.js';

/** In order of preference. */
export const ENGINES = ['onnxruntime', 'onnxruntime-web', 'tfjs'] as const;
export type Engine = (typeof ENGINES)[number];

/** What computes inside ONNX Runtime for the web; the second in pages alone. */
export const WEB_BACKENDS = ['wasm', 'webgpu'] as const;
export type WebBackend = (typeof WEB_BACKENDS)[number];

/** The options of engines, as every call that takes them checks them. */
export const ENGINE_OPTIONS = {
  engine: {
    type: 'choice',
    default: undefined,
    choices: ['auto', ...ENGINES],
    help: 'What runs the model.',
  },
  threads: {
    type: 'number',
    default: undefined,
    integer: true,
    min: 1,
    help: 'Threads of one operation in ONNX Runtime.',
  },
  backend: { type: 'string', default: undefined, help: 'Backend of the engine.' },
} as const satisfies OptionSpecs;

/** A backend is a part of TensorFlow.js, or of ONNX Runtime for the web where that is named. */
export function checkBackend(backend: string, engine: string | undefined): void {
  const isEngine = (ENGINES as readonly string[]).includes(backend);
  if (!isEngine && (engine === undefined || engine === 'auto' || engine === 'tfjs')) return;
  if (engine === 'onnxruntime-web' && isWebBackend(backend)) return;
  throw new WhylensError(
    'INVALID_OPTION',
    isEngine
      ? `option 'backend' names a backend of TensorFlow.js (tensorflow, wasm, cpu); '${backend}' is an engine: say engine: '${backend}' (--engine ${backend})`
      : engine === 'onnxruntime-web'
        ? `backend '${backend}' is none of engine 'onnxruntime-web'. Allowed: ${WEB_BACKENDS.join(', ')}`
        : `option 'backend' names a backend of TensorFlow.js and has no meaning for engine '${engine}'; leave one of the two out`,
    { facts: { backend, engine } },
  );
}

export function isWebBackend(backend: string | undefined): backend is WebBackend {
  return (WEB_BACKENDS as readonly (string | undefined)[]).includes(backend);
}
