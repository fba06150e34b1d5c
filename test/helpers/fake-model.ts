/**
 * A tiny exact network that implements the whole model interface without an
 * engine: explainers and contracts are tested against it in float64.
 */
import { WhylensError } from '../../src/errors.js';
import type { NdArray } from '../../src/explanation.js';
import { sizeOf, stack } from '../../src/maths/ndarray.js';
import { seededRandom } from '../../src/maths/random.js';
import { countSamples, runChunks, takeSamples } from '../../src/model/chunks.js';
import type {
  ChunkPosition,
  DifferentiateRequest,
  DifferentiateResult,
  ExplainableModel,
  LayerInfo,
  OutputInfo,
  OutputValues,
  RunRequest,
  RunResult,
} from '../../src/model/interface.js';
import { scoreOf, seedOf } from '../../src/model/targets.js';
import { conv, dense, globalAverage, relu, type FakeLayer, type Values } from './fake-layers.js';

export interface FakeOptions {
  readonly inputShape: readonly number[];
  readonly layers: readonly FakeLayer[];
  /** Default softmax. */
  readonly activation?: OutputInfo['activation'];
  readonly name?: string;
}

export interface FakeModel extends ExplainableModel {
  /** Samples that went through `run` and `differentiate` so far, and from where. */
  readonly ran: { samples: number; from: (string | undefined)[] };
}

/** Weights from a seed, spread evenly over [−scale, scale]. */
export function weights(count: number, seed: number, scale = 1): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: count }, () => scale * (2 * random.uniform() - 1));
}

/** 6 × 8 × 3 → conv1, relu1 → conv2 (stride 2), relu2 `[3, 4, 5]` → mean → 4 classes. */
export function fakeClassifier(options: Partial<FakeOptions> = {}): FakeModel {
  return fakeModel({
    inputShape: [6, 8, 3],
    layers: [
      conv('conv1', [3, 3, 3, 4], weights(108, 1, 0.6), [0.1, -0.1, 0.2, 0]),
      relu('relu1'),
      conv('conv2', [3, 3, 4, 5], weights(180, 2, 0.6), [0.3, 0.1, 0.2, 0.1, 0.2], 2),
      relu('relu2'),
      globalAverage('pool'),
      dense('logits', [5, 4], weights(20, 3, 2), [0.1, -0.2, 0.3, 0]),
    ],
    ...options,
  });
}

/** Pictures as the model eats them, `[count, ...shape]`, values in [−1, 1]. */
export function fakeInputs(shape: readonly number[], count = 1, seed = 11): NdArray {
  return {
    shape: [count, ...shape],
    data: Float32Array.from(weights(count * sizeOf(shape), seed)),
  };
}

export function fakeModel(options: FakeOptions): FakeModel {
  const { inputShape, layers, activation = 'softmax', name = 'fake' } = options;
  const shapes = shapesOf(layers, inputShape);
  const ran = { samples: 0, from: [] as (string | undefined)[] };
  const indexOf = (path: string): number => {
    const index = layers.findIndex((layer) => layer.path === path);
    if (index < 0) throw new WhylensError('UNKNOWN_LAYER', `no layer '${path}'`);
    return index;
  };
  /** `xs[i]` goes into layer `i`; `xs[layers.length]` are the logits. */
  const forward = (request: Pick<RunRequest, 'inputs' | 'from'>, n: number): Values[] => {
    const start = request.from === undefined ? 0 : indexOf(request.from.layer) + 1;
    const samples = request.from?.activations ?? request.inputs[0];
    const { shape, data } = takeSamples(samples, { offset: n, count: 1 });
    const xs: Values[] = new Array<Values>(start);
    xs[start] = { shape: shape.slice(1), data: Float64Array.from(data) };
    for (let i = start; i < layers.length; i++) xs[i + 1] = layers[i].forward(xs[i]);
    return xs;
  };
  const outputsOf = (all: readonly Values[][]): OutputValues[] => {
    const logits = all.map((xs) => xs[layers.length]);
    return [
      {
        name: 'scores',
        activation,
        logits: stack(logits.map(toFloat32)),
        values: stack(logits.map((x) => toFloat32(activate(x, activation)))),
      },
    ];
  };
  const recorded = (all: readonly Values[][], paths: readonly string[]) =>
    Object.fromEntries(
      paths.map((path) => [path, stack(all.map((xs) => toFloat32(xs[indexOf(path) + 1])))]),
    );
  const chunked = async <R extends RunResult>(
    request: RunRequest | DifferentiateRequest,
    evaluate: (chunk: ChunkPosition) => R,
  ): Promise<R> => {
    const count = countSamples(request);
    ran.from.push(request.from?.layer);
    return runChunks(
      { ...request, count, bytesPerSample: 1, batchSize: request.batchSize ?? 3 },
      (chunk) => {
        ran.samples += chunk.count;
        return evaluate(chunk);
      },
      request.onChunk as ((chunk: R & ChunkPosition) => void) | undefined,
    );
  };

  return {
    ran,
    describe: () => ({
      name,
      adapter: 'fake',
      inputs: [{ name: 'picture', shape: inputShape, dtype: 'float32' }],
      outputs: [{ name: 'scores', shape: shapes[layers.length], activation }],
      layers: [
        { path: 'picture', kind: 'InputLayer', shape: inputShape, parameters: 0, inputs: [] },
        ...layers.map((layer, i): LayerInfo => ({
          path: layer.path,
          kind: layer.kind,
          shape: shapes[i + 1],
          parameters: (layer.kernel?.data.length ?? 0) + (layer.bias?.length ?? 0),
          inputs: [i === 0 ? 'picture' : layers[i - 1].path],
          ...(layer.activation === undefined ? {} : { activation: layer.activation }),
          hasBias: layer.bias !== undefined,
        })),
      ],
      can: { activations: true, gradients: true, fromLayer: true, randomize: true },
    }),
    run: (request) =>
      chunked(request, ({ offset, count }) => {
        const all = range(count).map((n) => forward(request, offset + n));
        return { outputs: outputsOf(all), activations: recorded(all, request.record ?? []) };
      }),
    differentiate: (request) =>
      chunked(request, ({ offset, count }): DifferentiateResult => {
        const { score = 'logit', reluRule = 'plain', layers: at = [], wrt = [] } = request;
        const all = range(count).map((n) => forward(request, offset + n));
        const outputs = outputsOf(all);
        const targetsOf = (n: number) => {
          const [first] = request.targets;
          return (Array.isArray(first) ? request.targets[offset + n] : request.targets) as never[];
        };
        const scores: number[][] = [];
        const back = all.map((xs, n) => {
          const targets = targetsOf(n);
          scores.push(targets.map((target) => scoreOf(target, outputs, n, score)));
          return targets.map((target) => {
            const seed = Float64Array.from(seedOf(target, outputs, n, score)[0]!);
            const logits = xs[layers.length];
            const start = score === 'logit' ? seed : throughActivation(logits, seed, activation);
            const gs: Values[] = [];
            gs[layers.length] = { shape: logits.shape, data: start };
            for (let i = layers.length - 1; i >= 0 && xs[i] !== undefined; i--) {
              gs[i] = layers[i].backward(xs[i], gs[i + 1], reluRule);
            }
            return gs;
          });
        });
        const gradientsAt = (i: number) =>
          back[0].map((_, t) => stack(back.map((targets) => toFloat32(targets[t][i]))));
        return {
          outputs,
          scores,
          activations: recorded(all, [...at, ...(request.record ?? [])]),
          gradients: {
            ...Object.fromEntries(at.map((path) => [path, gradientsAt(indexOf(path) + 1)])),
            ...Object.fromEntries(wrt.map((input) => [input, gradientsAt(0)])),
          },
        };
      }),
    linearHead(path) {
      const [pool, head, ...rest] = layers.slice(indexOf(path) + 1);
      if (pool?.kind !== 'GlobalAveragePooling' || head?.kind !== 'Dense' || rest.length > 0) {
        return {
          found: layers
            .slice(indexOf(path) + 1)
            .map(({ kind }) => kind)
            .join(', '),
        };
      }
      return { kernel: toFloat32(head.kernel!), bias: Float32Array.from(head.bias!) };
    },
    bias(path) {
      const { bias } = layers[indexOf(path)];
      return bias === undefined ? undefined : Float32Array.from(bias);
    },
    randomize(paths, seed) {
      const random = seededRandom(seed);
      const drawn = layers.map((layer) => {
        if (!paths.includes(layer.path) || layer.kernel === undefined) return layer;
        const { data } = layer.kernel;
        const mean = data.reduce((a, b) => a + b, 0) / data.length;
        const spread = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
        return layer.with!(data.map(() => mean + spread * random.normal()));
      });
      return fakeModel({ ...options, layers: drawn });
    },
    release: () => undefined,
  };
}

function activate({ shape, data }: Values, activation: OutputInfo['activation']): Values {
  if (activation === 'linear') return { shape, data };
  if (activation === 'sigmoid') return { shape, data: data.map((x) => 1 / (1 + Math.exp(-x))) };
  const classes = shape[shape.length - 1];
  const result = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += classes) {
    const row = data.subarray(start, start + classes);
    const top = Math.max(...row);
    const total = row.reduce((sum, x) => sum + Math.exp(x - top), 0);
    row.forEach((x, i) => (result[start + i] = Math.exp(x - top) / total));
  }
  return { shape, data: result };
}

/** Gradient with respect to the logits from that with respect to the final values. */
function throughActivation(
  logits: Values,
  seed: Float64Array,
  activation: OutputInfo['activation'],
): Float64Array {
  const { data: y } = activate(logits, activation);
  if (activation === 'linear') return seed;
  if (activation === 'sigmoid') return seed.map((g, i) => g * y[i] * (1 - y[i]));
  const classes = logits.shape[logits.shape.length - 1];
  return seed.map((g, i) => {
    const start = i - (i % classes);
    let mean = 0;
    for (let j = start; j < start + classes; j++) mean += seed[j] * y[j];
    return y[i] * (g - mean);
  });
}

function shapesOf(
  layers: readonly FakeLayer[],
  inputShape: readonly number[],
): (readonly number[])[] {
  let x: Values = { shape: inputShape, data: new Float64Array(sizeOf(inputShape)) };
  return [inputShape, ...layers.map((layer) => (x = layer.forward(x)).shape)];
}

function toFloat32({ shape, data }: Values): NdArray {
  return { shape, data: Float32Array.from(data) };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
