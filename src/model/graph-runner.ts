/**
 * Runs values of one model on one engine: a request is a list of values; running on from a layer,
 * recording and gradients only change that list.
 */
import { WhylensError } from '../errors.js';
import type { NdArray } from '../explanation.js';
import { sizeOf } from '../maths/ndarray.js';
import type { Compiled, Executor, Feeds } from './executors/executor.js';
import { input } from './graph/build.js';
import { gradient } from './graph/gradient.js';
import { CALCULUS, DECONVNET, GUIDED, type GradientRules } from './graph/gradient-rules.js';
import type { GraphLayer, ModelGraph } from './graph/model-graph.js';
import { ordered, substitute, type Value } from './graph/value.js';
import type { ReluRule } from './interface.js';
import { machineMemory, requireRoom } from './memory.js';

const RULES: Readonly<Record<ReluRule, GradientRules>> = {
  plain: CALCULUS,
  guided: GUIDED,
  deconvnet: DECONVNET,
};

/** A request as a graph: what to fetch, and how its gradients are seeded. */
export interface Question {
  /** Values that depend on the samples. */
  readonly fetch: readonly Value[];
  /** Gradients of Σ seed · value, per seed and value of `wrt`; undefined if no path leads there. */
  readonly gradients: readonly (readonly (Value | undefined)[])[];
  /** Values computed before, from the samples alone, and the inputs that take them. */
  readonly context: ReadonlyMap<Value, Value>;
  /** Bytes that one sample takes while it runs. */
  readonly bytes: number;
}

export interface Ask {
  readonly fetch: readonly Value[];
  /** The value that is replaced, if the request runs on from a layer. */
  readonly from?: Value;
  readonly wrt?: readonly Value[];
  /** Values differentiated, each with its seed; one such map for each target that goes back on its own. */
  readonly seeds?: readonly ReadonlyMap<Value, Value>[];
  readonly rule?: ReluRule;
}

export class GraphRunner {
  private readonly compiled = new Map<string, Promise<Compiled>>();
  private readonly numbers = new WeakMap<Value, number>();
  private readonly stand = new Map<string, Value<'input'>>();
  private readonly questions = new Map<string, Question>();
  /** The most samples with which values are known to fit, and the limit at that time. */
  private readonly fitted = new Map<string, { readonly samples: number; readonly limit: number }>();
  private last = 0;
  private readonly byName: ReadonlyMap<string, GraphLayer>;

  constructor(
    readonly graph: ModelGraph,
    private readonly executor: Executor,
  ) {
    const aliases = [...graph.layers.values()].flatMap((layer) =>
      (layer.aliases ?? []).map((alias) => [alias, layer] as const),
    );
    // a path is preferred to another layer's alias
    this.byName = new Map([...aliases.reverse(), ...graph.layers]);
  }

  layer(path: string): Value {
    const found = this.byName.get(path);
    if (found === undefined) {
      throw new WhylensError(
        'UNKNOWN_LAYER',
        `the model '${this.graph.name}' has no layer '${path}'`,
      );
    }
    return found.value;
  }

  /** An input that takes a value that would have been computed: the same for the same role and value. */
  standIn(role: string, v: Value): Value<'input'> {
    const key = `${role} ${this.idOf(v)}`;
    let found = this.stand.get(key);
    if (found === undefined) this.stand.set(key, (found = input(role, v.shape)));
    return found;
  }

  /** The values that have to run for a request. */
  ask({ fetch, from, wrt = [], seeds = [], rule = 'plain' }: Ask): Question {
    const key = [
      fetch.map((v) => this.idOf(v)).join(),
      from && this.idOf(from),
      wrt.map((v) => this.idOf(v)).join(),
      seeds.map((map) => [...map].map(([v, s]) => `${this.idOf(v)}:${this.idOf(s)}`).join()),
      rule,
    ].join(';');
    let question = this.questions.get(key);
    if (question === undefined) {
      question = this.build({ fetch, from, wrt, seeds, rule });
      this.questions.set(key, question);
    }
    return question;
  }

  private build({ fetch, from, wrt, seeds, rule }: Required<Omit<Ask, 'from'>> & Ask): Question {
    const differentiated = [...new Set(seeds.flatMap((map) => [...map.keys()]))];
    let all = [...fetch, ...wrt, ...differentiated];
    const context = new Map<Value, Value>();
    if (from !== undefined) {
      const free = this.standIn('from', from);
      all = substitute(all, new Map([[from, free]]));
      const asked = all.slice(fetch.length, fetch.length + wrt.length);
      const behind = dependents(all, free);
      // values that are differentiated before the layer need the way to it
      if (asked.every((v) => behind.has(v))) {
        for (const v of border(all, behind)) context.set(v, this.standIn('context', v));
        all = substitute(all, context);
      }
    }
    const now = new Map(differentiated.map((v, i) => [v, all[fetch.length + wrt.length + i]]));
    const at = all.slice(fetch.length, fetch.length + wrt.length);
    const fetched = all.slice(0, fetch.length);
    const gradients = seeds.map((map) =>
      gradient(new Map([...map].map(([v, seed]) => [now.get(v)!, seed])), at, RULES[rule]),
    );
    const wanted = gradients.flat().filter((v) => v !== undefined);
    return {
      fetch: fetched,
      context,
      gradients,
      bytes: bytesPerSample([...fetched, ...wanted], wanted.length > 0),
    };
  }

  /** Runs values; the engine keeps what it compiled for them. */
  async run(
    values: readonly Value[],
    feeds: Feeds,
    { maxMemory }: { readonly maxMemory?: number } = {},
  ): Promise<readonly NdArray[]> {
    const unique = [...new Set(values)];
    if (unique.length === 0) return [];
    const key = unique.map((v) => this.idOf(v)).join();
    this.requireRoom(key, unique, feeds, maxMemory);
    let compiled = this.compiled.get(key);
    if (compiled === undefined) {
      compiled = this.executor.compile(unique);
      this.compiled.set(key, compiled);
      compiled.catch(() => this.compiled.delete(key));
    }
    const arrays = await (await compiled).run(feeds);
    return values.map((v) => arrays[unique.indexOf(v)]);
  }

  /** Refuses a run that does not fit; a run that did fit is not checked again. */
  private requireRoom(
    key: string,
    values: readonly Value[],
    feeds: Feeds,
    maxMemory: number | undefined,
  ): void {
    const samplesOf = (v: Value): number => feeds.get(v)?.shape[0] ?? 1;
    const samples = [...feeds.keys()].reduce((most, v) => Math.max(most, samplesOf(v)), 1);
    const { id: engine, memory } = this.executor;
    const limit = maxMemory ?? memory ?? machineMemory();
    const known = this.fitted.get(key);
    if (known !== undefined && known.samples >= samples && known.limit <= limit) return;
    requireRoom(values, samplesOf, { model: this.graph.name, engine, samples, memory, maxMemory });
    this.fitted.set(key, { samples, limit });
  }

  release(): void {
    for (const compiled of this.compiled.values()) {
      void compiled.then((one) => one.release()).catch(() => undefined);
    }
    this.compiled.clear();
    this.questions.clear();
    this.fitted.clear();
  }

  private idOf(v: Value): number {
    let id = this.numbers.get(v);
    if (id === undefined) this.numbers.set(v, (id = ++this.last));
    return id;
  }
}

/** The values that depend on `source`, itself among them. */
function dependents(values: readonly Value[], source: Value): Set<Value> {
  const found = new Set<Value>([source]);
  for (const v of ordered(values)) if (v.inputs.some((x) => found.has(x))) found.add(v);
  return found;
}
/** The values that are needed beside those of `behind`: skip connections around a layer, other outputs. */
function border(values: readonly Value[], behind: ReadonlySet<Value>): Value[] {
  const found = new Set(values.filter((v) => v.live && !behind.has(v)));
  for (const v of behind) {
    for (const x of v.inputs) if (x.live && !behind.has(x)) found.add(x);
  }
  return [...found].filter((v) => v.op !== 'input');
}

/** Bytes that one sample takes while it runs: all values if gradients need them, else those that are needed at the same time. */
function bytesPerSample(values: readonly Value[], gradients: boolean): number {
  let [all, widest] = [0, 0];
  for (const v of ordered(values)) {
    if (!v.live || v.op === 'reshape' || v.op === 'transpose') continue;
    const own = sizeOf(v.shape);
    all += own;
    widest = Math.max(
      widest,
      v.inputs.reduce((n, x) => n + (x.live ? sizeOf(x.shape) : 0), own),
    );
  }
  const fetched = values.reduce((n, v) => n + sizeOf(v.shape), 0);
  return 4 * (gradients ? all / 2 : 2 * widest + fetched);
}

/** An array of one sample as one of `count`; others as they are. */
export function repeated({ shape, data }: NdArray, count: number): NdArray {
  if (shape[0] === count) return { shape, data };
  const whole = new Float32Array(count * data.length);
  for (let n = 0; n < count; n++) whole.set(data, n * data.length);
  return { shape: [count, ...shape.slice(1)], data: whole };
}
