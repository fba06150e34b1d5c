/** A folder with a transformer (`model.onnx`) and its tokenizer (`tokenizer.json`) as a model of texts. */
import { WhylensError } from '../../errors.js';
import type { LoadedModel } from '../loaded.js';
import type { Engine } from '../engines.js';
import { firstEngine, openRuntime, type EngineOptions } from '../executors/choose.js';
import { sessionSettings, type OpenRuntime } from '../executors/onnxruntime/sessions.js';
import type { OnnxModel, OnnxValueInfo } from '../files/onnx.js';
import { decodeOnnx } from '../files/onnx-decode.js';
import { externalFiles } from '../files/onnx-external.js';
import type { ByteSource } from '../tfjs/bytes.js';
import { checkExamples, type ModelExamples } from '../tabular/examples.js';
import type { Link, TextModel, TokenInput, TokenPart } from '../tabular/interface.js';
import { applyLink } from '../tabular/link.js';
import { loadedTabular } from '../tabular/load.js';
import { embeddingPlaces, logitsBefore, withOutputs } from './embeddings.js';
import { gradientProblem, tableOf, TokenGradients } from './gradients.js';
import { rolesOf, SILENT, TokenSession } from './session.js';
import { linkOf, parseFile, readSettings, type TransformerFiles } from './settings.js';
import { openTokenizer, specialToken } from './tokenizer.js';

export interface TransformerOptions {
  readonly name?: string;
  readonly classNames?: readonly string[];
  readonly examples?: ModelExamples;
  /** Tokens read at most; the rest of a text is cut off, with a warning. Default: what the files say. */
  readonly maxLength?: number;
  readonly engine: EngineOptions;
}

/** The most tokens that are read if no file sets a limit. */
const USUAL_LENGTH = 512;

/**
 * The model, if a `tokenizer.json` lies beside the ONNX file; else undefined.
 *
 * @throws `MODEL_LOAD` for damaged files, `UNSUPPORTED_MODEL` for a model that is not a classifier of texts
 */
export async function loadTransformer(
  source: ByteSource,
  bytes: Uint8Array,
  options: TransformerOptions,
): Promise<LoadedModel | undefined> {
  const decoded = decodeOnnx(bytes, source.name);
  const inputs = inputsOf(decoded);
  if (!inputs.includes('input_ids')) return undefined;
  const tokenizerBytes = await source.optional('tokenizer.json');
  if (tokenizerBytes === undefined) {
    if (inputs.length === 1) return undefined;
    throw new WhylensError(
      'MODEL_LOAD',
      `'${source.name}' reads tokens (its inputs are ${inputs.join(', ')}), and there is no tokenizer.json beside it, which cuts texts into them. Give the whole folder, or a list of its files; tokenizer.save_pretrained writes the file`,
      { facts: { file: 'tokenizer.json', model: source.name } },
    );
  }
  const read = async (name: string): Promise<unknown> => {
    const found = await source.optional(name);
    return found === undefined ? undefined : parseFile(found, name);
  };
  const files: TransformerFiles = {
    tokenizer: parseFile(tokenizerBytes, 'tokenizer.json'),
    config: await read('config.json'),
    tokenizerConfig: await read('tokenizer_config.json'),
    specialTokens: await read('special_tokens_map.json'),
  };
  const external = new Map<string, Uint8Array>();
  for (const name of externalFiles(decoded)) external.set(name, await source.sibling(name));
  const model = await openTransformer(bytes, decoded, external, files, source, options);
  try {
    if (options.examples !== undefined) await checkExamples(model, options.examples, source.name);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return loadedTabular(model);
}

function inputsOf({ graph }: OnnxModel): string[] {
  const weights = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs.map(({ name }) => name).filter((name) => !weights.has(name));
}

async function openTransformer(
  bytes: Uint8Array,
  decoded: OnnxModel,
  external: ReadonlyMap<string, Uint8Array>,
  files: TransformerFiles,
  source: ByteSource,
  options: TransformerOptions,
): Promise<TextModel> {
  const { graph } = decoded;
  const name = options.name ?? source.title;
  const settings = readSettings(files, '');
  const roles = rolesOf(graph, source.name);
  const output = scoresOf(graph.outputs, source.name);
  const tokenizer = await openTokenizer(
    files.tokenizer,
    settings.tokenizerConfig,
    'tokenizer.json',
  );
  const pad = specialToken(tokenizer, settings.padToken);
  const mask = specialToken(tokenizer, settings.maskToken);
  const { logits, activation } = logitsBefore(graph, output.name);
  const ids = roles.find(({ role }) => role === 'ids')!.info.name;
  const places = embeddingPlaces(graph, ids);
  const extra = new Set([
    ...(places === undefined ? [] : [places.tokens, places.embeddings]),
    logits,
  ]);
  for (const { name: own } of graph.outputs) extra.delete(own);
  const { runtime, session, without } = await startSession(
    bytes,
    external,
    [...extra],
    options.engine,
  );
  const table = places && tableOf(decoded, places.tokens);
  const padId = pad?.id ?? settings.padId ?? 0;
  const tokens = new TokenSession(runtime, session, roles, {
    name,
    padId,
    firstPosition: settings.firstPosition,
    ...(table !== undefined && { vocabulary: table.rows }),
  });
  const columns = columnsOf(output) ?? options.classNames?.length ?? settings.classNames?.length;
  const names = options.classNames ?? settings.classNames;
  const { link, task, guess } = linkOf(settings, columns ?? 2, activation);
  requireNames(names, columns, source.name, options.classNames !== undefined);
  const longest = longestText(options.maxLength, settings, tokens.fixedLength);
  const parts = places && {
    name,
    decoded,
    files: external,
    places,
    session: tokens,
    logits,
    activation: graphActivation(link),
    engine: options.engine,
  };
  // a large file is looked through when gradients are asked for, not to predict
  let known: { readonly problem: string | undefined } | undefined;
  const problem = (): string | undefined => {
    known ??= {
      problem:
        without ??
        (parts === undefined
          ? 'no table of token embeddings is looked up with the numbers of the tokens'
          : gradientProblem(parts)),
    };
    return known.problem;
  };
  const gradients = parts === undefined ? undefined : new TokenGradients(parts);
  const predict = async (
    inputs: readonly TokenInput[],
    signal: AbortSignal | undefined,
  ): Promise<Awaited<ReturnType<TextModel['predict']>>> => {
    const rows = await tokens.run(inputs, without === undefined ? logits : output.name, signal);
    const width = rows[0]?.data.length ?? 0;
    const data = new Float64Array(rows.length * width);
    rows.forEach((row, n) => {
      if (row.data.some((v) => !Number.isFinite(v))) {
        throw new WhylensError(
          'MODEL_OUTPUT',
          `the model '${name}' gave a score that is not a finite number`,
        );
      }
      // if the values before the last activation cannot be had, they are computed back
      const hidden = without !== undefined && activation !== 'linear';
      data.set(hidden ? Array.from(row.data, INVERSES[activation]) : row.data, n * width);
    });
    const margins = { count: rows.length, columns: width, data };
    if (names !== undefined && width !== names.length && !(width === 1 && names.length === 2)) {
      throw new WhylensError(
        'MODEL_OUTPUT',
        `'${name}' gave ${width} scores for a text, but ${names.length} names are known`,
      );
    }
    return { margins, values: applyLink(margins, link) };
  };
  const noGradients = (): never => {
    throw new WhylensError(
      'NEEDS_GRADIENTS',
      `a gradient was asked for, but '${name}' gives none: ${problem()}. Take text-occlusion, partition-shap or lime-text, which only need predictions`,
    );
  };
  const part: TokenPart = {
    source: tokenizer.source,
    maxLength: longest.length,
    ...(mask !== undefined && { mask }),
    ...(pad !== undefined && { pad }),
    hidesTokens: roles.some(({ role }) => role === 'attended'),
    encode: (text) => tokenizer.encode(text, longest.length),
    predict: (inputs, { signal } = {}) => predict(inputs, signal),
    embed: (input, at) => (problem() === undefined ? gradients!.embed(input, at) : noGradients()),
    differentiate: (request) =>
      problem() === undefined ? gradients!.differentiate(request) : noGradients(),
    get withoutGradients() {
      return problem();
    },
  };
  const warnings = [...(guess === undefined ? [] : [guess]), ...longest.warnings];
  return {
    kind: 'tabular-model',
    documents: 'texts',
    name,
    source: `a transformer (${settings.kind}, ${tokenizer.source}, texts of at most ${longest.length} tokens)`,
    form: 'transformer',
    task,
    ...(names !== undefined &&
      (task === 'regression' ? { outputNames: names } : { classNames: names })),
    marginCount: columns ?? 0,
    valueCount: columns === undefined ? 0 : link.kind === 'logistic' ? 2 : columns,
    link,
    ...(warnings.length > 0 && { warnings }),
    tokens: part,
    predict: (texts, { signal } = {}) =>
      predict(
        texts.map((text) => part.encode(text)),
        signal,
      ),
    dispose: once(() => {
      gradients?.release();
      tokens.release();
    }),
  };
}

const SMALLEST = 2 ** -1022;

/** From probabilities back to logits, up to what is the same for all classes. */
const INVERSES = {
  softmax: (p: number) => Math.log(Math.max(p, SMALLEST)),
  sigmoid: (p: number) => Math.log(Math.max(p, SMALLEST)) - Math.log1p(-Math.min(p, 1 - 2 ** -53)),
} as const;

/** What stands behind the logits in the graph that is differentiated. */
function graphActivation({ kind }: Link): 'softmax' | 'sigmoid' | 'linear' {
  if (kind === 'softmax') return 'softmax';
  return kind === 'sigmoid' || kind === 'logistic' ? 'sigmoid' : 'linear';
}

/** The output that holds one row of scores for each text. */
function scoresOf(outputs: readonly OnnxValueInfo[], file: string): OnnxValueInfo {
  const fits = ({ shape }: OnnxValueInfo): boolean => shape === undefined || shape.length <= 2;
  const found = outputs.find((info) => info.name === 'logits' && fits(info)) ?? outputs.find(fits);
  if (found !== undefined) return found;
  const told = outputs.map(({ name, shape }) => `${name} [${shape?.join(', ') ?? '?'}]`).join(', ');
  throw new WhylensError(
    'UNSUPPORTED_MODEL',
    `'${file}' gives no scores of whole texts: its outputs are ${told || 'none'}. Export a model for sequence classification (optimum-cli export onnx --task text-classification)`,
    { facts: { file } },
  );
}

function columnsOf({ shape }: OnnxValueInfo): number | undefined {
  const last = shape?.at(-1);
  return shape?.length === 2 && typeof last === 'number' ? last : undefined;
}

function requireNames(
  names: readonly string[] | undefined,
  columns: number | undefined,
  file: string,
  given: boolean,
): void {
  if (names === undefined || columns === undefined) return;
  if (names.length === columns || (columns === 1 && names.length === 2)) return;
  const what = given ? 'classNames' : 'id2label of config.json';
  throw new WhylensError(
    given ? 'INVALID_OPTION' : 'MODEL_LOAD',
    `${what} must be ${columns} names, one for each output of '${file}'; got ${names.length}`,
    { facts: { file } },
  );
}

function longestText(
  wanted: number | undefined,
  { maxLength, limitedBy }: { readonly maxLength?: number; readonly limitedBy?: string },
  fixed: number | undefined,
): { readonly length: number; readonly warnings: readonly string[] } {
  const most = Math.min(maxLength ?? Infinity, fixed ?? Infinity);
  if (wanted !== undefined && (!Number.isInteger(wanted) || wanted < 3 || wanted > most)) {
    const bound =
      most === Infinity ? '' : ` and at most ${most} (${limitedBy ?? 'the size of its input'})`;
    throw new WhylensError(
      'INVALID_OPTION',
      `maxLength must be a whole number of tokens of at least 3${bound}, got ${wanted}`,
    );
  }
  if (wanted !== undefined) return { length: wanted, warnings: [] };
  if (most !== Infinity) return { length: most, warnings: [] };
  return {
    length: USUAL_LENGTH,
    warnings: [
      `no file says how long a text may be; ${USUAL_LENGTH} tokens were taken (maxLength says another number)`,
    ],
  };
}

/** With the outputs inside that explaining needs, or without them if the library refuses. */
async function startSession(
  bytes: Uint8Array,
  external: ReadonlyMap<string, Uint8Array>,
  extra: readonly string[],
  engine: EngineOptions,
) {
  const { runtime, options } = (await openedRuntime(engine)).taken;
  const externalData = [...external].map(([path, data]) => ({ path, data }));
  const create = (model: Uint8Array) =>
    runtime.InferenceSession.create(model, {
      ...sessionSettings(options),
      logSeverityLevel: SILENT,
      ...(externalData.length > 0 && { externalData }),
    });
  try {
    return { runtime, session: await create(withOutputs(bytes, extra)), without: undefined };
  } catch (first) {
    try {
      const why = `ONNX Runtime does not give its inner values (${String((first as Error).message).slice(0, 200)})`;
      return { runtime, session: await create(bytes), without: why };
    } catch (cause) {
      throw new WhylensError(
        'MODEL_LOAD',
        `ONNX Runtime cannot load the model: ${String((cause as Error).message ?? cause).slice(0, 300)}`,
        { cause },
      );
    }
  }
}

/** Predictions come from ONNX Runtime even if derivatives come from TensorFlow.js. */
function openedRuntime(options: EngineOptions) {
  const start = async (engine: Engine): Promise<OpenRuntime> =>
    openRuntime(engine === 'tfjs' ? 'onnxruntime-web' : engine, options);
  return firstEngine<OpenRuntime>(options, start);
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
