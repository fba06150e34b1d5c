/** What a caller knows about a file but the file does not say. */
export interface ReadOptions {
  /** For the record's `estimator`. */
  readonly name: string;
  readonly featureNames?: readonly string[];
  readonly classNames?: readonly string[];
}
