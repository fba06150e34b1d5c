/** Checks a model against the predictions of its own library. */
import { WhylensError } from '../../errors.js';
import { Field } from './fields.js';
import type { Columns, TabularModel } from './interface.js';
import { modelRows, type TableInput } from './read-rows.js';

/** Documents with predictions; one of `values` and `logits`, or both. */
export interface ModelExamples {
  /** Rows, for a model of rows. */
  readonly rows?: TableInput;
  readonly texts?: readonly string[];
  /** Probabilities or values: `[N][outputs]`, `[N]` for one output, or `{ shape, data }`. */
  readonly values?: unknown;
  /** Raw scores. */
  readonly logits?: unknown;
  /** How far a number may be off, relative to the largest of its array. Default 1e-5: float32's digits. */
  readonly tolerance?: number;
}

/**
 * @throws WhylensError `MODEL_LOAD` naming the first example whose prediction differs
 */
export async function checkExamples(
  model: TabularModel,
  examples: ModelExamples,
  file: string,
): Promise<void> {
  const { rows, texts, values, logits, tolerance = 1e-5 } = examples;
  const documents = model.documents === 'rows' ? rows : texts;
  if (documents === undefined || (values === undefined && logits === undefined)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `examples must be { ${model.documents}, values } or { ${model.documents}, logits } for '${file}', got { ${Object.keys(examples).join(', ')} }`,
    );
  }
  const made =
    model.documents === 'rows'
      ? await model.predict(modelRows(rows, model, 'the examples'))
      : await model.predict(texts!);
  if (values !== undefined) compare(made.values, values, 'values', { file, tolerance, model });
  if (logits !== undefined) compare(made.margins, logits, 'logits', { file, tolerance, model });
}

function compare(
  made: Columns,
  given: unknown,
  what: string,
  {
    file,
    tolerance,
    model,
  }: { readonly file: string; readonly tolerance: number; readonly model: TabularModel },
): void {
  const expected = new Field(given, 'examples', what).numbers();
  // of two classes a library may give the second's probability only
  const second = made.columns === 2 && expected.length === made.count;
  if (!second && expected.length !== made.data.length) {
    throw new WhylensError(
      'INVALID_OPTION',
      `${what} of the examples must be ${made.count} rows of ${made.columns}, got ${expected.length} numbers`,
    );
  }
  const scale = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
  expected.forEach((x, i) => {
    const own = made.data[second ? 2 * i + 1 : i];
    if (Math.abs(own - x) <= tolerance * scale) return;
    const row = second ? i : Math.floor(i / made.columns);
    throw new WhylensError(
      'MODEL_LOAD',
      `'${file}' (${model.source}) predicts ${own} for example ${row}, but its examples say ${x} (${what}, output ${second ? 1 : i % made.columns}): it was exported wrongly, or the examples are of another model. Nothing is explained of a model that predicts otherwise than its library`,
      { facts: { file, row, expected: x, got: own } },
    );
  });
}
