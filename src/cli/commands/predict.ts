import type { Command } from 'commander';
import { registryOf } from '../../container/container.js';
import { inputArray } from '../../documents/document.js';
import { isWhylensError, WhylensError } from '../../errors.js';
import { withModel, type Prepared } from '../../explain/prepare.js';
import { decodePredictions, type DecodedPrediction } from '../../images/labels.js';
import { sampleOf } from '../../maths/ndarray.js';
import { ndSamples } from '../../model/interface.js';
import { labelProblem } from '../../model/parse-targets.js';
import { DEFAULT_FILTER } from '../../explain/shared-options.js';
import type { CommandContext } from '../commands.js';
import { addImageOptions, addModelOptions } from '../flags/explain.js';
import { findImages } from '../images.js';
import { errorText, EXIT, Messages } from '../io.js';
import { openModel, type ModelFlags } from '../model.js';
import { addPluginOption, addTalkOptions, positiveNumber } from '../flags/shared.js';
import { inferredOfModel } from '../summary.js';
import { table } from '../table.js';

interface PredictFlags extends ModelFlags {
  readonly model: string;
  readonly image?: readonly string[];
  readonly input?: readonly string[];
  readonly top: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

interface OutputPrediction {
  readonly output: string;
  /** True where the scores are probabilities: after a softmax or sigmoid. */
  readonly probabilities: boolean;
  readonly top: readonly DecodedPrediction[];
}

/** `whylens predict`: what the model says, before anybody asks why. */
export function define(command: Command, context: CommandContext): void {
  addModelOptions(command);
  addImageOptions(command);
  command
    .option('--top <number>', 'how many classes', positiveNumber, 5)
    .option('--json', 'print JSON, for programs');
  addPluginOption(command);
  addTalkOptions(command);
  command.action(async (flags: PredictFlags) => {
    const images = await findImages([...(flags.image ?? []), ...(flags.input ?? [])]);
    const container = await context.container();
    const opened = await openModel(flags.model, flags);
    const { model, options } = opened;
    const out = new Messages(context.io, flags);
    if (flags.json !== true) for (const line of inferredOfModel(opened, flags)) out.note(line);
    const failures: string[] = [];
    const results: { image: string; outputs: OutputPrediction[] }[] = [];
    try {
      await withModel(
        model,
        { ...options, backend: flags.backend },
        registryOf(container),
        async (prepared) => {
          const mislabelled = labelProblem(prepared.description, prepared.labels);
          if (mislabelled !== undefined) out.complain(mislabelled);
          for (const { path } of images) {
            try {
              const { loadImage } = await import('../../node/load-image.js');
              const outputs = await predict(prepared, await loadImage(path), flags.top);
              if (flags.json === true) results.push({ image: path, outputs });
              else
                out.print([path, ...outputs.map((o) => listing(o, outputs.length > 1))].join('\n'));
            } catch (error) {
              if (!isWhylensError(error) || images.length === 1) throw error;
              failures.push(`${path}: ${errorText(error, flags.verbose)}`);
            }
          }
        },
      );
    } finally {
      model.dispose();
    }
    if (flags.json === true) out.print(JSON.stringify(results, null, 2));
    if (failures.length === 0) return;
    out.complain(
      `${failures.length} of ${images.length} pictures failed\n${failures.map((line) => `  ${line}`).join('\n')}`,
    );
    context.exitWith(EXIT.failed);
  });
}

async function predict(
  { model, description, labels, preprocess }: Prepared,
  picture: unknown,
  top: number,
): Promise<OutputPrediction[]> {
  if (description.inputs.length !== 1) {
    throw new WhylensError(
      'INVALID_DOCUMENT',
      `one picture serves a model with one input; this one has ${description.inputs.map(({ name }) => name).join(', ')}. Use the library for it`,
    );
  }
  const input = await inputArray(picture, description.inputs[0], {
    preprocess,
    filter: DEFAULT_FILTER,
  });
  const { outputs } = await model.run({ inputs: [ndSamples(input)] });
  return outputs.map(({ name, values, activation }) => ({
    output: name,
    probabilities: activation !== 'linear',
    top: decodePredictions(sampleOf(values, 0).data, labels, top),
  }));
}

function listing({ output, probabilities, top }: OutputPrediction, several: boolean): string {
  const rows = top.map(({ index, label, score }) => [
    '',
    probabilities ? score.toFixed(4) : String(Number(score.toPrecision(5))),
    String(index),
    label,
  ]);
  const head = ['', probabilities ? 'probability' : 'score', 'class', 'label'];
  return (several ? `output ${output}\n` : '') + table(head, rows, [1, 2]);
}
