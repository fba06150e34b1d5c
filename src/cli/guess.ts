/** What the command infers of a model that was saved without saying it; always printed. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PreprocessMode } from '../images/preprocess.js';

const LABEL_FILES = ['labels.json', 'labels.txt'];

/** How the networks of keras.applications were trained, by the beginning of their names. */
const TRAINED_WITH: readonly (readonly [RegExp, PreprocessMode])[] = [
  // these scale the pixels themselves
  [/^(mobilenetv3|efficientnet|convnext|regnet)/, 'none'],
  [/^resnet\w*v2/, 'tf'],
  [/^(mobilenet|inception|xception|nasnet)/, 'tf'],
  [/^(vgg|resnet)/, 'caffe'],
  [/^densenet/, 'torch'],
];

/** A file of labels in the model's folder. */
export function labelsBeside(modelPath: string): string | undefined {
  if (/^https?:/i.test(modelPath) || !existsSync(modelPath)) return undefined;
  const folder = statSync(modelPath).isDirectory() ? modelPath : dirname(modelPath);
  return LABEL_FILES.map((name) => join(folder, name)).find((path) => existsSync(path));
}

/** The preprocessing of a network with this name, where the name is one of keras.applications'. */
export function preprocessByName(name: string): PreprocessMode | undefined {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return TRAINED_WITH.find(([pattern]) => pattern.test(plain))?.[1];
}
