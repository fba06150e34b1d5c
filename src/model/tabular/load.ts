/** Loads a model of rows or texts from a file, and checks it against examples. */
import { isWhylensError, WhylensError } from '../../errors.js';
import { decodeOnnx } from '../files/onnx-decode.js';
import type { LoadedModel } from '../loaded.js';
import { checkExamples, type ModelExamples } from './examples.js';
import type { TabularModel } from './interface.js';
import { looksLikeOnnx } from './onnx/looks-like.js';
import { checked, readTabular } from './read.js';
import type { ReadOptions } from './read-options.js';

export interface TabularLoadOptions {
  readonly name?: string;
  /** Names of the columns in the model's order, for a file that has none. */
  readonly featureNames?: readonly string[];
  /** Names of the classes (or of several outputs), for a file that has none. */
  readonly classNames?: readonly string[];
  /** Documents with what the library itself predicts for them: refused if this package says otherwise. */
  readonly examples?: ModelExamples;
}

/** What `loadModel` gives for the bytes of a model of rows or texts; undefined for other files. */
export async function loadTabular(
  bytes: Uint8Array,
  file: string,
  options: TabularLoadOptions,
): Promise<LoadedModel | undefined> {
  const { examples, name = titleOf(file), ...names } = options;
  const model = looksLikeOnnx(bytes)
    ? await openOnnx(bytes, file, { ...names, name })
    : readTabular(bytes, file, { ...names, name });
  if (model === undefined) return undefined;
  if (examples !== undefined) await checkExamples(model, examples, file);
  return loadedTabular(model);
}

/** Read if that is possible, else run by ONNX Runtime. */
async function openOnnx(
  bytes: Uint8Array,
  file: string,
  options: ReadOptions,
): Promise<TabularModel | undefined> {
  let problem: unknown;
  try {
    return readTabular(bytes, file, options);
  } catch (error) {
    problem = error;
  }
  const decoded = decodeOnnx(bytes, file);
  if (!isWhylensError(problem) || problem.code === 'INVALID_OPTION') throw problem;
  const { sessionModel } = await import('./onnx/session.js');
  try {
    return checked(await sessionModel(decoded, file, options), options, file);
  } catch (error) {
    if (isWhylensError(error, 'INVALID_OPTION')) throw error;
    // the reason why it could not be read here says more than the error of another library
    throw problem;
  }
}

export function loadedTabular(model: TabularModel): LoadedModel {
  const labels = model.classNames ?? model.outputNames;
  return {
    kind: 'loaded-model',
    name: model.name,
    model,
    ...(labels !== undefined && { labels }),
    dispose: () => model.dispose(),
  };
}

/** `churn` for `churn.xgb.json`; the folder's name for `churn/model.ubj`. */
function titleOf(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => part !== '');
  const own = (parts.pop() ?? '').replace(/(\.(xgb|lgb|sklearn|lightgbm|xgboost))?\.[^.]+$/i, '');
  return own === 'model' ? (parts.pop() ?? own) : own;
}

/** Options of other kinds of models, which have no meaning for rows and texts. */
export function refusePictureOptions(
  options: Readonly<Record<string, unknown>>,
  file: string,
  refused: readonly string[] = ['preprocess', 'inputShape', 'backend', 'maxLength'],
): void {
  for (const option of refused) {
    if (options[option] === undefined) continue;
    throw new WhylensError(
      'INVALID_OPTION',
      `option '${option}' is not for a model of rows or texts, and '${file}' is one; leave it out`,
    );
  }
}

/** Options of models of rows and texts, which have no meaning for others. */
export function refuseTabularOptions(
  options: Readonly<Record<string, unknown>>,
  file: string,
): void {
  for (const option of ['featureNames', 'examples', 'maxLength']) {
    if (options[option] === undefined) continue;
    throw new WhylensError(
      'INVALID_OPTION',
      `option '${option}' is for models of rows and texts, and '${file}' is not one; leave it out`,
    );
  }
}
