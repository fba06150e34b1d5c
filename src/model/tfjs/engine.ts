/** What explainers see of a tfjs model: a program, run chunk by chunk. */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { WhylensError } from '../../errors.js';
import type { NdArray } from '../../explanation.js';
import { countSamples, runChunks, takeSamples } from '../chunks.js';
import type {
  ChunkPosition,
  DifferentiateRequest,
  DifferentiateResult,
  ExplainableModel,
  LinearHead,
  ModelDescription,
  OutputValues,
  RunRequest,
  RunResult,
} from '../interface.js';
import { machineMemory, tooLarge, WASM_MEMORY } from '../memory.js';
import { scoreOf, seedOf } from '../targets.js';
import { targetsPerSample } from '../targets-per-sample.js';
import { backward, forward, planOf, type Plan, type Values } from './execute.js';
import { fuse } from './fuse.js';
import { linearHeadOf } from './head.js';
import { bytesPerSample, neededBytes } from './memory.js';
import { valueAt, type Program, type ValueId } from './program.js';
import { repeat } from './ops/repeat.js';
import { randomizedProgram } from './randomize.js';
import { failureOf, WASM, wasmReady } from './wasm-instance.js';
import { Session, type Weight } from './weight.js';

/** Larger chunks than this gain nothing on the back ends measured, and only cost memory. */
const LARGEST_CHUNK = 8;

export class TfjsModel implements ExplainableModel {
  private readonly plans = new Map<string, Plan>();

  /** @param resident weights that lie on the back end already */
  constructor(
    private readonly program: Program,
    private readonly resident?: ReadonlyMap<Weight, Tensor>,
  ) {}

  describe(): ModelDescription {
    const { name, adapter, inputs, outputs, layers, values } = this.program;
    const pathOf = (value: ValueId) => [...values].find(([, other]) => other === value)?.[0];
    return {
      name,
      adapter,
      inputs: inputs.map((input) => ({ name: input.name, shape: input.shape, dtype: input.dtype })),
      outputs: outputs.map((output) => ({
        name: output.name,
        shape: output.shape,
        activation: output.activation,
        logits: pathOf(output.logits),
      })),
      layers,
      can: { activations: true, gradients: true, fromLayer: true, randomize: true },
      engine: { name: 'tfjs', backend: tf.getBackend() },
    };
  }

  async run(request: RunRequest): Promise<RunResult> {
    return this.evaluate(request, [], (chunk) => chunk);
  }

  async differentiate(request: DifferentiateRequest): Promise<DifferentiateResult> {
    const { layers = [], wrt = [], score = 'logit', reluRule = 'plain', targets } = request;
    const { program } = this;
    const names = [...layers, ...wrt];
    const values = names.map((name) => valueAt(program, name));
    const count = countSamples(request);
    const perSample = targetsPerSample(targets, count);
    const record = [...new Set([...(request.record ?? []), ...layers])];
    return this.evaluate({ ...request, record }, values, (chunk, run) => {
      const of = (n: number) => perSample[run.position.offset + n];
      const scores = Array.from({ length: run.position.count }, (_, n) =>
        of(n).map((target) => scoreOf(target, chunk.outputs, n, score)),
      );
      const gradients: Record<string, NdArray[]> = Object.fromEntries(
        names.map((name) => [name, []]),
      );
      // several targets of one sample go back together, as a batch
      const together =
        run.position.count === 1 && program.adapter === 'tfjs-layers' ? LARGEST_CHUNK : 1;
      for (let t = 0; t < perSample[0].length; t += together) {
        const times = Math.min(together, perSample[0].length - t);
        const rows = run.position.count * times;
        tf.tidy(() => {
          const seedAt = (row: number) =>
            times === 1
              ? seedOf(of(row)[t], chunk.outputs, row, score)
              : seedOf(of(0)[t + row], chunk.outputs, 0, score);
          const seeds = this.seeds(chunk.outputs, rows, seedAt, score);
          const found = backward(run.plan, run.values, seeds, values, run.session, reluRule, times);
          names.forEach((name, i) => {
            const gradient = found.get(values[i]);
            if (gradient === undefined) throw this.independent(name, layers.includes(name));
            gradients[name].push(...split(toNdArray(gradient), times));
          });
        });
      }
      return { ...chunk, scores, gradients };
    });
  }

  linearHead(layer: string, output?: string): LinearHead | { readonly found: string } {
    return linearHeadOf(this.program, layer, output);
  }

  bias(layer: string): Float32Array | undefined {
    const value = valueAt(this.program, layer);
    return this.program.steps.find(({ outputs }) => outputs[0] === value)?.op.bias?.();
  }

  randomize(layers: readonly string[], seed: number): ExplainableModel {
    return new TfjsModel(randomizedProgram(this.program, layers, seed));
  }

  /** The weights that a plain forward pass uses. */
  forwardWeights(): readonly Weight[] {
    const { inputs, outputs } = this.program;
    const fetch = outputs.flatMap(({ value, logits }) => [value, logits]);
    const plan = this.plan(
      inputs.map(({ value }) => value),
      fetch,
      [],
    );
    return plan.steps.flatMap(({ op }) => op.weights ?? []);
  }

  release(): void {
    // what a call uploads is gone when it ends, the model is the caller's
  }

  /** Runs the request chunk by chunk; `finish` works on each chunk while its tensors live. */
  private async evaluate<R extends RunResult>(
    request: RunRequest | DifferentiateRequest,
    wrt: readonly ValueId[],
    finish: (
      chunk: RunResult,
      run: { plan: Plan; values: Values; session: Session; position: ChunkPosition },
    ) => R,
  ): Promise<R> {
    const { program } = this;
    const count = countSamples(request);
    this.requireInputs(request);
    const record = (request.record ?? []).map((path) => ({ path, value: valueAt(program, path) }));
    const from = request.from && valueAt(program, request.from.layer);
    const fetch = [
      ...program.outputs.flatMap(({ value, logits }) => [value, logits]),
      ...record.map(({ value }) => value),
    ];
    const inputs = program.inputs.map(({ value }) => value);
    const context = from === undefined ? [] : this.context(from, fetch);
    const plan = this.plan(from === undefined ? inputs : [from, ...context], fetch, wrt);
    const session = new Session(this.resident);
    const shared = new Map<ValueId, Tensor>();
    try {
      const options = {
        ...request,
        count,
        bytesPerSample: bytesPerSample(program, plan, request.inputs),
        largest: LARGEST_CHUNK,
      };
      const evaluateChunk = async (position: ChunkPosition): Promise<R> => {
        await wasmReady();
        this.requireRoom(plan, request, position);
        let result: R | undefined;
        tf.tidy(() => {
          try {
            const feeds = this.feeds(request, position, from, context, shared, session);
            const values = forward(plan, feeds, session);
            const read = (value: ValueId) => toNdArray(values.tensors.get(value)!);
            const outputs = program.outputs.map(
              ({ name, value, logits, activation }): OutputValues => {
                const out = read(value);
                return {
                  name,
                  activation,
                  values: out,
                  logits: logits === value ? out : read(logits),
                };
              },
            );
            const activations = Object.fromEntries(
              record.map(({ path, value }) => [path, read(value)]),
            );
            result = finish({ outputs, activations }, { plan, values, session, position });
          } catch (error) {
            // a lost instance is noticed before its tensors are freed
            throw failureOf(error) ?? error;
          }
        });
        return result!;
      };
      return await runChunks<R>(
        options,
        evaluateChunk,
        request.onChunk as ((chunk: R & ChunkPosition) => void) | undefined,
      );
    } finally {
      session.dispose();
      for (const tensor of shared.values()) tensor.dispose();
    }
  }

  /** The tensors a chunk starts from. */
  private feeds(
    request: RunRequest | DifferentiateRequest,
    position: ChunkPosition,
    from: ValueId | undefined,
    context: readonly ValueId[],
    shared: Map<ValueId, Tensor>,
    session: Session,
  ): Map<ValueId, Tensor> {
    const inputs = (at: ChunkPosition) =>
      new Map(
        this.program.inputs.map(({ value, dtype }, i) => {
          const { shape, data } = takeSamples(request.inputs[i], at);
          const x = tf.tensor(data, [...shape], 'float32');
          return [value, dtype === 'float32' ? x : tf.cast(x, dtype)] as const;
        }),
      );
    if (from === undefined) return inputs(position);
    const { shape, data } = takeSamples(request.from!.activations, position);
    const feeds = new Map<ValueId, Tensor>([[from, tf.tensor(data, [...shape])]]);
    if (context.length === 0) return feeds;
    const single = request.inputs.every(({ count }) => count === 1);
    const compute = (at: ChunkPosition) => {
      const fed = inputs(at);
      const plan = planOf(this.program.steps, new Set(fed.keys()), context);
      return forward(plan, fed, session).tensors;
    };
    if (single && shared.size === 0) {
      const computed = compute({ offset: 0, count: 1 });
      // outlives this chunk: the caller frees it
      for (const value of context) shared.set(value, tf.keep(computed.get(value)!.clone()));
    }
    const computed = single ? shared : compute(position);
    for (const value of context) {
      const one = computed.get(value)!;
      const repeats = one.shape.map((_, axis) => (axis === 0 ? position.count : 1));
      feeds.set(value, single ? repeat(one, repeats) : one);
    }
    return feeds;
  }

  /** Values that steps after `from` need beside it: skip connections around the layer. */
  private context(from: ValueId, fetch: readonly ValueId[]): ValueId[] {
    const { steps } = this.program;
    const plan = planOf(steps, new Set([from]), fetch, [from]);
    const independent = (value: ValueId) => !plan.dependent.has(value);
    const needed = new Set(fetch.filter(independent));
    for (const step of plan.backward) {
      for (const value of step.inputs) if (independent(value)) needed.add(value);
    }
    return [...needed];
  }

  private plan(fed: readonly ValueId[], fetch: readonly ValueId[], wrt: readonly ValueId[]): Plan {
    const key = [fed, fetch, wrt].map((list) => list.join()).join(';');
    let plan = this.plans.get(key);
    if (plan === undefined) {
      const exposed = new Set([...fed, ...fetch, ...wrt]);
      plan = planOf(fuse(this.program.steps, exposed), new Set(fed), fetch, wrt);
      this.plans.set(key, plan);
    }
    return plan;
  }

  private seeds(
    outputs: readonly OutputValues[],
    rows: number,
    seedAt: (row: number) => readonly (Float32Array | undefined)[],
    score: 'logit' | 'output',
  ): Map<ValueId, Tensor> {
    const perRow = Array.from({ length: rows }, (_, row) => seedAt(row));
    const seeds = new Map<ValueId, Tensor>();
    this.program.outputs.forEach(({ value, logits }, o) => {
      if (perRow.every((seed) => seed[o] === undefined)) return;
      const shape = outputs[o].logits.shape.slice(1);
      const size = shape.reduce((a, b) => a * b, 1);
      const all = new Float32Array(rows * size);
      perRow.forEach((seed, row) => seed[o] && all.set(seed[o], row * size));
      const at = score === 'logit' ? logits : value;
      const seed = tf.tensor(all, [rows, ...shape]);
      const before = seeds.get(at);
      seeds.set(at, before === undefined ? seed : tf.add(before, seed));
    });
    return seeds;
  }

  /** Refuses what does not fit; sizes that the model leaves open are known to its kernels alone. */
  private requireRoom(
    plan: Plan,
    request: RunRequest | DifferentiateRequest,
    { count }: ChunkPosition,
  ): void {
    const bytes = count * neededBytes(this.program, plan, request.inputs);
    const engine = tf.getBackend();
    const { maxMemory } = request;
    const memory = engine === WASM ? WASM_MEMORY : undefined;
    if (bytes <= (maxMemory ?? memory ?? machineMemory())) return;
    throw tooLarge(bytes, {
      model: this.program.name,
      engine,
      samples: count,
      memory,
      maxMemory,
    });
  }

  private requireInputs({ inputs }: RunRequest | DifferentiateRequest): void {
    const wanted = this.program.inputs;
    if (inputs.length !== wanted.length) {
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `model '${this.program.name}' has ${wanted.length} inputs (${wanted.map(({ name }) => name).join(', ')}), got ${inputs.length}`,
      );
    }
    wanted.forEach(({ name, shape }, i) => {
      const got = inputs[i].shape;
      const fits =
        got.length === shape.length &&
        shape.every((size, axis) => size === null || size === got[axis]);
      if (!fits) {
        throw new WhylensError(
          'INVALID_DOCUMENT',
          `input '${name}' must have shape [${shape.map((size) => size ?? 'any').join(', ')}] a sample, got [${got.join(', ')}]`,
          { facts: { input: name, expected: shape, got } },
        );
      }
    });
  }

  private independent(name: string, isLayer: boolean): WhylensError {
    const what = isLayer ? `layer '${name}'` : `input '${name}'`;
    return new WhylensError(
      isLayer ? 'UNSUITABLE_LAYER' : 'INVALID_DOCUMENT',
      `the target's score does not depend on ${what}: no path leads from it to the explained output, so there is nothing to differentiate. Choose a layer on the way to that output ('whylens layers' lists them)`,
      { facts: { layer: name } },
    );
  }
}

function toNdArray(tensor: Tensor): NdArray {
  const data = tensor.dataSync();
  return {
    shape: [...tensor.shape],
    // a back end may hand out its own memory
    data: data instanceof Float32Array ? data.slice() : Float32Array.from(data),
  };
}

/** `[repeat · N, …]` as `repeat` arrays `[N, …]`. */
function split({ shape, data }: NdArray, repeat: number): NdArray[] {
  const size = data.length / repeat;
  const each = [shape[0] / repeat, ...shape.slice(1)];
  return Array.from({ length: repeat }, (_, i) => ({
    shape: each,
    data: data.subarray(i * size, (i + 1) * size),
  }));
}
