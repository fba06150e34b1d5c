/** The options that every method takes, declared once: what `explainPrediction` checks before anything else. */
import type { OptionSpec, OptionSpecs } from '../options.js';
import { validateOptions } from '../options.js';
import { WhylensError } from '../errors.js';
import { PREPROCESS_MODES } from '../images/preprocess.js';
import { RESAMPLING_FILTERS, type ResamplingFilter } from '../images/resample.js';
import { isSteps } from '../images/steps.js';
import { ENGINE_OPTIONS } from '../model/engines.js';

export const DEFAULT_FILTER: ResamplingFilter = 'bilinear';

const isFunction = (value: unknown): boolean => typeof value === 'function';
const isText = (value: unknown): boolean => typeof value === 'string';
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const has = (value: unknown, name: string, type: string): boolean =>
  isObject(value) && typeof (value as Record<string, unknown>)[name] === type;

const value = (help: string, expects: string, check: (value: unknown) => boolean): OptionSpec => ({
  type: 'value',
  default: undefined,
  help,
  expects,
  check,
});

export const SHARED_OPTIONS = {
  method: value(
    'The method that explains.',
    "the id of a method, or an explainer such as smooth('saliency') gives",
    (given) => isText(given) || has(given, 'explain', 'function'),
  ),
  targets: value('The classes, or other numbers of the model, to explain.', 'targets', () => true),
  layer: value(
    'The layer whose activations are explained.',
    'a path, an index or a layer object with a name',
    (given) => isText(given) || typeof given === 'number' || has(given, 'name', 'string'),
  ),
  score: {
    type: 'choice',
    default: 'logit',
    help: 'The number explained: before the final softmax or sigmoid, or after it.',
    choices: ['logit', 'output'],
  },
  image: value(
    'Picture to lay the map over.',
    'a picture { width, height, mode, data }; loadImage reads one',
    isObject,
  ),
  labels: value(
    'Class names by index.',
    'an array of at least one name; loadLabels reads one from a file',
    (given) => Array.isArray(given) && given.length > 0 && given.every(isText),
  ),
  preprocess: value(
    'How pictures become numbers.',
    `one of ${PREPROCESS_MODES.join(', ')}, steps such as { resize: { shortest: 256 }, crop: { width: 224, height: 224 }, scale: 255 }, or a function from a picture to numbers`,
    (given) =>
      isFunction(given) ||
      isSteps(given) ||
      (PREPROCESS_MODES as readonly unknown[]).includes(given),
  ),
  resize: {
    type: 'choice',
    default: DEFAULT_FILTER,
    help: 'Filter by which pictures of another size are resized.',
    choices: RESAMPLING_FILTERS,
  },
  input: { type: 'string', default: undefined, help: 'The explained input, of several.' },
  seed: value('Seed of all random numbers. Default 0.', 'a whole number', Number.isSafeInteger),
  inputShape: value(
    'Shape of one sample, for functions.',
    'an array of whole numbers of at least 1',
    (given) =>
      Array.isArray(given) && given.every((size) => Number.isInteger(size) && Number(size) > 0),
  ),
  outputActivation: {
    type: 'choice',
    default: undefined,
    help: "What a function's scores are.",
    choices: ['softmax', 'sigmoid', 'linear'],
  },
  ...ENGINE_OPTIONS,
  estimator: { type: 'string', default: undefined, help: 'Name of the model in the record.' },
  container: value(
    'The container in which plugins are looked up.',
    'a container as createContainer makes it',
    (given) => has(given, 'get', 'function') && has(given, 'bind', 'function'),
  ),
  plugins: value('Plugins for this call alone.', 'an array of plugins', Array.isArray),
  batchSize: {
    type: 'number',
    default: undefined,
    integer: true,
    min: 1,
    help: 'Samples run together.',
  },
  memoryBudget: value(
    'Bytes that activations may take.',
    'a number of bytes above 0',
    (given) => typeof given === 'number' && given > 0,
  ),
  maxMemory: value(
    'Bytes that values may take at once; a run that needs more is refused.',
    'a number of bytes above 0',
    (given) => typeof given === 'number' && given > 0,
  ),
  signal: value('A signal that stops the work.', 'an AbortSignal', (given) =>
    has(given, 'addEventListener', 'function'),
  ),
  onProgress: value(
    'A function that is called as the work goes on.',
    'a function (done, total) => void',
    isFunction,
  ),
} as const satisfies OptionSpecs;

/** Checks the shared options among `options` and gives the others, which are the method's own. */
export function methodsOwn(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (!isObject(options)) {
    throw new WhylensError(
      'INVALID_OPTION',
      `options must be an object such as { targets: ['cat'] }, got ${String(options)}`,
    );
  }
  const own: Record<string, unknown> = {};
  const shared: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(options)) {
    (Object.hasOwn(SHARED_OPTIONS, name) ? shared : own)[name] = given;
  }
  validateOptions('explainPrediction', SHARED_OPTIONS, shared);
  return own;
}
