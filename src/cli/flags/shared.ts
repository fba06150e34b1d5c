/** Flags that several commands have, written once. */
import { InvalidArgumentError, Option, type Command } from 'commander';

/** Heading of what `--help` shows and `-h` leaves out. */
export const MORE = 'More options:';

/** An option that `-h` leaves out. */
export function more(flags: string, description: string): Option {
  return new Option(flags, description).helpGroup(MORE);
}

export function addTalkOptions(command: Command): Command {
  return command
    .addOption(more('-q, --quiet', 'Say nothing but warnings and errors.'))
    .addOption(
      more('-v, --verbose', 'Say more: sizes, times, options, and where an error happened.'),
    );
}

export function addPluginOption(command: Command): Command {
  return command.addOption(
    more(
      '--plugin <module>',
      'Load a plugin first: a file or an installed package. May be repeated.',
    ).argParser<string[]>(collect),
  );
}

/** An option that an environment variable gives too; an empty variable counts as none. */
export function withVariable(option: Option, variable: string): Option {
  const value = process.env[variable];
  return value === undefined || value === '' ? option : option.env(variable);
}

/** For options that may be given several times. */
export function collect<T>(value: T, all: readonly T[] = []): T[] {
  return [...all, value];
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number.');
  }
  return value;
}

export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('It must be at least 1.');
  return value;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** `500000000`, `512M` or `1.5GiB`: bytes. */
export function memorySize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(?:([kmg])(?:i?b)?)?$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(number) * UNITS[(unit ?? '').toLowerCase()]);
  if (!(bytes >= 1) || !Number.isSafeInteger(bytes)) {
    throw new InvalidArgumentError('It must be a number of bytes, such as 500000000, 512M or 2G.');
  }
  return bytes;
}

/** What the commands about a model of rows or texts as a whole have in common. */
export interface WholeModelFlags {
  readonly model?: string;
  readonly as?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** The model, as an argument or as an option. */
export function addWholeModel(command: Command): Command {
  return command
    .argument('[model]', 'The model: a file of scikit-learn, XGBoost, LightGBM or tabular ONNX.')
    .addOption(
      withVariable(
        new Option('-m, --model <path>', 'The same as an option. Default: WHYLENS_MODEL.'),
        'WHYLENS_MODEL',
      ),
    );
}

/** The form of the result, and the file for it. */
export function addRecordOutput(command: Command): Command {
  return command
    .option(
      '--as <formatter>',
      'The form of the result. Default: by the ending of --out, else text.',
    )
    .option('-o, --out <file>', 'The file for the result. Default: the terminal.')
    .option('-f, --force', 'Overwrite a file that is there.');
}
