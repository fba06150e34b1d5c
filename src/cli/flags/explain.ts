/** Flags of `explain` that `compare` shares: the model, the pictures, what is explained and how. */
import { Option, type Command } from 'commander';
import type { Registry } from '../../container/registry.js';
import { DEFAULT_METHOD } from '../../explain/explain.js';
import { PREPROCESS_MODES } from '../../images/preprocess.js';
import { BACKENDS } from '../../model/tfjs/backend.js';
import { collect, positiveNumber, wholeNumber } from './shared.js';

/** The flags as commander parses them. */
export interface ExplainFlags {
  readonly model: string;
  readonly image?: readonly string[];
  readonly input?: readonly string[];
  readonly target?: readonly string[];
  readonly layer?: string;
  readonly method: string;
  readonly opt?: readonly string[];
  readonly score: 'logit' | 'output';
  readonly labels?: string;
  readonly preprocess?: string;
  readonly backend?: string;
  readonly seed?: number;
  readonly batchSize?: number;
  readonly as?: string;
  readonly out?: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly skipExisting?: boolean;
  readonly show?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly [flag: string]: unknown;
}

export function addModelOptions(command: Command): Command {
  return addModelFlags(
    command.requiredOption(
      '-m, --model <path>',
      'model.json of TensorFlow.js, its folder or address, or a JavaScript module that exports a model',
    ),
  );
}

/** What is said of a model beside where it is. */
export function addModelFlags(command: Command): Command {
  return command
    .option('--labels <file>', 'names of the classes: a JSON array, or one name a line')
    .addOption(
      new Option('--preprocess <mode>', 'how pixel values become model input').choices(
        PREPROCESS_MODES,
      ),
    )
    .addOption(
      new Option(
        '--backend <name>',
        'what computes (else WHYLENS_BACKEND, else the first that loads)',
      ).choices(BACKENDS),
    );
}

export function addImageOptions(command: Command): Command {
  return command
    .option('-i, --image <path...>', 'pictures, or folders of pictures')
    .addOption(new Option('--input <path...>').hideHelp());
}

export function addMethodOptions(command: Command, registry: Registry): Command {
  const methods = [...registry.explainers.keys()];
  return command
    .option(
      '-t, --target <what>',
      `class index, label, 'tiger cat - bull mastiff', 'not cat', 'top 2', 'all' (repeatable; default the top class)`,
      collect<string>,
    )
    .option('-l, --layer <path>', 'layer, by path or index (default: the last larger than 1×1)')
    .option('--method <id>', `one of ${methods.join(', ')}`, DEFAULT_METHOD)
    .option(
      '--opt <name=value>',
      `option of the method (repeatable; see 'whylens methods')`,
      collect<string>,
    )
    .addOption(
      new Option(
        '--score <kind>',
        'explain the value before the final softmax or sigmoid, or after it',
      )
        .choices(['logit', 'output'])
        .default('logit'),
    )
    .option('--seed <number>', 'for everything random (default 0)', wholeNumber)
    .option('--batch-size <number>', 'samples run together (default: by memory)', positiveNumber);
}

export function addOutputOptions(command: Command): Command {
  return command
    .option('-o, --out <path>', 'file, folder, or - for standard output')
    .addOption(new Option('--output <path>').hideHelp())
    .option('--force', 'overwrite files that were not named by --out');
}

/** `--layer 12` and `--layer -1` count in execution order. */
export function layerReference(text: string | undefined): string | number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : text;
}
