/** Derivatives of a transformer by its embedded tokens. */
import { WhylensError } from '../../errors.js';
import { CompiledModel } from '../compiled.js';
import { chooseEngine, type EngineOptions } from '../executors/choose.js';
import type { OnnxModel } from '../files/onnx.js';
import { readOnnx } from '../readers/onnx/read.js';
import type {
  EmbeddedRequest,
  EmbeddedResult,
  EmbeddingPlace,
  TokenInput,
} from '../tabular/interface.js';
import { graphFrom, type EmbeddingPlaces } from './embeddings.js';
import type { TokenSession } from './session.js';

export interface GradientParts {
  readonly name: string;
  readonly decoded: OnnxModel;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly places: EmbeddingPlaces;
  readonly session: TokenSession;
  readonly logits: string;
  /** The activation that makes values of the logits: part of the graph, so that it can be differentiated too. */
  readonly activation: 'softmax' | 'sigmoid' | 'linear';
  readonly engine: EngineOptions;
}

/** A text and another of its length share a graph: only that of the last is kept. */
export class TokenGradients {
  private kept: { readonly key: string; readonly model: CompiledModel } | undefined;

  constructor(private readonly parts: GradientParts) {}

  /** Of the tokens given; what the file fills up is left out. */
  async embed(input: TokenInput, at: EmbeddingPlace): Promise<Float32Array> {
    const whole = await this.embedded(input, at);
    return whole.subarray(0, (whole.length / this.placesOf(input)) * input.ids.length);
  }

  private async embedded(input: TokenInput, at: EmbeddingPlace): Promise<Float32Array> {
    const { session, places } = this.parts;
    const [found] = await session.run([input], places[at]);
    return found.data;
  }

  private placesOf({ ids }: TokenInput): number {
    return this.parts.session.fixedLength ?? ids.length;
  }

  async differentiate(request: EmbeddedRequest): Promise<EmbeddedResult> {
    const { at, input, count, write, targets, score, batch } = request;
    const { places } = this.parts;
    const length = this.placesOf(input);
    const whole = await this.embedded(input, at);
    const width = whole.length / length;
    const own = input.ids.length * width;
    const model = await this.modelFor(at, input, [length, width]);
    const name = places[at];
    const result = await model.differentiate({
      ...batch,
      inputs: [
        {
          count,
          shape: [length, width],
          write: (point, into) => {
            into.set(whole);
            write(point, into.subarray(0, own));
          },
        },
      ],
      wrt: [name],
      targets,
      score,
    });
    return {
      gradients: result.gradients[name].map(({ data }) => ownRows(data, count, own)),
      scores: targets.map((_, t) => Float64Array.from(result.scores, (row) => row[t])),
    };
  }

  /** The graph from the embeddings on, with mask, positions and segments fixed. */
  private async modelFor(
    at: EmbeddingPlace,
    input: TokenInput,
    shape: readonly [number, number],
  ): Promise<CompiledModel> {
    const { decoded, files, places, session, logits, activation, name, engine } = this.parts;
    const fixed = session.roles.map(({ role, info }) => ({
      info,
      values: session.values(role, input, shape[0]),
    }));
    const key = JSON.stringify([at, shape, fixed.map(({ values }) => values)]);
    if (this.kept?.key === key) return this.kept.model;
    const graph = readOnnx(graphFrom(decoded, places[at], shape, fixed, logits, activation), {
      name,
      files,
    });
    const { executor } = await chooseEngine(graph, engine);
    this.release();
    const model = new CompiledModel(graph, executor);
    this.kept = { key, model };
    return model;
  }

  release(): void {
    this.kept?.model.release();
    this.kept = undefined;
  }
}

/** The first `own` numbers of each of `count` points. */
function ownRows(data: Float32Array, count: number, own: number): Float32Array {
  const size = data.length / count;
  if (size === own) return data;
  const rows = new Float32Array(count * own);
  for (let n = 0; n < count; n++) rows.set(data.subarray(n * size, n * size + own), n * own);
  return rows;
}

/** Why a file's derivatives cannot be had, found by reading it once for a short text; undefined if they can. */
export function gradientProblem(parts: GradientParts): string | undefined {
  const { decoded, files, places, session, logits, activation, name } = parts;
  const length = session.fixedLength ?? 4;
  const input: TokenInput = { ids: new Array<number>(Math.min(4, length)).fill(0) };
  const fixed = session.roles.map(({ role, info }) => ({
    info,
    values: session.values(role, input, length),
  }));
  try {
    // any width will do for a look: the file's weights say the right one
    const width = tableOf(decoded, places.tokens)?.width;
    if (width === undefined) return 'its table of token embeddings is not found in the file';
    readOnnx(graphFrom(decoded, places.tokens, [length, width], fixed, logits, activation), {
      name,
      files,
    });
    return undefined;
  } catch (error) {
    return error instanceof WhylensError ? error.message : String(error);
  }
}

/** Sizes of the table that tokens are looked up in. */
export function tableOf(
  { graph }: OnnxModel,
  tokens: string,
): { readonly rows: number; readonly width: number } | undefined {
  const tables = new Map(graph.initializers.map((tensor) => [tensor.name, tensor.dims]));
  let name = tokens;
  for (let steps = 0; steps < 4; steps++) {
    const from = name;
    const maker = graph.nodes.find(({ outputs }) => outputs.includes(from));
    if (maker === undefined) return undefined;
    const dims = tables.get(maker.inputs[0]);
    if (maker.op === 'Gather') {
      return dims?.length === 2 ? { rows: dims[0], width: dims[1] } : undefined;
    }
    [name] = maker.inputs;
  }
  return undefined;
}
