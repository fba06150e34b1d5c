/** What the test page of engines runs: files in every form a page has, on every engine. */
import {
  explainPrediction,
  isWhylensError,
  loadModel,
  type LoadedModel,
  type LoadModelOptions,
} from 'whylens';

export interface Found {
  readonly engine?: string;
  readonly backend?: string;
  readonly recorded: unknown;
  readonly reason?: string;
  readonly name: string;
  readonly labels?: readonly string[];
  readonly maps: Readonly<Record<string, readonly number[]>>;
  readonly error?: string;
}

const FORMS = {
  address: (url: string) => Promise.resolve(url),
  URL: (url: string) => Promise.resolve(new URL(url, location.href)),
  bytes: async (url: string) => new Uint8Array(await bytesAt(url)),
  buffer: (url: string) => bytesAt(url),
  Blob: async (url: string) => new Blob([await bytesAt(url)]),
  File: async (url: string) => new File([await bytesAt(url)], 'own.onnx'),
  files: async (url: string) => [
    new File([await bytesAt(url)], url.split('/').at(-1)!),
    new File(['left\nright\n'], 'labels.txt'),
  ],
  'blob address': async (url: string) => URL.createObjectURL(new Blob([await bytesAt(url)])),
};

async function bytesAt(url: string): Promise<ArrayBuffer> {
  return (await fetch(url)).arrayBuffer();
}

/** One map a method of a model in one of the forms, and what computed it. */
async function explainAs(
  form: keyof typeof FORMS,
  url: string,
  shape: readonly number[],
  methods: readonly string[],
  options: LoadModelOptions = {},
): Promise<Found | string> {
  let model: LoadedModel;
  try {
    model = await loadModel(await FORMS[form](url), options);
  } catch (error) {
    if (!isWhylensError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
  const size = shape.reduce((a, b) => a * b);
  const doc = { shape, data: Float32Array.from({ length: size }, (_, i) => Math.sin(i)) };
  const maps: Record<string, readonly number[]> = {};
  let recorded: unknown;
  for (const method of methods) {
    const expl = await explainPrediction(model, doc, { method, targets: 1 });
    if (expl.kind !== 'image') throw new Error(expl.kind);
    maps[method] = [...expl.targets[0].heatmap.data];
    recorded = expl.parameters.engine;
  }
  model.dispose();
  const { engine, backend, engineReason, name, labels } = model;
  return { engine, backend, reason: engineReason, name, labels, maps, recorded };
}

Object.assign(globalThis, { explainAs });
