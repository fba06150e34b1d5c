/** Models of rows and texts that only ONNX Runtime computes: the graph as it is, up to its scores. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { AbortedError, WhylensError } from '../../../errors.js';
import { importOnnxRuntimeNode } from '../../executors/onnxruntime/node.js';
import type { OnnxRuntime } from '../../executors/onnxruntime/sessions.js';
import { openOnnxRuntimeWeb } from '../../executors/onnxruntime/web.js';
import { encodeOnnx } from '../../files/onnx-encode.js';
import { ELEMENT, type OnnxModel, type OnnxValueInfo } from '../../files/onnx.js';
import { joined } from '../../files/protobuf.js';
import { engineFailed } from '../../memory.js';
import { broken, unsupported } from '../fields.js';
import type { Columns, FeatureInfo, RowModel, Rows, TabularModel } from '../interface.js';
import type { ReadOptions } from '../read-options.js';
import { TabularGraph } from './graph.js';
import { featuresOf, isOfTexts, labelsOf, scoresOf, sourceOf } from './read-onnx.js';

/** How ONNX Runtime calls the element types that rows and texts are fed as. */
const TYPES: Readonly<Record<number, string>> = {
  [ELEMENT.float]: 'float32',
  [ELEMENT.double]: 'float64',
  [ELEMENT.int64]: 'int64',
  [ELEMENT.int32]: 'int32',
  [ELEMENT.bool]: 'bool',
  [ELEMENT.string]: 'string',
};

type TensorOf = new (type: string, data: unknown, dims: readonly number[]) => Tensor;
interface Runtime {
  readonly InferenceSession: OnnxRuntime['InferenceSession'];
  readonly Tensor: TensorOf;
}

/**
 * A model whose every prediction is a run of the graph: support vector
 * machines, boosting of any models, neighbours, naive Bayes, pipelines of
 * texts. Methods that only need predictions explain it.
 *
 * @throws `UNSUPPORTED_MODEL` if ONNX Runtime does not read the graph either
 */
export async function sessionModel(
  model: OnnxModel,
  file: string,
  options: ReadOptions,
): Promise<TabularModel> {
  const graph = new TabularGraph(model, file, options.featureNames?.length);
  const scores = scoresOf(model, graph, file);
  const runtime = await startRuntime();
  const session = await open(runtime, cut(model, scores), file);
  const texts = isOfTexts(model);
  const labels = labelsOf(model, graph);
  const names = options.classNames ?? labels;
  const features = texts ? [] : featuresOf(model, graph, options);
  // once, and nobody waits for it
  let released: Promise<void> | undefined;
  const common = {
    kind: 'tabular-model',
    name: options.name,
    source: `${sourceOf(model)}, run by ONNX Runtime`,
    form: 'onnx',
    task: labels === undefined ? 'regression' : 'classification',
    ...(labels !== undefined && names !== undefined && { classNames: names }),
    ...(labels === undefined &&
      options.classNames !== undefined && { outputNames: options.classNames }),
    link: { kind: 'identity' },
    dispose: () => {
      released ??= session.release().catch(() => undefined);
    },
  } as const;
  const run = async (
    count: number,
    feeds: (first: number, n: number) => Record<string, Tensor>,
  ) => {
    const values = await inBatches(session, scores, count, batchOf(model), feeds, file);
    return { margins: values, values };
  };
  const [input] = graph.inputs;
  const info = model.graph.inputs.find(({ name }) => name === input?.name);
  const predictTexts = (documents: readonly string[]) =>
    run(documents.length, (first, n) => ({
      [input.name]: new runtime.Tensor(
        'string',
        documents.slice(first, first + n),
        info?.shape?.length === 1 ? [n] : [n, 1],
      ),
    }));
  const feedsOf = feeder(model, graph, features, runtime.Tensor, file);
  const predictRows = (rows: Rows) => run(rows.count, (first, n) => feedsOf(rows, first, n));
  // a graph that does not run is reported now; this also shows how many scores there are
  const probe = texts
    ? await predictTexts(['a text'])
    : await predictRows({
        count: 1,
        columns: features.length,
        data: new Float64Array(features.length),
      });
  const { columns } = probe.values;
  if (texts) {
    return {
      ...common,
      documents: 'texts',
      marginCount: columns,
      valueCount: columns,
      predict: (documents, { signal } = {}) => {
        refuseAborted(signal, documents.length);
        return predictTexts(documents);
      },
    };
  }
  const made: RowModel = {
    ...common,
    documents: 'rows',
    features,
    marginCount: columns,
    valueCount: columns,
    predict: async (rows, { signal } = {}) => {
      refuseAborted(signal, rows.count);
      if (rows.columns !== features.length) {
        throw new WhylensError(
          'INVALID_DOCUMENT',
          `the model '${options.name}' takes rows of ${features.length} features, got ${rows.columns}`,
        );
      }
      return predictRows(rows);
    },
  };
  return made;
}

function refuseAborted(signal: AbortSignal | undefined, count: number): void {
  if (signal?.aborted === true) throw new AbortedError(0, count, signal.reason);
}

async function startRuntime(): Promise<Runtime> {
  const native = await importOnnxRuntimeNode();
  if ('runtime' in native) return native.runtime as unknown as Runtime;
  const web = await openOnnxRuntimeWeb({ backend: 'wasm' });
  return web.runtime as unknown as Runtime;
}

/** The same graph with one output. A ZipMap's maps cannot be read; what it is made of can. */
function cut(model: OnnxModel, scores: string): Uint8Array {
  const { graph } = model;
  const output: OnnxValueInfo = graph.outputs.find(({ name }) => name === scores) ?? {
    name: scores,
    type: ELEMENT.float,
    shape: [null, null],
  };
  return joined(
    encodeOnnx({
      ...model,
      graph: {
        ...graph,
        nodes: graph.nodes.filter(({ op }) => op !== 'ZipMap'),
        outputs: [output],
      },
    }),
  );
}

async function open(
  { InferenceSession }: Runtime,
  bytes: Uint8Array,
  file: string,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(bytes, { logSeverityLevel: 4 });
  } catch (cause) {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `'${file}' is not read by ONNX Runtime either: ${(cause as Error).message}`,
      { cause, facts: { file } },
    );
  }
}

/** Some graphs take one row, and no more. */
function batchOf({ graph }: OnnxModel): number | undefined {
  const sizes = graph.inputs.map(({ shape }) => shape?.[0]).filter((n) => typeof n === 'number');
  return sizes.length === 0 ? undefined : Math.max(1, ...sizes);
}

/** This many rows go through the graph at once if it takes any number. */
const TOGETHER = 4096;

async function inBatches(
  session: InferenceSession,
  scores: string,
  count: number,
  fixed: number | undefined,
  feeds: (first: number, n: number) => Record<string, Tensor>,
  file: string,
): Promise<Columns> {
  let columns = 1;
  const parts: ArrayLike<number>[] = [];
  const step = fixed === undefined ? TOGETHER : 1;
  for (let first = 0; first < count; first += step) {
    const n = Math.min(step, count - first);
    const results = await session.run(feeds(first, n)).catch((cause: unknown) => {
      throw engineFailed(cause, 'onnxruntime');
    });
    const found = results[scores];
    const data = found.data as ArrayLike<number>;
    columns = data.length / n;
    if (!Number.isInteger(columns) || columns < 1) {
      throw broken(file, `its scores are not one row for each of ${n} rows`);
    }
    parts.push(data);
  }
  const all = new Float64Array(count * columns);
  let at = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) all[at++] = Number(part[i]);
  }
  return { count, columns, data: all };
}

function feeder(
  { graph }: OnnxModel,
  { inputs }: TabularGraph,
  features: readonly FeatureInfo[],
  Make: TensorOf,
  file: string,
): (rows: Rows, first: number, n: number) => Record<string, Tensor> {
  let from = 0;
  const parts = inputs.map(({ name, columns, words }) => {
    const info = graph.inputs.find((one) => one.name === name);
    const type = TYPES[info?.type ?? ELEMENT.float] as string | undefined;
    if (type === undefined) throw unsupported(file, `an input '${name}' of a type that no row has`);
    const part = { name, columns, words, type, flat: info?.shape?.length === 1, from };
    from += columns;
    return part;
  });
  return (rows, first, n) =>
    Object.fromEntries(
      parts.map(({ name, columns, words, type, flat, from: start }) => {
        const numbers = new Float64Array(n * columns);
        for (let i = 0; i < n; i++) {
          const at = (first + i) * rows.columns + start;
          numbers.set(rows.data.subarray(at, at + columns), i * columns);
        }
        const data = words
          ? Array.from(numbers, (code, i) =>
              String(features[start + (i % columns)].categories?.[code] ?? ''),
            )
          : cast(numbers, type, name);
        return [name, new Make(type, data, flat ? [n] : [n, columns])];
      }),
    );
}

function cast(numbers: Float64Array, type: string, name: string): unknown {
  const odd = type.startsWith('int') ? numbers.findIndex((x) => !Number.isFinite(x)) : -1;
  if (odd !== -1) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `input '${name}' takes whole numbers (${type}), and row ${odd} has none there`,
      { facts: { row: odd, column: name } },
    );
  }
  switch (type) {
    case 'float64':
      return numbers;
    case 'int64':
      return BigInt64Array.from(numbers, (x) => BigInt(Math.trunc(x)));
    case 'int32':
      return Int32Array.from(numbers);
    case 'bool':
      return Uint8Array.from(numbers, (x) => (x === 0 ? 0 : 1));
    default:
      return Float32Array.from(numbers);
  }
}
