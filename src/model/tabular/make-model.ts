/** A model of rows or texts made of its parts: coefficients, trees, or any function of numbers. */
import { AbortedError, WhylensError } from '../../errors.js';
import { ensembleMargins } from './ensemble.js';
import type {
  Columns,
  FeatureInfo,
  LinearPart,
  Link,
  RowModel,
  Rows,
  Stage,
  TabularPrediction,
  TextModel,
  TreeEnsemble,
  Vectorizer,
} from './interface.js';
import { denseRows, linearMargins, sparseMargins } from './linear.js';
import { applyLink, linkedCount } from './link.js';

/** Computes the raw scores. */
export type Part =
  | { readonly linear: LinearPart }
  | { readonly trees: TreeEnsemble }
  | {
      readonly network: (rows: Rows) => Columns;
      readonly outputs: number;
      /** Both tables, where values do not follow from the margins by the link. */
      readonly predict?: (rows: Rows) => TabularPrediction;
    };

interface CommonParts {
  readonly name: string;
  readonly source: string;
  readonly part: Part;
  readonly link: Link;
  readonly task: 'classification' | 'regression';
  readonly classNames?: readonly string[];
  readonly outputNames?: readonly string[];
}

export interface RowModelParts extends CommonParts {
  readonly features: readonly FeatureInfo[];
  readonly stage?: Stage;
}

export interface TextModelParts extends CommonParts {
  readonly vectorizer: Vectorizer;
}

export function rowModel({ part, stage, features, ...parts }: RowModelParts): RowModel {
  return {
    kind: 'tabular-model',
    documents: 'rows',
    ...parts,
    ...counts(part, parts.link),
    features,
    ...(stage !== undefined && { stage }),
    predict: async (rows, { signal } = {}) => {
      if (signal?.aborted === true) throw new AbortedError(0, rows.count, signal.reason);
      if (rows.columns !== features.length) {
        throw new WhylensError(
          'INVALID_DOCUMENT',
          `the model '${parts.name}' takes rows of ${features.length} features, got ${rows.columns}`,
        );
      }
      return predicted(part, stage === undefined ? rows : stage.apply(rows), parts.link);
    },
    dispose: nothing,
  };
}

export function textModel({ part, vectorizer, ...parts }: TextModelParts): TextModel {
  return {
    kind: 'tabular-model',
    documents: 'texts',
    ...parts,
    ...counts(part, parts.link),
    vectorizer,
    predict: async (texts, { signal } = {}) => {
      if (signal?.aborted === true) throw new AbortedError(0, texts.length, signal.reason);
      const rows = vectorizer.transform(texts);
      return 'linear' in part
        ? linked(sparseMargins(part.linear, rows), parts.link)
        : predicted(part, denseRows(rows), parts.link);
    },
    dispose: nothing,
  };
}

function counts(part: Part, link: Link) {
  const marginCount =
    'linear' in part ? part.linear.outputs : 'trees' in part ? part.trees.outputs : part.outputs;
  return {
    form: 'linear' in part ? 'linear' : 'trees' in part ? 'trees' : 'network',
    marginCount,
    valueCount: linkedCount(link, marginCount),
    ...('linear' in part && { linear: part.linear }),
    ...('trees' in part && { trees: part.trees }),
  } as const;
}

function margins(part: Part, rows: Rows): Columns {
  if ('linear' in part) return linearMargins(part.linear, rows);
  return 'trees' in part ? ensembleMargins(part.trees, rows) : part.network(rows);
}

function predicted(part: Part, rows: Rows, link: Link): TabularPrediction {
  return 'network' in part && part.predict !== undefined
    ? part.predict(rows)
    : linked(margins(part, rows), link);
}

function linked(scores: Columns, link: Link): TabularPrediction {
  return { margins: scores, values: applyLink(scores, link) };
}

function nothing(): void {
  // plain numbers: nothing to free
}

/** Features named as the file names them, or by position. */
export function namedFeatures(
  count: number,
  names: readonly string[] | undefined,
  missing: boolean,
  prefix = 'x',
): FeatureInfo[] {
  return Array.from({ length: count }, (_, j) => ({
    name: names?.[j] ?? `${prefix}${j}`,
    missing,
  }));
}
