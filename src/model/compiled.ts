/** What explainers see of any model that was read into a graph, on any engine. */
import { didYouMean } from '../did-you-mean.js';
import { WhylensError } from '../errors.js';
import type { NdArray, Target } from '../explanation.js';
import { sizeOf } from '../maths/ndarray.js';
import { countSamples, runChunks, takeSamples } from './chunks.js';
import type { Executor } from './executors/executor.js';
import { GraphRunner, repeated, type Ask } from './graph-runner.js';
import type { Shape } from './graph/primitives.js';
import type { ModelGraph } from './graph/model-graph.js';
import { atThisSize } from './memory.js';
import { biasOf, linearHeadOver, redrawn } from './graph/questions.js';
import { axisOrigins, isNoMap, isTokens } from './graph/space.js';
import type { Value } from './graph/value.js';
import { waysOf } from './graph/ways.js';
import type {
  ChunkPosition,
  DifferentiateRequest,
  DifferentiateResult,
  ExplainableModel,
  LayerInfo,
  LinearHead,
  ModelDescription,
  OutputValues,
  RunRequest,
  RunResult,
  Samples,
} from './interface.js';
import { scoreOf, seedOf } from './targets.js';
import { targetsPerSample } from './targets-per-sample.js';

/** Larger chunks gain nothing, and chunks that do not fit the processor's caches cost up to half as much again. */
const LARGEST_CHUNK = 16;
const CACHES = 16 * 1024 * 1024;
/** The way back keeps what the way there made, most of it out of the caches while nobody looks at it. */
const CACHES_BOTH_WAYS = 128 * 1024 * 1024;
/** Targets of one sample that go back together: many if the way is short, few down to the input. */
const TARGETS_TOGETHER = 16;
const TARGETS_TOGETHER_TO_INPUT = 4;
/** Graphs of a model with free sizes that are kept, one for each size met. */
const SIZES_KEPT = 3;

export interface CompiledOptions {
  /** The graph for other sizes of the inputs, if some are free. */
  readonly atSizes?: (shapes: readonly Shape[]) => ModelGraph;
  /** Sentences about the engine that stand among the warnings of every record. */
  readonly remarks?: readonly string[];
  /** Whether `release` frees the engine too; default true. */
  readonly ownsExecutor?: boolean;
  /** True if it belongs to a live model and is kept with it: `release` frees nothing. */
  readonly isLive?: boolean;
}

type Request = RunRequest | DifferentiateRequest;

export class CompiledModel implements ExplainableModel {
  /** By the sizes of the inputs, least recently used first. */
  private readonly runners = new Map<string, GraphRunner>();
  private description: ModelDescription | undefined;
  /** The last one asked for, so that its weights are arranged only once. */
  private head:
    { readonly key: string; readonly head: LinearHead | { readonly found: string } } | undefined;

  constructor(
    private readonly graph: ModelGraph,
    private readonly executor: Executor,
    private readonly options: CompiledOptions = {},
  ) {
    this.keep(new GraphRunner(graph, executor));
  }

  describe(): ModelDescription {
    return (this.description ??= this.described());
  }

  private described(): ModelDescription {
    const { name, format, inputs, outputs, layers } = this.graph;
    const warnings = [...(this.graph.warnings ?? []), ...(this.options.remarks ?? [])];
    const { id, facts } = this.executor;
    const pathOf = (v: Value) => [...layers.values()].find(({ value }) => value === v)?.path;
    const origins = axisOrigins(
      [...layers.values()].map(({ value }) => value),
      inputs.map(({ value }) => value),
    );
    const wayOf = waysOf(this.graph);
    return {
      name,
      adapter: format,
      inputs: inputs.map((input) => ({
        name: input.name,
        shape: input.shape ?? input.value.shape,
        dtype: input.dtype ?? 'float32',
        ...(input.order === undefined ? {} : { order: input.order }),
      })),
      outputs: outputs.map(({ name: own, value, shape, logits, activation }) => ({
        name: own,
        shape: shape ?? value.shape,
        activation,
        logits: pathOf(logits),
      })),
      layers: [...layers.values()].map((layer): LayerInfo => {
        const { path, kind, value, parameters, inputs: before, activation, internal } = layer;
        const { aliases } = layer;
        // if the reader does not know it, the way of the axes through the graph may tell
        const from = origins.get(value) ?? [];
        const space =
          layer.space ??
          (isNoMap(from, value.shape) ? 'none' : isTokens(from) ? 'tokens' : undefined);
        const way = wayOf(value);
        return {
          path,
          kind,
          shape: layer.shape ?? value.shape,
          parameters,
          inputs: before,
          ...(activation === undefined ? {} : { activation }),
          ...(internal === undefined ? {} : { internal }),
          ...(aliases === undefined ? {} : { aliases }),
          ...(space === undefined ? {} : { space }),
          ...(way.inputs.length === inputs.length
            ? {}
            : { fromInputs: way.inputs.map((i) => inputs[i].name) }),
          ...(way.outputs.length === outputs.length
            ? {}
            : { toOutputs: way.outputs.map((i) => outputs[i].name) }),
          ...(biasOf(this.graph, value) === undefined ? {} : { hasBias: true }),
        };
      }),
      can: { activations: true, gradients: true, fromLayer: true, randomize: true },
      engine: { name: id, ...facts },
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  }

  run(request: RunRequest): Promise<RunResult> {
    return this.guarded(request, (runner, count) => {
      const record = request.record ?? [];
      const fetch = [...this.outputsOf(runner), ...record.map((path) => runner.layer(path))];
      const from = request.from && runner.layer(request.from.layer);
      const { fetch: values, context, bytes } = runner.ask({ fetch, from });
      const options = { ...request, count, ...this.chunkOf(bytes, CACHES) };
      const feedsOf = this.feeder(runner, request, from, context);
      return runChunks<RunResult>(
        options,
        async (position) => {
          const arrays = await runner.run(values, await feedsOf(position), request);
          return this.result(runner, arrays, record, position.count);
        },
        request.onChunk,
      );
    });
  }

  differentiate(request: DifferentiateRequest): Promise<DifferentiateResult> {
    return this.guarded(request, (runner, count) => {
      const { layers = [], wrt = [], score = 'logit', targets, reluRule: rule = 'plain' } = request;
      const perSample = targetsPerSample(targets, count);
      const record = [...new Set([...(request.record ?? []), ...layers])];
      const fetch = [...this.outputsOf(runner), ...record.map((path) => runner.layer(path))];
      const from = request.from && runner.layer(request.from.layer);
      const names = [...layers, ...wrt];
      const at = names.map((name, i) =>
        i < layers.length ? runner.layer(name) : this.inputNamed(runner, name),
      );
      const seen = this.outputsSeen(runner, perSample, score);
      const ends = runner.graph.outputs.map(({ value, logits }) =>
        score === 'logit' ? logits : value,
      );
      const seedFor = (output: number, slot: number): Value =>
        runner.standIn(`seed ${output} ${slot}`, ends[output]);
      const seedMaps = (slots: number): Map<Value, Value>[] =>
        Array.from(
          { length: slots },
          (_, slot) => new Map(seen.map((o) => [ends[o], seedFor(o, slot)])),
        );
      const ask: Ask = { fetch, from, wrt: at, rule };
      const whole = runner.ask({ ...ask, seeds: names.length === 0 ? [] : seedMaps(1) });
      whole.gradients[0]?.forEach((found, i) => {
        if (found === undefined) throw independent(names[i], i < layers.length);
      });
      const early = perSample.every((list) => list.every(isLinear));
      const limit = wrt.length > 0 ? TARGETS_TOGETHER_TO_INPUT : TARGETS_TOGETHER;
      const feedsOf = this.feeder(runner, request, from, whole.context);
      const evaluate = async (position: ChunkPosition): Promise<DifferentiateResult> => {
        const feeds = await feedsOf(position);
        const of = (n: number) => perSample[position.offset + n];
        // if a target is chosen by the outputs, they are computed first
        let result =
          early && names.length > 0
            ? undefined
            : this.result(
                runner,
                await runner.run(whole.fetch, feeds, request),
                record,
                position.count,
              );
        const gradients: Record<string, NdArray[]> = Object.fromEntries(
          names.map((name) => [name, []]),
        );
        const total = names.length === 0 ? 0 : perSample[0].length;
        const single = position.count === 1;
        for (let t = 0; t < total; t += limit) {
          const now = Math.min(limit, total - t);
          // several targets of one sample go back as a batch, of several samples side by side
          const slots = single ? 1 : now;
          const question = runner.ask({ ...ask, seeds: seedMaps(slots) });
          const known = result?.outputs ?? this.blankOutputs(runner, position.count);
          for (let slot = 0; slot < slots; slot++) {
            const rows = Array.from({ length: single ? now : position.count }, (_, row) =>
              single
                ? seedOf(of(0)[t + row], known, 0, score)
                : seedOf(of(row)[t + slot], known, row, score),
            );
            for (const o of seen) feeds.set(seedFor(o, slot), stackSeeds(rows, o, ends[o].shape));
          }
          const wanted = question.gradients.flatMap((list) => list.map((v) => v!));
          const arrays = await runner.run(
            result === undefined ? [...question.fetch, ...wanted] : wanted,
            feeds,
            request,
          );
          const found = result === undefined ? arrays.slice(question.fetch.length) : arrays;
          result ??= this.result(runner, arrays, record, position.count);
          for (let slot = 0; slot < slots; slot++) {
            names.forEach((name, i) => {
              const array = repeated(found[slot * names.length + i], single ? now : position.count);
              gradients[name].push(...(single ? split(array) : [array]));
            });
          }
        }
        const scores = Array.from({ length: position.count }, (_, n) =>
          of(n).map((target) => scoreOf(target, result!.outputs, n, score)),
        );
        return { ...result!, scores, gradients };
      };
      const options = { ...request, count, ...this.chunkOf(whole.bytes, CACHES_BOTH_WAYS) };
      return runChunks<DifferentiateResult>(options, evaluate, request.onChunk);
    });
  }

  linearHead(layer: string, output?: string): LinearHead | { readonly found: string } {
    const { outputs } = this.graph;
    const chosen = outputs.find(({ name }) => name === output) ?? outputs[0];
    const value = this.first().layer(layer);
    const key = `${chosen.name} ${layer}`;
    if (this.head?.key !== key) {
      const head = linearHeadOver(this.graph, layer, value, chosen.logits);
      this.head = { key, head };
    }
    return this.head.head;
  }

  bias(layer: string): Float32Array | undefined {
    return biasOf(this.graph, this.first().layer(layer));
  }

  randomize(layers: readonly string[], seed: number): ExplainableModel {
    const redraw = (graph: ModelGraph): ModelGraph => {
      const runner = new GraphRunner(graph, this.executor);
      return redrawn(
        graph,
        layers.map((path) => runner.layer(path)),
        seed,
      );
    };
    const { atSizes } = this.options;
    return new CompiledModel(redraw(this.graph), this.executor, {
      ...(atSizes === undefined ? {} : { atSizes: (shapes) => redraw(atSizes(shapes)) }),
      remarks: this.options.remarks,
      ownsExecutor: false,
    });
  }

  release(): void {
    if (this.options.isLive === true) return;
    for (const runner of this.runners.values()) runner.release();
    if (this.options.ownsExecutor !== false) this.executor.release();
  }

  /** Checks of the request come as rejections too, never as throws. */
  private async guarded<R>(
    request: Request,
    work: (runner: GraphRunner, count: number) => Promise<R>,
  ): Promise<R> {
    const count = countSamples(request);
    try {
      return await work(this.runnerFor(request), count);
    } finally {
      this.executor.rest?.();
    }
  }

  private outputsOf({ graph }: GraphRunner): Value[] {
    return graph.outputs.flatMap(({ value, logits }) => [value, logits]);
  }

  private inputNamed({ graph }: GraphRunner, name: string): Value {
    const found = graph.inputs.find((input) => input.name === name);
    if (found !== undefined) return found.value;
    const names = graph.inputs.map((input) => input.name);
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `the model '${graph.name}' has no input '${name}'${didYouMean(name, names)} Its inputs are ${names.join(', ')}`,
    );
  }

  private result(
    { graph }: GraphRunner,
    arrays: readonly NdArray[],
    record: readonly string[],
    count: number,
  ): RunResult {
    const outputs = graph.outputs.map(({ name, activation, value, logits }, i): OutputValues => {
      const values = repeated(arrays[2 * i], count);
      return {
        name,
        activation,
        values,
        logits: logits === value ? values : repeated(arrays[2 * i + 1], count),
      };
    });
    const first = 2 * graph.outputs.length;
    return {
      outputs,
      activations: Object.fromEntries(
        record.map((path, i) => [path, repeated(arrays[first + i], count)]),
      ),
    };
  }

  /** Outputs of the right shape and no values: all that the seed of a linear target looks at. */
  private blankOutputs({ graph }: GraphRunner, count: number): OutputValues[] {
    return graph.outputs.map(({ name, activation, value }) => {
      const shape = [count, ...value.shape];
      const blank = { shape, data: new Float32Array(sizeOf(shape)) };
      return { name, activation, values: blank, logits: blank };
    });
  }

  /** The outputs that some target looks at. */
  private outputsSeen(
    runner: GraphRunner,
    targets: readonly (readonly Target[])[],
    score: 'logit' | 'output',
  ): number[] {
    const blank = this.blankOutputs(runner, 1);
    const seen = new Set<number>();
    for (const list of new Set(targets)) {
      for (const target of list) {
        seedOf(target, blank, 0, score).forEach((seed, o) => seed && seen.add(o));
      }
    }
    return [...seen].sort((a, b) => a - b);
  }

  /** What a chunk starts from, by input of the graph. */
  private feeder(
    runner: GraphRunner,
    request: Request,
    from: Value | undefined,
    context: ReadonlyMap<Value, Value>,
  ): (position: ChunkPosition) => Promise<Map<Value, NdArray>> {
    const { inputs } = runner.graph;
    // of thousands of chunks each would be written into new memory
    const rooms = new Map<Samples, Float32Array>();
    const take = (samples: Samples, at: ChunkPosition): NdArray => {
      const array = takeSamples(samples, at, rooms.get(samples));
      if (this.executor.leavesFeeds === true) rooms.set(samples, array.data);
      return array;
    };
    const inputsAt = (at: ChunkPosition): Map<Value, NdArray> =>
      new Map(
        inputs.map(({ value }, i) => {
          const samples = request.inputs[i];
          return [value, take(samples, samples.count === 1 ? { offset: 0, count: 1 } : at)];
        }),
      );
    if (from === undefined) return (position) => Promise.resolve(inputsAt(position));
    const free = runner.standIn('from', from);
    const before = [...context.keys()];
    const single = request.inputs.every(({ count }) => count === 1);
    let shared: Promise<readonly NdArray[]> | undefined;
    return async (position) => {
      const feeds = inputsAt(position);
      if (before.length > 0) {
        const computed = await (single
          ? (shared ??= runner.run(before, feeds, request))
          : runner.run(before, feeds, request));
        before.forEach((v, i) => feeds.set(context.get(v)!, computed[i]));
      }
      return feeds.set(free, take(request.from!.activations, position));
    };
  }

  /** How many samples may run together, by what one of them takes. */
  private chunkOf(bytes: number, caches: number): { bytesPerSample: number; largest: number } {
    const fitting = Math.min(LARGEST_CHUNK, Math.max(1, Math.floor(caches / bytes)));
    return { bytesPerSample: bytes, largest: this.executor.chunk ?? fitting };
  }

  private first(): GraphRunner {
    return this.runnerAt(this.graph.inputs.map(({ value }) => value.shape));
  }

  private runnerFor({ inputs }: Request): GraphRunner {
    const wanted = this.graph.inputs;
    if (inputs.length !== wanted.length) {
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `model '${this.graph.name}' has ${wanted.length} inputs (${wanted.map(({ name }) => name).join(', ')}), got ${inputs.length}`,
      );
    }
    wanted.forEach(({ name, value, shape }, i) => {
      const allowed = this.options.atSizes === undefined ? value.shape : (shape ?? value.shape);
      const got = inputs[i].shape;
      const fits =
        got.length === allowed.length &&
        allowed.every((size, axis) => size === null || size === got[axis]);
      if (fits) return;
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `input '${name}' must have shape [${allowed.map((size) => size ?? 'any').join(', ')}] a sample, got [${got.join(', ')}]`,
        { facts: { input: name, expected: allowed, got } },
      );
    });
    return this.runnerAt(inputs.map(({ shape }) => shape));
  }

  private runnerAt(shapes: readonly Shape[]): GraphRunner {
    const known = this.runners.get(shapes.join(';'));
    if (known !== undefined) return this.keep(known);
    let graph: ModelGraph;
    try {
      graph = this.options.atSizes!(shapes);
    } catch (error) {
      throw atThisSize(error, this.graph.name, shapes);
    }
    return this.keep(new GraphRunner(graph, this.executor));
  }

  private keep(runner: GraphRunner): GraphRunner {
    const key = runner.graph.inputs.map(({ value }) => value.shape).join(';');
    this.runners.delete(key);
    this.runners.set(key, runner);
    if (this.runners.size > SIZES_KEPT) {
      const [oldest, other] = [...this.runners][0];
      other.release();
      this.runners.delete(oldest);
    }
    return runner;
  }
}

/** Whether its gradient is known before the outputs are. */
function isLinear(target: Target): boolean {
  if (target.kind === 'weighted') return target.terms.every((term) => isLinear(term.target));
  return target.kind !== 'top' && target.kind !== 'similarity';
}

/** Seeds of one output, a row each; zeros if a target does not look at it. */
function stackSeeds(
  rows: readonly (readonly (Float32Array | undefined)[])[],
  output: number,
  shape: Shape,
): NdArray {
  const size = sizeOf(shape);
  const data = new Float32Array(rows.length * size);
  rows.forEach((seeds, row) => seeds[output] && data.set(seeds[output], row * size));
  return { shape: [rows.length, ...shape], data };
}

/** `[T, …]` as T arrays `[1, …]`. */
function split({ shape, data }: NdArray): NdArray[] {
  const size = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) => ({
    shape: [1, ...shape.slice(1)],
    data: data.subarray(i * size, (i + 1) * size),
  }));
}

function independent(name: string, isLayer: boolean): WhylensError {
  const what = isLayer ? `layer '${name}'` : `input '${name}'`;
  return new WhylensError(
    isLayer ? 'UNSUITABLE_LAYER' : 'INVALID_DOCUMENT',
    `the target's score does not depend on ${what}: no path leads from it to the explained output, so there is nothing to differentiate. Choose a layer on the way to that output ('whylens layers' lists them)`,
    { facts: { layer: name } },
  );
}
