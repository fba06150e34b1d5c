/**
 * What explainers of rows and texts see of a model: predictions in float64, and if the model has
 * them, its coefficients, its trees and its vectorizer.
 *
 * `loadModel` gives such a model for files of scikit-learn, XGBoost, LightGBM
 * and ONNX-ML; functions of rows or texts are wrapped into one. An explainer
 * finds it in `ExplainContext.tabular`, and the documents, read in the order
 * of the model's features, in `ExplainContext.rows` or `ExplainContext.texts`.
 */

import type { Target } from '../../explanation.js';
import type { BatchOptions, ScoreKind } from '../interface.js';

/** Numbers of many rows, row after row. NaN is a missing value. */
export interface Rows {
  readonly count: number;
  readonly columns: number;
  /** `[count, columns]`. Receivers never write to it. */
  readonly data: Float64Array;
}

/** One number for each row and output. */
export interface Columns {
  readonly count: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** What the model predicts for rows or texts. */
export interface TabularPrediction {
  /** Raw scores, `[count, margins]`: one column for a binary classifier, whose sign decides. */
  readonly margins: Columns;
  /** Probabilities, one for each class, or values: `[count, outputs]`. Equal to `margins` if the link is the identity. */
  readonly values: Columns;
}

/** Options of predictions of rows and texts. */
export interface TabularPredictOptions {
  readonly signal?: AbortSignal;
}

/**
 * How margins become values. `scale` is multiplied to the margin first (LightGBM's `sigmoid`).
 * - `identity`: as they are (regression; forests, whose trees vote with probabilities)
 * - `logistic`: one margin, probabilities `[1 − p, p]`
 * - `sigmoid`: each margin by itself (several yes-or-no outputs; a regression between 0 and 1)
 * - `softmax`: over the classes
 * - `ovr`: a sigmoid a class, divided by their sum
 * - `svm`: a distance to the border, which has no probability: values are the margins
 * - `modified-huber`: (clip(m, −1, 1) + 1) / 2, divided by their sum
 * - `exp`: counts and other positive values; `log1p-exp` ln(1 + eˣ); `signed-square` sign(x)·x²
 * - `probit`: the normal distribution function, `[1 − p, p]`; `step`: 1 where positive
 * - `softmax-zero`: ONNX' softmax that leaves zeros zero
 */
export interface Link {
  readonly kind:
    | 'identity'
    | 'logistic'
    | 'sigmoid'
    | 'softmax'
    | 'softmax-zero'
    | 'ovr'
    | 'svm'
    | 'modified-huber'
    | 'exp'
    | 'log1p-exp'
    | 'signed-square'
    | 'probit'
    | 'step';
  readonly scale?: number;
}

/** A column of the table. */
export interface FeatureInfo {
  readonly name: string;
  /** Names of its codes: entry `k` is what the number `k` in a row stands for. */
  readonly categories?: readonly (string | number)[];
  /** The codes that a column of categories without names was trained with. */
  readonly codes?: readonly number[];
  /** True if any word is allowed: `categories` then grows with the words that occur. */
  readonly open?: boolean;
  /** True if the model was made for missing values here. */
  readonly missing: boolean;
}

interface TabularCommon {
  readonly kind: 'tabular-model';
  /** For the record's `estimator`. */
  readonly name: string;
  /** What it was read from, for people: `XGBoost binary:logistic, 10 trees`. */
  readonly source: string;
  readonly form: 'linear' | 'trees' | 'function' | 'network' | 'onnx' | 'transformer';
  readonly task: 'classification' | 'regression';
  /** One for each class, of a classifier; left out if they are not known. */
  readonly classNames?: readonly string[];
  /** Names of the columns of `values` of a regression with several outputs. */
  readonly outputNames?: readonly string[];
  /** Columns of `margins`: 1 for a binary classifier with one score; 0 if it is known only after a call. */
  readonly marginCount: number;
  /** Columns of `values`; 0 if it is known only after a call (a function). */
  readonly valueCount: number;
  readonly link: Link;
  /** What reading the model guessed, in sentences; part of every explanation. */
  readonly warnings?: readonly string[];
  readonly linear?: LinearPart;
  readonly trees?: TreeEnsemble;
  /** Frees what the model holds (a session); nothing for most. */
  dispose(): void;
}

/** A model of table rows. */
export interface RowModel extends TabularCommon {
  readonly documents: 'rows';
  readonly features: readonly FeatureInfo[];
  /** The transformation of a row before `linear` or `trees`; their features are those of the stage. */
  readonly stage?: Stage;
  predict(rows: Rows, options?: TabularPredictOptions): Promise<TabularPrediction>;
}

/** A model of texts. */
export interface TextModel extends TabularCommon {
  readonly documents: 'texts';
  /** What turns a text into the features of `linear` or `trees`. */
  readonly vectorizer?: Vectorizer;
  /** A transformer's own view of a text: the tokens it reads, where they stand, and derivatives by them. */
  readonly tokens?: TokenPart;
  predict(texts: readonly string[], options?: TabularPredictOptions): Promise<TabularPrediction>;
}

/** A model of rows or of texts. */
export type TabularModel = RowModel | TextModel;

/** Scaling, encoding, imputing: from the columns of the table to the features of the model's inner part. */
export interface Stage {
  /** For people: `StandardScaler`. */
  readonly source: string;
  /** Names of the features that come out. */
  readonly names: readonly string[];
  /** By feature that comes out: the column of the table it is made of. */
  readonly columns: Int32Array;
  apply(rows: Rows): Rows;
}

/** margin_k = Σ_j coefficients[k, j] · x_j + intercept[k]. */
export interface LinearPart {
  readonly outputs: number;
  readonly features: number;
  /** `[outputs, features]`. */
  readonly coefficients: Float64Array;
  readonly intercept: Float64Array;
  /** False if the model was fitted without one: there is no `<BIAS>` then. */
  readonly hasIntercept: boolean;
  /** `[outputs, features]`, if the file has them. */
  readonly standardErrors?: Float64Array;
}

/**
 * Trees whose leaves are added:
 * margin_k = base[k] + Σ_t trees[t].scale · (the leaf's value for output k).
 */
export interface TreeEnsemble {
  readonly trees: readonly Tree[];
  readonly features: number;
  /** Columns of the margins. */
  readonly outputs: number;
  /** The value that every row starts from, one for each output (the base score as a margin, boosting's first guess). */
  readonly base: Float64Array;
  /** `x < threshold` or `x <= threshold` goes left. */
  readonly comparison: '<' | '<=';
  /** True if a number of a row is rounded to float32 before it is compared. */
  readonly float32: boolean;
  /** True if the trees tell how many samples came through a node. Those of ONNX do not. */
  readonly hasCover: boolean;
  /** What `cover` counts: samples, or the sum of the second derivatives. */
  readonly coverUnit: 'samples' | 'hessian' | 'none';
  /** True if the trees' outputs are averaged (a forest): each tree is a model of its own. */
  readonly averaged: boolean;
  /** Importances that the file has, one for each feature, with their spread over the trees. */
  readonly importances?: { readonly values: Float64Array; readonly spread?: Float64Array };
  /** Writes for each inner node of tree `tree` whether the row goes left (1) or right (0). */
  decide(tree: number, row: ArrayLike<number>, goesLeft: Uint8Array): void;
  /** True if the row goes left at one inner node. */
  goesLeft(tree: number, node: number, row: ArrayLike<number>): boolean;
  /** The leaf that a row reaches. */
  leaf(tree: number, row: ArrayLike<number>): number;
}

/** One entry for each node, the root first. */
export interface Tree {
  /** Index of the left child; −1 at a leaf. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** −1 at a leaf. */
  readonly feature: Int32Array;
  /** Of a split by number; NaN at a leaf and at a split by categories. */
  readonly threshold: Float64Array;
  /** 1 if a missing value goes left. */
  readonly defaultLeft: Uint8Array;
  /** What counts as missing at the node: see `MISSING`. */
  readonly missing: Uint8Array;
  /**
   * `values[node * outputs.length + k]`. Of a leaf: what it adds, before
   * `scale`. Of an inner node: the mean of its leaves by cover (0 without cover).
   */
  readonly values: Float64Array;
  /** Outputs of the model to which this tree adds, one for each column of `values`. */
  readonly outputs: Int32Array;
  /** What the values are multiplied by: learning rate, 1 / number of trees, DART's weight. */
  readonly scale: number;
  /** How many samples (or how much hessian) came through the node. */
  readonly cover?: Float64Array;
  /** What the split gained; 0 at a leaf. */
  readonly gain?: Float64Array;
  readonly impurity?: Float64Array;
  /** Number of samples at the node, if `cover` is weighted. */
  readonly samples?: Float64Array;
  /** The values as the library stores them at inner nodes too (scikit-learn's `tree_.value`), if they differ. */
  readonly stored?: Float64Array;
  /** By node: a split by categories. */
  readonly categories?: readonly (CategorySplit | undefined)[];
}

/** The side for rows whose value is one of a set of codes; every other code goes to the other side. */
export interface CategorySplit {
  readonly codes: ReadonlySet<number>;
  /** The side to which the codes of the set go. */
  readonly listed: 'left' | 'right';
}

/** What counts as a missing value at a node: nothing (NaN is taken as 0), zeros and NaN, or NaN. */
export const MISSING = { none: 0, zero: 1, nan: 2 } as const;

/** Many sparse rows: those of row `n` are `indices` and `data` from `offsets[n]` up to `offsets[n + 1]`, by column. */
export interface SparseRows {
  readonly count: number;
  readonly columns: number;
  readonly offsets: Int32Array;
  readonly indices: Int32Array;
  readonly data: Float64Array;
}

/** A feature found in a text. */
export interface TextTerm {
  /** The n-gram, as the vocabulary spells it. */
  readonly term: string;
  /** Its column; −1 if the model does not know it. */
  readonly column: number;
  /** +1, or −1 if a hashing vectorizer counts the term negatively. */
  readonly sign: 1 | -1;
  /** Where it stands in the text as written, in UTF-16 units; several pieces if a word lies between (stop words). */
  readonly spans: readonly (readonly [start: number, end: number])[];
}

/** Turns texts into features with their places in the text. */
export interface Vectorizer {
  /** For people: `TfidfVectorizer (words)`. */
  readonly source: string;
  readonly analyzer: 'word' | 'char' | 'char_wb' | 'mixed';
  /** Number of columns. */
  readonly size: number;
  /** True if columns are hashes: a column then has no name of its own. */
  readonly hashed: boolean;
  /** The name of a column: the n-gram; `x[12]` if columns are hashes; with the part's name in a union (`words__moon`). */
  name(column: number): string;
  transform(texts: readonly string[]): SparseRows;
  /** Every feature of a text at every place, in order; once for each time it stands there. */
  terms(text: string): TextTerm[];
}

/** A text as a transformer reads it: special tokens included, cut if it is too long, without padding. */
export interface TextTokens {
  readonly ids: Int32Array;
  /** Segment of each token (`token_type_ids`). */
  readonly types: Int32Array;
  /** As the vocabulary spells them. */
  readonly tokens: readonly string[];
  /** Where each stands in the text as written, in UTF-16 units; empty for tokens without a place. */
  readonly spans: readonly (readonly [start: number, end: number])[];
  /** 1 for tokens that the tokenizer adds (`[CLS]`, `[SEP]`). */
  readonly special: Uint8Array;
  /** Number of the word that a token belongs to; −1 for special tokens. */
  readonly words: Int32Array;
  /** How many tokens of the text did not fit. */
  readonly cut: number;
}

/** The inputs of a transformer for one text. */
export interface TokenInput {
  readonly ids: ArrayLike<number>;
  /** Default all 0. */
  readonly types?: ArrayLike<number>;
  /** 0 if a token is not looked at (`attention_mask`). Default all 1. */
  readonly attended?: ArrayLike<number>;
}

/** Where derivatives are taken: at the looked-up token embeddings, or after positions are added and normalised. */
export type EmbeddingPlace = 'tokens' | 'embeddings';

/** Points in the space of embedded tokens at which a score is differentiated. */
export interface EmbeddedRequest {
  readonly at: EmbeddingPlace;
  /** The inputs beside the embedded tokens: mask, positions, segments. */
  readonly input: TokenInput;
  readonly count: number;
  /** Fills one point, `[tokens, width]`. */
  readonly write: (point: number, into: Float32Array) => void;
  readonly targets: readonly Target[];
  readonly score: ScoreKind;
  readonly batch: BatchOptions;
}

/** Derivatives at each point: `gradients[target]` is `[count, tokens, width]`, `scores[target]` one for each point. */
export interface EmbeddedResult {
  readonly gradients: readonly Float32Array[];
  readonly scores: readonly Float64Array[];
}

/** What explainers see of a transformer's tokens: reading a text into them, predicting and differentiating by them. */
export interface TokenPart {
  /** For people: `WordPiece, 30522 tokens`. */
  readonly source: string;
  /** Tokens that are read at most, special ones included. */
  readonly maxLength: number;
  /** Tokens that stand for something taken out, if the tokenizer has them. */
  readonly mask?: SpecialToken;
  readonly pad?: SpecialToken;
  /** False if the model has no mask: no token can then be hidden from it. */
  readonly hidesTokens: boolean;
  /** @throws `INVALID_DOCUMENT` if the tokenizer fails at the text */
  encode(text: string): TextTokens;
  predict(
    inputs: readonly TokenInput[],
    options?: TabularPredictOptions,
  ): Promise<TabularPrediction>;
  /** The embedded tokens, `[tokens, width]`; throws `NEEDS_GRADIENTS` as `differentiate` does. */
  embed(input: TokenInput, at: EmbeddingPlace): Promise<Float32Array>;
  differentiate(request: EmbeddedRequest): Promise<EmbeddedResult>;
  /** Why there are no derivatives, if the file does not allow them. */
  readonly withoutGradients?: string | undefined;
}

/** A token that stands for no text, such as the mask or the padding. */
export interface SpecialToken {
  readonly id: number;
  readonly token: string;
}

/** By shape and not by class, since two copies of the package may meet in one process. */
export function isTabularModel(model: unknown): model is TabularModel {
  return (
    typeof model === 'object' &&
    model !== null &&
    (model as { kind?: unknown }).kind === 'tabular-model' &&
    typeof (model as { predict?: unknown }).predict === 'function'
  );
}
