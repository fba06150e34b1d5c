/** Asking models of rows and texts for scores, in batches that can be stopped. */
import type { ExplainContext } from '../../../src/container/plugin.js';
import { AbortedError, WhylensError } from '../../../src/errors.js';
import type {
  RowModel,
  Rows,
  TabularPrediction,
  TabularPredictOptions,
  TextModel,
  TokenInput,
} from '../../../src/model/tabular/interface.js';
import { scoreAt, type ScoreOf } from './targets.js';

/** Rows predicted in one call unless `batchSize` says otherwise. */
const TOGETHER = 4096;

/** The model and the documents of a call that explains rows. */
export function rowTask(context: ExplainContext): {
  readonly model: RowModel;
  readonly rows: Rows;
} {
  const { tabular, rows } = context;
  if (tabular?.documents === 'rows' && rows !== undefined) return { model: tabular, rows };
  throw notA('a row of a table', 'loadModel of a model of rows, or a function of rows', context);
}

/** The model and the documents of a call that explains texts. */
export function textTask(context: ExplainContext): {
  readonly model: TextModel;
  readonly texts: readonly string[];
} {
  const { tabular, texts } = context;
  if (tabular?.documents === 'texts' && texts !== undefined) return { model: tabular, texts };
  throw notA('a text', 'loadModel of a model of texts, or a function of texts', context);
}

function notA(what: string, how: string, { tabular }: ExplainContext): WhylensError {
  const is = tabular === undefined ? 'of neither rows nor texts' : `of ${tabular.documents}`;
  return new WhylensError(
    'INVALID_DOCUMENT',
    `this method explains ${what}, and the model given is ${is}; give ${how}`,
  );
}

/** One row of many. */
export function rowAt({ data, columns }: Rows, n: number): Float64Array {
  return data.subarray(n * columns, (n + 1) * columns);
}

/** All rows as views. */
export function rowList(rows: Rows): Float64Array[] {
  return Array.from({ length: rows.count }, (_, n) => rowAt(rows, n));
}

/** Counts predictions done over all calls of one explanation. */
export class Progress {
  private done = 0;

  constructor(
    private readonly context: Pick<ExplainContext, 'batch'>,
    private readonly total: number,
  ) {}

  add(count: number): void {
    this.done += count;
    this.context.batch.onProgress?.(Math.min(this.done, this.total), this.total);
  }

  /** Throws if the caller wants to stop. */
  check(): void {
    if (this.context.batch.signal?.aborted === true) {
      throw new AbortedError(this.done, this.total, this.context.batch.signal.reason);
    }
  }
}

/**
 * Scores of `count` rows that are written batch by batch:
 * `scores[target][row]`. `write` fills rows `first` to `first + rows`.
 */
export async function scoreRows(
  context: ExplainContext,
  model: RowModel,
  count: number,
  write: (first: number, rows: number, into: Float64Array) => void,
  targets: readonly ScoreOf[],
  progress: Progress,
): Promise<Float64Array[]> {
  const columns = model.features.length;
  const together = context.batch.batchSize ?? TOGETHER;
  const scores = targets.map(() => new Float64Array(count));
  for (let first = 0; first < count; first += together) {
    progress.check();
    const rows = Math.min(together, count - first);
    const data = new Float64Array(rows * columns);
    write(first, rows, data);
    const prediction = await model.predict(
      { count: rows, columns, data },
      { signal: context.batch.signal },
    );
    take(prediction, rows, first, targets, scores, model.name);
    progress.add(rows);
  }
  return scores;
}

/** Scores of texts: `scores[target][text]`. */
export function scoreTexts(
  context: ExplainContext,
  model: TextModel,
  texts: readonly string[],
  targets: readonly ScoreOf[],
  progress: Progress,
): Promise<Float64Array[]> {
  return scoreAll(context, model, texts, (some, options) => model.predict(some, options), {
    targets,
    progress,
  });
}

/** Scores of what a transformer is fed: `scores[target][input]`. */
export function scoreTokens(
  context: ExplainContext,
  model: TextModel,
  inputs: readonly TokenInput[],
  targets: readonly ScoreOf[],
  progress: Progress,
): Promise<Float64Array[]> {
  return scoreAll(context, model, inputs, (some, options) => model.tokens!.predict(some, options), {
    targets,
    progress,
  });
}

async function scoreAll<Input>(
  context: ExplainContext,
  model: TextModel,
  inputs: readonly Input[],
  predict: (inputs: readonly Input[], options: TabularPredictOptions) => Promise<TabularPrediction>,
  { targets, progress }: { readonly targets: readonly ScoreOf[]; readonly progress: Progress },
): Promise<Float64Array[]> {
  const together = context.batch.batchSize ?? 256;
  const scores = targets.map(() => new Float64Array(inputs.length));
  for (let first = 0; first < inputs.length; first += together) {
    progress.check();
    const some = inputs.slice(first, first + together);
    const prediction = await predict(some, { signal: context.batch.signal });
    take(prediction, some.length, first, targets, scores, model.name);
    progress.add(some.length);
  }
  return scores;
}

function take(
  prediction: TabularPrediction,
  count: number,
  first: number,
  targets: readonly ScoreOf[],
  scores: readonly Float64Array[],
  name: string,
): void {
  targets.forEach((target, t) => {
    for (let n = 0; n < count; n++) {
      const score = scoreAt(target, prediction, n);
      if (!Number.isFinite(score)) {
        throw new WhylensError(
          'MODEL_OUTPUT',
          `the model '${name}' gave ${score} for a changed version of the document, but a finite number is needed; look for divisions by zero and missing values, or explain another score ('logit' or 'output')`,
        );
      }
      scores[t][first + n] = score;
    }
  });
}
