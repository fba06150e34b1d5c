/** Infers facts that were not saved with a model. What was inferred, and why, is kept with the model. */
import type { PreprocessMode } from '../images/preprocess.js';
import { parseLabels } from './label-file.js';

/** The source of each inferred fact, in words. */
export interface Inferred {
  readonly labels?: string;
  readonly preprocess?: string;
}

/** Files that may hold class names; if they hold none, that is not reported. */
const OF_MANY_THINGS: readonly string[] = ['metadata.json', 'config.json'];

/** Files of class names that are looked for beside the model file, best first. */
const LABEL_FILES = [
  'labels.json',
  'labels.txt',
  ...OF_MANY_THINGS,
  'class_indices.json',
  'imagenet_class_index.json',
  'class_names.json',
  'class_names.txt',
  'classes.txt',
  'synset.txt',
  'synset_words.txt',
];
/** The names that transformers gives to unnamed classes. */
const UNNAMED = /^LABEL_\d+$/;

/** How the networks of keras.applications were trained, by the beginning of their names. */
const TRAINED_WITH: readonly (readonly [RegExp, PreprocessMode])[] = [
  // these scale the pixels themselves
  [/^(mobilenetv3|efficientnet|convnext|regnet)/, 'none'],
  [/^resnet\w*v2/, 'tf'],
  [/^(mobilenet|inception|xception|nasnet)/, 'tf'],
  [/^(vgg|resnet)/, 'caffe'],
  [/^densenet/, 'torch'],
];

/** The preprocessing of a network with this name, if the name is one of keras.applications'. */
export function preprocessByName(name: string): PreprocessMode | undefined {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return TRAINED_WITH.find(([pattern]) => pattern.test(plain))?.[1];
}

/** The preprocessing by the first of the names that is known. */
export function inferPreprocess(names: readonly (string | undefined)[]): {
  readonly preprocess?: PreprocessMode;
  readonly why?: string;
} {
  for (const name of names) {
    const preprocess = name === undefined ? undefined : preprocessByName(name);
    if (preprocess !== undefined) return { preprocess, why: `by the name '${name}'` };
  }
  return {};
}

/**
 * Class names from a file beside the model. A file that holds none is ignored and named in a note:
 * nobody asked for it, so it does not keep the model from loading.
 *
 * @param read gives a file beside the model, or undefined if there is none
 */
export async function inferLabels(
  read: (name: string) => Promise<Uint8Array | undefined>,
): Promise<{ readonly labels?: readonly string[]; readonly why?: string }> {
  let why: string | undefined;
  for (const name of LABEL_FILES) {
    const bytes = await read(name);
    if (bytes === undefined) continue;
    try {
      const labels = parseLabels(new TextDecoder().decode(bytes), name);
      if (labels.every((label) => UNNAMED.test(label))) continue;
      return { labels, why: `${name} beside the model` };
    } catch (error) {
      if (!OF_MANY_THINGS.includes(name)) why ??= `none used: ${(error as Error).message}`;
    }
  }
  return why === undefined ? {} : { why };
}
