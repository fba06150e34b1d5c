/** Flags of `explain` that `compare` shares: the model, the pictures, what is explained and how. */
import { Option, type Command } from 'commander';
import type { Registry } from '../../container/registry.js';
import { DEFAULT_METHOD } from '../../explain/explain.js';
import { PREPROCESS_MODES } from '../../images/preprocess.js';
import { ENGINES, type Engine } from '../../model/engines.js';
import { BACKENDS } from '../../model/tfjs/backend.js';
import { collect, memorySize, more, positiveNumber, wholeNumber, withVariable } from './shared.js';

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
  readonly engine?: Engine | 'auto';
  readonly threads?: number;
  readonly backend?: string;
  readonly seed?: number;
  readonly batchSize?: number;
  readonly maxMemory?: number;
  readonly as?: string;
  readonly out?: string;
  readonly output?: string;
  readonly mask?: string;
  readonly forInput?: string;
  readonly force?: boolean;
  readonly skipExisting?: boolean;
  readonly show?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly [flag: string]: unknown;
}

export function addModelOptions(command: Command): Command {
  return addModelFlags(
    command.addOption(
      modelOption(
        '-m, --model <path>',
        'The model: model.json of TensorFlow.js, its folder or address, or a JavaScript module that exports a model. Default: WHYLENS_MODEL.',
      ),
    ),
  );
}

/** `--model`, which the command needs. */
export function modelOption(flags: string, description: string): Option {
  return withVariable(new Option(flags, description), 'WHYLENS_MODEL').makeOptionMandatory();
}

/** The flags about a model, beside its path. */
export function addModelFlags(command: Command): Command {
  return command
    .option('--allow-host <host...>', 'Other hosts that the model may take its weights from.')
    .addOption(
      withVariable(
        new Option(
          '--labels <file>',
          'Names of the classes: a JSON file, or text with one name in each line. Default: WHYLENS_LABELS, else the labels that are stored with the model.',
        ),
        'WHYLENS_LABELS',
      ),
    )
    .addOption(
      more(
        '--preprocess <mode>',
        'How pixel values become model input. Default: as the model says.',
      ).choices(PREPROCESS_MODES),
    )
    .addOption(
      more(
        '--engine <name>',
        "What runs the model. Default: WHYLENS_ENGINE, else the fastest that can; 'whylens doctor' lists them.",
      ).choices(['auto', ...ENGINES]),
    )
    .addOption(
      more(
        '--threads <number>',
        'Threads of one operation in ONNX Runtime. Default: the cores.',
      ).argParser(positiveNumber),
    )
    .addOption(
      more(
        '--backend <name>',
        'Backend of TensorFlow.js. Default: WHYLENS_BACKEND, else the first that loads.',
      ).choices(BACKENDS),
    );
}

/** Pictures, as arguments or by `--image`. */
export function addImageOptions(command: Command): Command {
  return command
    .argument(
      '[pictures...]',
      'Pictures: files, folders, addresses, patterns such as "photos/*.jpg", or - for standard input.',
    )
    .option(
      '-i, --image <path...>',
      'Pictures, as an option: files, folders, patterns, or - for standard input; input=file for each of several inputs.',
    )
    .addOption(new Option('--input <path...>', 'The same as --image.').hideHelp());
}

export function addMethodOptions(command: Command, registry: Registry): Command {
  const methods = [...registry.explainers.keys()];
  return command
    .option(
      '-t, --target <what>',
      `What is explained: a class index, a label, 'tiger cat - bull mastiff', 'not cat', 'top 2', 'output:3', '[4,7]' for one number of an output, or 'all'. May be repeated. Default: the top class.`,
      collect<string>,
    )
    .option(
      '--method <id>',
      `The method that explains. One of ${methods.join(', ')}; 'whylens methods' says what they do.`,
      DEFAULT_METHOD,
    )
    .addOption(layerOption())
    .addOption(
      more(
        '--opt <name=value>',
        `An option of the method; 'whylens methods <method>' lists them. May be repeated.`,
      ).argParser<string[]>(collect),
    )
    .addOption(scoreOption())
    .addOption(seedOption())
    .addOption(batchSizeOption())
    .addOption(maxMemoryOption());
}

/** Flags for models with several outputs and inputs, or with an output for each place. */
export function addTargetOptions(command: Command): Command {
  return command
    .addOption(more('--output <name>', 'The output whose classes are meant. Default: the first.'))
    .addOption(
      more(
        '--mask <picture>',
        'Explain a class where this picture is bright, for outputs [height, width, classes].',
      ),
    )
    .addOption(more('--for-input <name>', 'The input that is explained. Default: the first.'));
}

export function layerOption(): Option {
  return more(
    '-l, --layer <path>',
    "The layer that is looked at, by path or index; 'whylens layers' lists them. Default: the last larger than 1×1.",
  );
}

export function scoreOption(): Option {
  return more(
    '--score <kind>',
    'Explain the value before the final softmax or sigmoid (logit), or after it (output).',
  )
    .choices(['logit', 'output'])
    .default('logit');
}

export function seedOption(): Option {
  return more('--seed <number>', 'Seed of everything random. Default: 0.').argParser(wholeNumber);
}

export function batchSizeOption(): Option {
  return more(
    '--batch-size <number>',
    'Samples run together. Default: as memory allows.',
  ).argParser(positiveNumber);
}

export function maxMemoryOption(): Option {
  return more(
    '--max-memory <bytes>',
    'Memory that the values of a run may take at once, such as 512M or 2G; a run that needs more is refused before it begins. Default: 2G in WebAssembly, else the memory of the machine.',
  ).argParser(memorySize);
}

export function addOutputOptions(command: Command): Command {
  return command
    .option(
      '-o, --out <path>',
      'Where results go: a file, a folder, or - for standard output (several results as JSON lines).',
    )
    .addOption(more('--force', 'Overwrite files that were not named by --out.'));
}

/** `--layer 12` and `--layer -1` count in execution order. */
export function layerReference(text: string | undefined): string | number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : text;
}
