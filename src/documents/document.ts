/** What a caller passes as a document, and what it becomes when it is read. */
import type { NdArray, Picture } from '../explanation.js';
import type { PreprocessMode } from '../images/preprocess.js';
import type { PreprocessSteps } from '../images/steps.js';

/** A tensor of any library. */
export interface TensorLike {
  readonly shape: readonly number[];
  readonly dtype?: string;
  data?(): PromiseLike<ArrayLike<number>>;
  dataSync?(): ArrayLike<number>;
}

/** Numbers in nested arrays, outermost axis first. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** `{ shape, data }` with numbers of any array type. */
export interface ArrayDocument {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** What can be explained of a model over numbers: a picture, or `[1, …]` numbers as the model takes them. */
export type ModelDocument = Picture | ArrayDocument | TensorLike | NestedNumbers;

/** A function that does what the model was trained with, one of the known ways, or steps as data. */
export type Preprocess =
  PreprocessMode | PreprocessSteps | ((picture: Picture) => NdArray | ArrayDocument);

/**
 * A document as `readDocuments` gives it: all other code asks for its `kind`.
 *
 * - `image`: a picture, checked; its samples are the caller's and are never written to.
 * - `array`: numbers with their shape, in the precision in which they came.
 * - `text`: a string.
 * - `features`: a row by feature name (or one document for each input, by input name), or a
 *   list that holds more than numbers.
 */
export type Document =
  | { readonly kind: 'image'; readonly picture: Picture }
  | { readonly kind: 'array'; readonly shape: readonly number[]; readonly data: ArrayLike<number> }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'features';
      readonly values: Readonly<Record<string, unknown>> | readonly unknown[];
    };

/** What a document is: pictures and arrays become model inputs, the others reach the explainer as they are. */
export type DocumentKind = Document['kind'];
