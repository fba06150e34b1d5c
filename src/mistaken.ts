/** Values that are often passed instead of what a call needs, and what to do instead. */
import { EXPLANATION_KINDS } from './explanation.js';

/** What a call needs. */
export type Wanted = 'model' | 'document' | 'explanation' | 'picture' | 'file' | 'value';

/** The call that usually makes it. */
const MADE_BY: Readonly<Record<Wanted, string>> = {
  model: 'await loadModel(…)',
  document: 'await loadImage(…)',
  explanation: 'await explainPrediction(…)',
  picture: 'await loadImage(…)',
  file: 'await readFile(…)',
  value: 'await loadLabels(…)',
};

/**
 * What the value is and how to go on, as the end of a message ("got …"), if it is one of
 * the things that are easily mixed up: a Promise, a path, a picture, an explanation.
 *
 * @example remedyFor('model', 'model.json') // "the string 'model.json'; read it first: await loadModel('model.json')"
 */
export function remedyFor(wanted: Wanted, value: unknown): string | undefined {
  if (isPromise(value)) {
    return `a Promise, so 'await' is missing before the call that made it: ${MADE_BY[wanted]}`;
  }
  if (isStream(value)) {
    return wanted === 'explanation'
      ? 'what explainPredictions gives, which comes one by one: for await (const expl of …) formats each'
      : 'documents that come one by one; explainPredictions takes them, other calls an array';
  }
  switch (wanted) {
    case 'model':
      return inPlaceOfModel(value);
    case 'document':
      return inPlaceOfDocument(value);
    case 'explanation':
      return inPlaceOfExplanation(value);
    case 'picture':
      return inPlaceOfPicture(value);
    case 'file':
      return inPlaceOfFile(value);
    default:
      return undefined;
  }
}

function inPlaceOfModel(value: unknown): string | undefined {
  if (isPath(value)) {
    const path = String(value).slice(0, 80);
    return `the path '${path}'; read the model first: await loadModel('${path}')`;
  }
  if (isPicture(value)) return 'a picture; the model comes first, then the document';
  if (isExplanation(value)) return 'an explanation; the model comes first, then the document';
  return undefined;
}

function inPlaceOfDocument(value: unknown): string | undefined {
  if (isLoaded(value)) return 'a model; the model comes first, then the document';
  if (isExplanation(value)) {
    return 'an explanation; give what was explained, such as the picture of loadImage';
  }
  return undefined;
}

function inPlaceOfExplanation(value: unknown): string | undefined {
  if (isPicture(value)) {
    return 'a picture; explain it first: await explainPrediction(model, picture)';
  }
  if (isLoaded(value)) return 'a model; explain first: await explainPrediction(model, picture)';
  if (Array.isArray(value) && value.some(isExplanation)) {
    return `${value.length} explanations; format them one by one, or together with formatAsHtml or formatAsFigure`;
  }
  if (typeof value === 'string') {
    return /^\s*\{/.test(value)
      ? 'a text; read a stored explanation with explanationFromJson first'
      : `the string '${value.slice(0, 40)}'; read a stored explanation with explanationFromJson(await readFile(…, 'utf8')) first`;
  }
  return isStored(value)
    ? 'an explanation in its stored form; read it with explanationFromDict first'
    : undefined;
}

function inPlaceOfPicture(value: unknown): string | undefined {
  if (isExplanation(value)) return 'an explanation; draw it first: formatAsImage(explanation)';
  if (Array.isArray(value) && value.some(isExplanation)) {
    return "explanations; draw them first: formatAsFigure(explanations, { format: 'png' })";
  }
  if (isPath(value)) {
    return /^\s*</.test(String(value))
      ? 'a text; write SVG and HTML with writeFile of node:fs/promises'
      : `the path '${String(value).slice(0, 80)}'; read it first: await loadImage(…)`;
  }
  return undefined;
}

function inPlaceOfFile(value: unknown): string | undefined {
  if (isLoaded(value)) return 'a model that is loaded already; pass it on as it is';
  if (isPicture(value)) return 'a picture that is loaded already; pass it on as it is';
  return undefined;
}

const isObject = (value: unknown): value is Record<PropertyKey, unknown> =>
  typeof value === 'object' && value !== null;

/** True for a Promise, and for whatever else can be awaited. */
export const isPromise = (value: unknown): boolean =>
  isObject(value) && typeof value.then === 'function';

const isStream = (value: unknown): boolean =>
  isObject(value) && typeof value.next === 'function' && Symbol.asyncIterator in value;

const isPath = (value: unknown): boolean => typeof value === 'string' || value instanceof URL;

const isPicture = (value: unknown): boolean =>
  isObject(value) &&
  typeof value.width === 'number' &&
  typeof value.height === 'number' &&
  ArrayBuffer.isView(value.data);

/** True for what looks like a record, whole or damaged. */
const isExplanation = (value: unknown): boolean =>
  isObject(value) &&
  (EXPLANATION_KINDS as readonly unknown[]).includes(value.kind) &&
  typeof value.method === 'string';

const isStored = (value: unknown): boolean =>
  isObject(value) && typeof value.schema === 'string' && 'version' in value;

const isLoaded = (value: unknown): boolean => isObject(value) && value.kind === 'loaded-model';
