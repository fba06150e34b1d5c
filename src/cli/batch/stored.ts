/** What a batch folder holds is checked before it is believed: a damaged file must not name places elsewhere. */
import type { DocumentReference } from './documents.js';
import type { About } from './folder.js';
import { isInside } from './journal.js';
import type { BatchSettings } from './settings.js';

const LISTS = ['plugins', 'opt', 'targets', 'as', 'formatOpt', 'metrics'] as const;
const TEXTS = [
  ...['labels', 'preprocess', 'backend', 'engine', 'method', 'layer', 'background', 'store'],
] as const;
const NUMBERS = ['seed', 'batchSize', 'maxMemory'] as const;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** True for what `batch.json` holds. */
export function isAbout(value: unknown): value is About {
  return (
    isObject(value) &&
    value.kind === 'batch' &&
    value.version === 1 &&
    isText(value.whylens) &&
    isText(value.modelHash) &&
    isCount(value.documents) &&
    isSettings(value.settings)
  );
}

/** True for settings as they are stored. */
export function isSettings(value: unknown): value is BatchSettings {
  if (!isObject(value)) return false;
  const optional = <T extends string>(names: readonly T[], is: (one: unknown) => boolean) =>
    names.every((name) => value[name] === undefined || is(value[name]));
  return (
    isText(value.model) &&
    isCount(value.threads) &&
    (value.score === 'logit' || value.score === 'output') &&
    LISTS.every((name) => isTexts(value[name])) &&
    isObject(value.format) &&
    Object.values(value.format).every(isText) &&
    optional(TEXTS, isText) &&
    optional(NUMBERS, Number.isFinite) &&
    optional(['allowHost'], isTexts)
  );
}

/** True for the line of `documents.jsonl` at that place. */
export function isReference(value: unknown, index: number): value is DocumentReference {
  if (!isObject(value) || value.index !== index) return false;
  const { name, output, target, kind } = value;
  if (!isText(name) || !isInside(output) || !(target === undefined || isText(target))) return false;
  switch (kind) {
    case 'file':
      return isText(value.path);
    case 'entry':
      return isText(value.archive) && isText(value.entry);
    case 'address':
      return isText(value.address);
    case 'text':
      return isText(value.text);
    case 'row':
      return isObject(value.row);
    default:
      return false;
  }
}
