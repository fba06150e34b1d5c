/** scikit-learn's Pipeline, ColumnTransformer and FeatureUnion: transformers one after the other and side by side. */
import { broken, Field, unsupported } from '../fields.js';
import type { FeatureInfo, Rows, Stage, Vectorizer } from '../interface.js';
import { readVectorizer } from '../text/read-vectorizer.js';
import {
  beside,
  chosen,
  featuresOf,
  numbersOf,
  sourcesOf,
  type Column,
  type Step,
} from './columns.js';
import { fromDump } from './dump.js';
import { readTransformer } from './transformers.js';

const VECTORIZERS = ['CountVectorizer', 'TfidfVectorizer', 'HashingVectorizer'];

export interface PipelineParts {
  /** The estimator at the end. */
  readonly model: Field;
  readonly features?: readonly FeatureInfo[];
  readonly stage?: Stage;
  readonly vectorizer?: Vectorizer;
}

export function isPipeline(file: Field): boolean {
  return file.get('class_').value === 'Pipeline' && file.has('steps');
}

/** `[name, step]`, or an object with its name in it. */
function named(
  list: Field,
): { readonly name: string; readonly step: Field; readonly entry: Field }[] {
  return list.list().map((entry, i) => {
    if (!Array.isArray(entry.value)) {
      return { name: entry.has('name') ? entry.get('name').text() : `${i}`, step: entry, entry };
    }
    const [name, step] = entry.list();
    return { name: name.text(), step, entry };
  });
}

/** @param names of the table's columns, where the caller gives them */
export function readPipeline(file: Field, names: readonly string[] | undefined): PipelineParts {
  const steps = flattened(file);
  const model = steps.pop();
  if (model === undefined) throw file.get('steps').wrong('one step or more');
  const own = new Field(fromDump(model.value), model.file, model.path);
  const [first] = steps;
  if (first !== undefined && ofTexts(first)) return { model: own, vectorizer: vectorizerOf(steps) };
  const readers = [file, ...firstReaders(first ?? model)];
  const known = names ?? readers.map(namesOf).find((found) => found !== undefined);
  const count = known?.length ?? readers.map(countOf).find((n) => n !== undefined);
  if (count === undefined) {
    throw broken(
      file.file,
      `its first step tells neither 'feature_names_in_' nor 'n_features_in_'`,
    );
  }
  const sources = sourcesOf(known ?? Array.from({ length: count }, (_, j) => `x${j}`));
  const given = sources.map((source, origin) => ({ name: source.name, origin, source }));
  const done = inRow(steps, given);
  const columns = columnsAfter(done, given);
  use(columns);
  const stage: Stage = {
    source: done
      .map(({ source }) => source)
      .filter((source) => source !== '')
      .join(', '),
    names: columns.map(({ name }) => name),
    columns: Int32Array.from(columns, ({ origin }) => origin),
    apply: (rows: Rows): Rows => {
      const out = applied(done, rows);
      return { ...out, data: numbersOf(columns, out) };
    },
  };
  return {
    model: own,
    features: featuresOf(sources),
    ...(stage.source !== '' && { stage }),
  };
}

/** Pipelines within pipelines, as one list. */
function flattened(file: Field): Field[] {
  return named(file.get('steps')).flatMap(({ step }) =>
    step.value === null || step.value === 'passthrough'
      ? []
      : isPipeline(step)
        ? flattened(step)
        : [step],
  );
}

/** The step that the table comes to, and those within it. */
function firstReaders(step: Field): Field[] {
  if (step.get('class_').value !== 'FeatureUnion') return [step];
  const parts = named(step.get('transformer_list')).map(({ step: part }) => part);
  return [
    step,
    ...parts.flatMap((part) => (isPipeline(part) ? flattened(part).slice(0, 1) : [part])),
  ];
}

function namesOf(step: Field): readonly string[] | undefined {
  const field = step.get(step.has('feature_names') ? 'feature_names' : 'feature_names_in_');
  return field.exists ? field.texts() : undefined;
}

function countOf(step: Field): number | undefined {
  const field = step.get(step.has('n_features') ? 'n_features' : 'n_features_in_');
  return field.exists ? field.count(1, 1e7) : undefined;
}

/** Each step on what the one before it gives. */
function inRow(steps: readonly Field[], columns: readonly Column[]): Step[] {
  const done: Step[] = [];
  for (const step of steps) done.push(readStep(step, columnsAfter(done, columns)));
  return done;
}

function columnsAfter(done: readonly Step[], columns: readonly Column[]): readonly Column[] {
  return done.at(-1)?.columns ?? columns;
}

function applied(steps: readonly Step[], rows: Rows): Rows {
  return steps.reduce((table, step) => step.apply(table), rows);
}

function readStep(step: Field, columns: readonly Column[]): Step {
  if (isPipeline(step)) {
    const parts = inRow(flattened(step), columns);
    return {
      source: sources(parts),
      columns: columnsAfter(parts, columns),
      apply: (rows) => applied(parts, rows),
    };
  }
  const { value: name } = step.get('class_');
  if (name === 'ColumnTransformer') return columnTransformer(step, columns);
  if (name === 'FeatureUnion') {
    const parts = named(step.get('transformer_list')).map(({ step: part }) =>
      readStep(part, columns),
    );
    return sideBySide(parts, (rows) => parts.map((part) => part.apply(rows)));
  }
  use(columns);
  return readTransformer(step, columns);
}

function use(columns: readonly Column[]): void {
  for (const { source } of columns) if (source !== undefined) source.used = true;
}

function sources(parts: readonly Step[]): string {
  return [...new Set(parts.map(({ source }) => source))].filter((one) => one !== '').join(', ');
}

function sideBySide(parts: readonly Step[], apply: (rows: Rows) => readonly Rows[]): Step {
  return {
    source: sources(parts),
    columns: parts.flatMap(({ columns }) => columns),
    apply: (rows) => beside(apply(rows)),
  };
}

function columnTransformer(field: Field, columns: readonly Column[]): Step {
  const key = field.has('transformers_') ? 'transformers_' : 'transformers';
  const parts = named(field.get(key)).flatMap(({ step, entry }) => {
    if (step.value === 'drop') return [];
    const picked = pickedOf(
      Array.isArray(entry.value) ? entry.list()[2] : entry.get('columns'),
      columns,
    );
    if (picked.length === 0) return [];
    const own = picked.map((j) => columns[j]);
    return [{ picked, step: readStep(step, own) }];
  });
  if (field.has('transformer_weights')) {
    throw unsupported(field.file, 'a ColumnTransformer with weights; export it to ONNX');
  }
  return sideBySide(
    parts.map(({ step }) => step),
    (rows) => parts.map(({ picked, step }) => step.apply(chosen(rows, picked))),
  );
}

/** Columns by name, by number, or as a mask. */
function pickedOf(field: Field, columns: readonly Column[]): number[] {
  const one = typeof field.value === 'string' || typeof field.value === 'number';
  const list: unknown[] = one
    ? [field.value]
    : field.isObject()
      ? (field.get('data').value as unknown[])
      : field.list().map(({ value }) => value);
  if (!Array.isArray(list)) throw field.wrong('names or numbers of columns');
  if (list.length === columns.length && list.every((value) => typeof value === 'boolean')) {
    return list.flatMap((value, j) => (value ? [j] : []));
  }
  return list.map((value) => {
    const at =
      typeof value === 'number'
        ? value < 0
          ? columns.length + value
          : value
        : columns.findIndex(({ name }) => name === value);
    if (!Number.isInteger(at) || at < 0 || at >= columns.length) {
      throw field.wrong(
        `columns among ${columns
          .map(({ name }) => name)
          .slice(0, 12)
          .join(', ')}`,
        JSON.stringify(value),
      );
    }
    return at;
  });
}

function ofTexts(step: Field): boolean {
  const { value } = step.get('class_');
  if (VECTORIZERS.includes(String(value))) return true;
  return (
    value === 'FeatureUnion' &&
    named(step.get('transformer_list')).every(({ step: part }) => ofTexts(part))
  );
}

/** A vectorizer, or word counts with a TfidfTransformer behind them. */
function vectorizerOf(steps: readonly Field[]): Vectorizer {
  const [first, second, ...others] = steps;
  const odd = [second, ...others].find(
    (step, i) =>
      step !== undefined && !(i === 0 && step.get('class_').value === 'TfidfTransformer'),
  );
  if (odd !== undefined) {
    throw unsupported(
      odd.file,
      `a pipeline over texts with the step '${String(odd.get('class_').value)}' behind its vectorizer; known is TfidfTransformer. Give a function (modelOfTexts), or export it to ONNX`,
    );
  }
  if (second !== undefined && first.get('class_').value !== 'CountVectorizer') {
    throw unsupported(second.file, 'a TfidfTransformer behind anything but a CountVectorizer');
  }
  const plain = plainVectorizer(first, second);
  return readVectorizer(new Field(plain, first.file, first.path));
}

function plainVectorizer(step: Field, tfidf?: Field): Record<string, unknown> {
  const own = step.value as Readonly<Record<string, unknown>>;
  const kind = step.get('class_').text();
  if (kind === 'FeatureUnion') {
    return {
      kind,
      transformer_weights: own.transformer_weights,
      parts: named(step.get('transformer_list')).map(({ name, step: part }) => ({
        name,
        ...plainVectorizer(part),
      })),
    };
  }
  const weights = tfidf ?? step.get('_tfidf');
  const idf = weights.get('idf_');
  return {
    kind: tfidf === undefined ? kind : 'TfidfVectorizer',
    // what the transformer behind it says goes before what a CountVectorizer has
    params: Object.assign({}, own, weights.isObject() ? weights.value : {}, {
      binary: own.binary,
    }),
    vocabulary_: own.vocabulary_,
    ...(idf.exists && { idf_: idf.value }),
  };
}
