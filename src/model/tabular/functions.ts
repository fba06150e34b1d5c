/** Functions of rows or texts as models. */
import { AbortedError, WhylensError } from '../../errors.js';
import { abortable } from '../../reading/abort.js';
import { readPreciseScores, requireProbabilities } from '../scores.js';
import type {
  Columns,
  FeatureInfo,
  Link,
  RowModel,
  Rows,
  TabularPrediction,
  TextModel,
} from './interface.js';

/** Scores as a function may return them: `[N][classes]`, `[N]`, a typed array, `{ shape, data }`. */
export type TableScores =
  | readonly (number | readonly number[] | ArrayLike<number>)[]
  | { readonly shape: readonly number[]; readonly data: ArrayLike<number> }
  | ArrayLike<number>;

/** A function of rows: lists in the order of the features, or objects by feature name. */
export type RowFunction<Row = readonly unknown[] | Readonly<Record<string, unknown>>> = (
  rows: Row[],
) => TableScores | Promise<TableScores>;

/** A model of texts as a function: a list of texts to one row of scores each. */
export type TextFunction = (texts: string[]) => TableScores | Promise<TableScores>;

/** Options of `modelOfRows` and `modelOfTexts`. */
export interface FunctionModelOptions {
  /** For the record's `estimator`. Default: the function's name. */
  readonly name?: string;
  /** One for each class, of a classifier. */
  readonly classNames?: readonly string[];
  /** Names of the scores of a regression with several. */
  readonly outputNames?: readonly string[];
  /**
   * What the scores are. Probabilities are explained by their logits unless
   * `score: 'output'` is asked for. Default `'linear'`: the scores as they are.
   */
  readonly outputActivation?: 'softmax' | 'sigmoid' | 'linear';
}

/** Options of `modelOfRows`. */
export interface RowFunctionOptions extends FunctionModelOptions {
  /** Names, or names with categories. */
  readonly features: readonly (string | (Partial<FeatureInfo> & Pick<FeatureInfo, 'name'>))[];
  /** Whether the function wants lists or objects. Default `'arrays'`. */
  readonly rows?: 'arrays' | 'objects';
}

/**
 * A model made of a function of table rows, for explainers of rows.
 *
 * @throws WhylensError `INVALID_OPTION`; from its predictions `MODEL_OUTPUT`
 * @example
 * const model = modelOfRows((rows) => rows.map(([age, calls]) => 0.1 * age - calls), {
 *   features: ['age', 'calls'],
 * });
 * const expl = await explainPrediction(model, { age: 41, calls: 7 });
 */
export function modelOfRows(
  // one type for both kinds of function: which one it is, `rows` says
  predict: RowFunction<never>,
  options: RowFunctionOptions,
): RowModel {
  const features = options.features.map((feature): FeatureInfo =>
    typeof feature === 'string' ? { name: feature, missing: true } : { missing: true, ...feature },
  );
  const names = features.map(({ name }) => name);
  if (names.length === 0 || new Set(names).size !== names.length) {
    throw new WhylensError(
      'INVALID_OPTION',
      `features of modelOfRows must be different names, one for each column; got ${names.join(', ') || 'none'}`,
    );
  }
  const asObjects = options.rows === 'objects';
  const written = (rows: Rows): unknown[] =>
    Array.from({ length: rows.count }, (_, n) => {
      const values = features.map(({ categories }, j) =>
        valueOf(rows.data[n * rows.columns + j], categories),
      );
      return asObjects ? Object.fromEntries(names.map((name, j) => [name, values[j]])) : values;
    });
  return {
    ...common(predict, options, 'rows'),
    documents: 'rows',
    features,
    predict: (rows, { signal } = {}) =>
      call(predict as RowFunction<unknown>, written(rows), options, signal),
  };
}

/**
 * A model made of a function of texts, for explainers of texts.
 *
 * @example
 * const model = modelOfTexts(async (texts) => service.scores(texts), {
 *   classNames: ['negative', 'positive'],
 *   outputActivation: 'softmax',
 * });
 * const expl = await explainPrediction(model, 'Not bad at all, but slow.');
 */
export function modelOfTexts(predict: TextFunction, options: FunctionModelOptions = {}): TextModel {
  return {
    ...common(predict, options, 'texts'),
    documents: 'texts',
    predict: (texts, { signal } = {}) => call(predict, [...texts], options, signal),
  };
}

/** Numbers as they are, codes as the categories they stand for, missing values as null. */
function valueOf(value: number, categories: FeatureInfo['categories']): unknown {
  if (Number.isNaN(value)) return null;
  return categories === undefined ? value : (categories[value] ?? value);
}

function common(predict: unknown, options: FunctionModelOptions, of: string) {
  if (typeof predict !== 'function') {
    throw new WhylensError(
      'UNSUPPORTED_MODEL',
      `a model of ${of} must be a function from a list of ${of} to scores, got ${typeof predict}`,
    );
  }
  const { classNames, outputNames, outputActivation = 'linear' } = options;
  if (!['softmax', 'sigmoid', 'linear'].includes(outputActivation)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `outputActivation must be one of softmax, sigmoid, linear, got '${String(outputActivation)}'`,
    );
  }
  const link: Link = {
    kind: outputActivation === 'linear' ? 'identity' : outputActivation,
  };
  return {
    kind: 'tabular-model',
    name: options.name ?? (predict.name === '' ? 'function' : predict.name),
    source: `a function of ${of}`,
    form: 'function',
    task:
      classNames !== undefined || outputActivation !== 'linear' ? 'classification' : 'regression',
    ...(classNames !== undefined && { classNames }),
    ...(outputNames !== undefined && { outputNames }),
    // known only after a call
    marginCount: 0,
    valueCount: 0,
    link,
    dispose: () => {
      // a function holds nothing that must be freed
    },
  } as const;
}

async function call(
  predict: (documents: unknown[] & string[]) => unknown,
  documents: unknown[],
  options: FunctionModelOptions,
  signal: AbortSignal | undefined,
): Promise<TabularPrediction> {
  if (signal?.aborted === true) throw new AbortedError(0, documents.length, signal.reason);
  const name = `model '${options.name ?? predict.name}'`;
  const count = documents.length;
  const returned = await abortable(predict(documents as unknown[] & string[]), signal, name);
  const scores = await readPreciseScores(returned, count, name);
  if (scores.shape.length > 2) {
    throw new WhylensError(
      'MODEL_OUTPUT',
      `${name} must return one row of scores for each document, got shape [${scores.shape.join(', ')}]`,
    );
  }
  const columns = scores.data.length / count;
  const known = options.classNames?.length ?? options.outputNames?.length;
  if (known !== undefined && known !== columns && !(known === 2 && columns === 1)) {
    throw new WhylensError(
      'MODEL_OUTPUT',
      `${name} gave ${columns} scores for each document, but ${known} names are known`,
    );
  }
  const values: Columns = { count, columns, data: scores.data };
  const { outputActivation = 'linear' } = options;
  if (outputActivation === 'linear') return { margins: values, values };
  requireProbabilities(scores, outputActivation, name);
  return { values, margins: { ...values, data: values.data.map(INVERSES[outputActivation]) } };
}

/** The smallest number whose logarithm is finite and that has all its digits. */
const SMALLEST = 2 ** -1022;
const LARGEST = 1 - 2 ** -53;

/** A function hides the values before its activation; they are computed back from probabilities. */
const INVERSES = {
  softmax: (p: number) => Math.log(Math.max(p, SMALLEST)),
  sigmoid: (p: number) => {
    const held = Math.min(Math.max(p, SMALLEST), LARGEST);
    return Math.log(held) - Math.log1p(-held);
  },
} as const;
