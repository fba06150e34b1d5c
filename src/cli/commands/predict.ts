import type { Command } from 'commander';
import { WhylensError } from '../../errors.js';
import { predict, type OutputPrediction } from '../../explain/predict.js';
import type { DecodedPrediction } from '../../images/labels.js';
import { cleanJson } from '../clean.js';
import type { CommandContext } from '../commands.js';
import { eachOf } from '../each.js';
import { addImageOptions, addModelOptions, maxMemoryOption } from '../flags/explain.js';
import { namedPictures } from '../images.js';
import { Messages } from '../io.js';
import { openModel, type ModelFlags } from '../model.js';
import { findDocuments, loadDocument, sizeInWords } from '../named-images.js';
import { addPluginOption, addTalkOptions, more, positiveNumber } from '../flags/shared.js';
import { details, inferredOfModel } from '../summary.js';
import { table } from '../table.js';

interface PredictFlags extends ModelFlags {
  readonly model: string;
  readonly image?: readonly string[];
  readonly input?: readonly string[];
  readonly top: number;
  readonly output?: string;
  readonly maxMemory?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** What is printed of one output of one picture. */
interface PrintedOutput {
  readonly output: string;
  readonly probabilities: boolean;
  readonly top: readonly DecodedPrediction[];
}

/** `whylens predict`: what the model predicts. */
export function define(command: Command, context: CommandContext): void {
  addModelOptions(command);
  addImageOptions(command);
  command
    .option('--top <number>', 'How many classes are listed.', positiveNumber, 5)
    .option('--json', 'Print JSON, for programs.')
    .addOption(more('--output <name>', 'The output that is printed. Default: all.'))
    .addOption(maxMemoryOption());
  addPluginOption(command);
  addTalkOptions(command);
  command.action(async (pictures: string[], flags: PredictFlags) => {
    const images = await findDocuments(namedPictures(pictures, flags));
    const container = await context.container();
    const out = new Messages(context.io, flags);
    const opened = await out.timed(`${flags.model}: loaded`, () =>
      openModel(flags.model, flags, context.io),
    );
    for (const line of details(opened)) out.detail(line);
    const { model, options } = opened;
    if (flags.json !== true) for (const line of inferredOfModel(opened, flags)) out.note(line);
    const results: { image: string; outputs: PrintedOutput[] }[] = [];
    const warned = new Set<string>();
    try {
      const ended = await eachOf(
        images,
        { what: 'pictures', name: ({ path }) => path, messages: out, verbose: flags.verbose },
        async (image) => {
          const { path } = image;
          const picture = await loadDocument(image, context.io);
          out.detail(`${path}: ${sizeInWords(picture)}`);
          const { outputs, warnings } = await out.timed(`${path}: predicted`, () =>
            predict(model, picture, {
              ...options,
              container,
              engine: flags.engine,
              threads: flags.threads,
              backend: flags.backend,
              top: flags.top,
              maxMemory: flags.maxMemory,
              signal: context.io.signal,
            }),
          );
          for (const warning of warnings) if (!warned.has(warning)) out.complain(warning);
          warnings.forEach((warning) => warned.add(warning));
          const printed = chosen(outputs, flags.output).map(printedOutput);
          if (flags.json === true) results.push({ image: path, outputs: printed });
          else out.print([path, ...printed.map((o) => listing(o, printed.length > 1))].join('\n'));
        },
      );
      if (flags.json === true) out.print(cleanJson(results));
      context.exitWith(ended.report());
    } finally {
      model.dispose();
    }
  });
}

/** All outputs, or the one that is named. */
function chosen(
  outputs: readonly OutputPrediction[],
  name: string | undefined,
): readonly OutputPrediction[] {
  if (name === undefined) return outputs;
  const found = outputs.filter((output) => output.name === name);
  if (found.length > 0) return found;
  throw new WhylensError(
    'INVALID_TARGET',
    `the model has no output '${name}'; its outputs are ${outputs.map((one) => one.name).join(', ')}`,
    { facts: { output: name } },
  );
}

function printedOutput({ name, probabilities, top: [top] }: OutputPrediction): PrintedOutput {
  return { output: name, probabilities, top };
}

function listing({ output, probabilities, top }: PrintedOutput, several: boolean): string {
  const rows = top.map(({ index, label, score }) => [
    '',
    probabilities ? score.toFixed(4) : String(Number(score.toPrecision(5))),
    String(index),
    label,
  ]);
  const head = ['', probabilities ? 'probability' : 'score', 'class', 'label'];
  return (several ? `output ${output}\n` : '') + table(head, rows, [1, 2]);
}
