import { Option, type Command } from 'commander';
import { registryOf } from '../../container/container.js';
import { WhylensError } from '../../errors.js';
import { explainWeights } from '../../inspect/explain-weights.js';
import type { CommandContext } from '../commands.js';
import {
  addPluginOption,
  addRecordOutput,
  addTalkOptions,
  addWholeModel,
  type WholeModelFlags,
} from '../flags/shared.js';
import { Messages } from '../io.js';
import { openModel } from '../model.js';
import { parseTarget } from '../target-expression.js';
import { writeRecord } from '../write-record.js';

interface WeightsFlags extends WholeModelFlags {
  readonly top: string;
  readonly target?: readonly string[];
  readonly featureRe?: string;
  readonly importance?: 'gain' | 'weight' | 'cover';
}

/** `whylens weights M`: coefficients, importances or the tree of a model of rows or texts. */
export function define(command: Command, context: CommandContext): void {
  addWholeModel(command)
    .option('--top <n>', "How many features are kept: a number, or 'all'.", '20')
    .option('-t, --target <class...>', 'Classes by index or name. Default: all.')
    .option('--feature-re <pattern>', 'Only features whose name matches.')
    .addOption(
      new Option('--importance <kind>', 'What the importances of trees measure.').choices([
        'gain',
        'weight',
        'cover',
        'impurity',
      ]),
    );
  addRecordOutput(command);
  addPluginOption(command);
  addTalkOptions(command);
  context.addLongHelp(command, EXAMPLES);
  command.action(async (argument: string | undefined, flags: WeightsFlags) => {
    const path = argument ?? flags.model;
    if (path === undefined)
      throw new WhylensError('USAGE', 'a model is needed: whylens weights MODEL');
    const top = flags.top === 'all' ? null : Number(flags.top);
    if (top !== null && !(Number.isInteger(top) && top >= 1)) {
      throw new WhylensError(
        'USAGE',
        `--top must be a whole number of at least 1, or 'all', got '${flags.top}'`,
      );
    }
    const { model } = await openModel(path, {}, context.io);
    try {
      const record = await explainWeights(model, {
        top,
        targets: flags.target?.map((text) => parseTarget(text, model.labels)),
        featureRe: flags.featureRe,
        importance: flags.importance,
      });
      await writeRecord(
        record,
        flags,
        registryOf(await context.container()),
        new Messages(context.io, flags),
        context.io,
      );
    } finally {
      model.dispose();
    }
  });
}

const EXAMPLES = `
Examples:
  $ whylens weights churn.json --top 10
  $ whylens weights sentiment.json -t positive --feature-re '^not ' -o weights.html`;
