/** Which kind of model a file holds, told by its content; and reading it. */
import { WhylensError } from '../../errors.js';
import { requireShallow } from '../../reading/nesting.js';
import { broken, Field } from './fields.js';
import type { TabularModel } from './interface.js';
import { isLightgbmDump, readLightgbmDump } from './lightgbm-dump.js';
import { isLightgbmText, readLightgbmText } from './lightgbm-text.js';
import { looksLikeOnnx } from './onnx/looks-like.js';
import { readTabularOnnx } from './onnx/read-onnx.js';
import type { ReadOptions } from './read-options.js';
import { isSklearn, readSklearn } from './sklearn/read.js';
import { isUbjson, readUbjson } from './ubjson.js';
import { isXgboost, readXgboost } from './xgboost.js';

/**
 * Reads a model of rows or texts, or gives undefined if the bytes are of another kind of file (a
 * TensorFlow.js model.json, an ONNX graph).
 *
 * @throws `MODEL_LOAD` for a file of a known kind that is broken; `UNSUPPORTED_MODEL`
 */
export function readTabular(
  bytes: Uint8Array,
  file: string,
  options: ReadOptions,
): TabularModel | undefined {
  if (isUbjson(bytes)) {
    const field = new Field(readUbjson(bytes, file), file);
    if (!isXgboost(field)) throw broken(file, `it is UBJSON, but not of XGBoost`);
    return checked(readXgboost(field, options), options, file);
  }
  if (looksLikeOnnx(bytes)) {
    const model = readTabularOnnx(bytes, file, options);
    return model === undefined ? undefined : checked(model, options, file);
  }
  const first = bytes.find((byte) => byte > 0x20);
  if (first === 0x74) {
    const text = decode(bytes);
    return isLightgbmText(text)
      ? checked(readLightgbmText(text, file, options), options, file)
      : undefined;
  }
  // a brace, or a byte order mark
  if (first !== 0x7b && first !== 0xef) return undefined;
  const text = decode(bytes);
  requireShallow(text, (why) => new WhylensError('MODEL_LOAD', `cannot read '${file}': ${why}`));
  const value = parseJson(text);
  if (value === undefined) return undefined;
  const field = new Field(value, file);
  const read = [
    [isXgboost, readXgboost],
    [isLightgbmDump, readLightgbmDump],
    [isSklearn, readSklearn],
  ] as const;
  for (const [recognise, reader] of read) {
    if (recognise(field)) return checked(reader(field, options), options, file);
  }
  return undefined;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** JSON, also with the NaN and Infinity that Python writes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const spelled = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (found) =>
      found.startsWith('"') ? found : `"${found}"`,
    );
    try {
      return JSON.parse(spelled);
    } catch {
      return undefined;
    }
  }
}

/** Names given by the caller must fit what the file has. */
export function checked(model: TabularModel, options: ReadOptions, file: string): TabularModel {
  const { featureNames, classNames } = options;
  if (featureNames !== undefined) {
    if (model.documents === 'texts') {
      throw new WhylensError(
        'INVALID_OPTION',
        `'${file}' is a model of texts, whose features are words; leave featureNames out`,
      );
    }
    if (
      featureNames.length !== model.features.length ||
      new Set(featureNames).size !== featureNames.length
    ) {
      throw new WhylensError(
        'INVALID_OPTION',
        `featureNames must be ${model.features.length} different names, one for each feature of '${file}'; got ${featureNames.length}, ${new Set(featureNames).size} of them different`,
      );
    }
  }
  const classes = Math.max(model.valueCount, model.link.kind === 'svm' ? 2 : 0);
  if (classNames !== undefined && model.valueCount > 0 && classNames.length !== classes) {
    throw new WhylensError(
      'INVALID_OPTION',
      `classNames must be ${classes} names, one for each class or output of '${file}'; got ${classNames.length}`,
    );
  }
  return model;
}
