/** What a model of rows or texts predicts, with all digits. */
import { describeValue, WhylensError } from '../errors.js';
import { decodePredictions } from '../images/labels.js';
import { cutWarning } from '../model/tabular/cut-warning.js';
import { modelRows } from '../model/tabular/read-rows.js';
import type { Columns, TabularModel } from '../model/tabular/interface.js';
import type { OutputPrediction, Prediction, PredictOptions } from './predict.js';

export async function predictTabular(
  model: TabularModel,
  docs: unknown,
  { top = 5, labels, signal }: PredictOptions,
): Promise<Prediction> {
  const predictOptions = { ...(signal !== undefined && { signal }) };
  const { margins, values } =
    model.documents === 'rows'
      ? await model.predict(modelRows(docs, model, 'the document'), predictOptions)
      : await model.predict(textsOf(docs), predictOptions);
  const names = labels ?? model.classNames ?? model.outputNames;
  const output: OutputPrediction = {
    name: 'scores',
    values: arrayOf(values),
    logits: arrayOf(margins),
    probabilities: givesProbabilities(model, values),
    top: Array.from({ length: values.count }, (_, n) =>
      decodePredictions(choices(model, values, n), names, top),
    ),
  };
  const wrong =
    names !== undefined &&
    names.length !== Math.max(values.columns, model.task === 'classification' ? 2 : 1)
      ? [`there are ${names.length} labels for ${values.columns} outputs`]
      : [];
  const cut =
    model.documents === 'texts' && model.tokens !== undefined
      ? textsOf(docs).flatMap((text, n) => {
          const warning = cutWarning(model.tokens!, text);
          return warning === undefined ? [] : [`text ${n}: ${warning}`];
        })
      : [];
  return {
    values: output.values,
    logits: output.logits,
    top: output.top,
    outputs: [output],
    warnings: [...(model.warnings ?? []), ...wrong, ...cut],
  };
}

function arrayOf({ count, columns, data }: Columns) {
  return { shape: [count, columns], data };
}

/** One number for each class: a distance to the border stands for both sides. */
function choices(model: TabularModel, { columns, data }: Columns, n: number): ArrayLike<number> {
  const row = data.subarray(n * columns, (n + 1) * columns);
  if (columns === 1 && model.task === 'classification') {
    return model.link.kind === 'svm' ? [-row[0], row[0]] : [1 - row[0], row[0]];
  }
  return row;
}

function givesProbabilities({ link, task }: TabularModel, { data }: Columns): boolean {
  const kinds = [
    'logistic',
    'sigmoid',
    'softmax',
    'softmax-zero',
    'ovr',
    'modified-huber',
    'probit',
  ];
  if (kinds.includes(link.kind)) return true;
  // forests vote with probabilities
  return (
    task === 'classification' && link.kind === 'identity' && data.every((p) => p >= 0 && p <= 1)
  );
}

function textsOf(docs: unknown): string[] {
  const list: unknown[] = Array.isArray(docs) ? docs : [docs];
  const wrong = list.findIndex((text) => typeof text !== 'string');
  if (list.length === 0 || wrong !== -1) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `a model of texts takes a string or a list of strings, got ${list.length === 0 ? 'an empty list' : describeValue(list[wrong])}`,
    );
  }
  return list as string[];
}
