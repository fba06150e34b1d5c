import type { Command } from 'commander';
import { registryOf } from '../../container/container.js';
import { WhylensError } from '../../errors.js';
import { METRIC_NAMES } from '../../inspect/metrics.js';
import { permutationImportance } from '../../inspect/permutation-importance.js';
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
import { writeRecord } from '../write-record.js';
import { tableOf } from '../rows.js';

interface ImportanceFlags extends WholeModelFlags {
  readonly table: string;
  readonly label: string;
  readonly metric?: string;
  readonly repeats: number;
  readonly seed: number;
  readonly top?: number;
}

/** `whylens importance M --table T --label COLUMN`: permutation importance. */
export function define(command: Command, context: CommandContext): void {
  addWholeModel(command)
    .requiredOption(
      '--table <file>',
      'Rows that the model was not trained on: CSV, JSON lines, JSON or Arrow.',
    )
    .requiredOption('--label <column>', 'The column that holds the true values.')
    .option(
      '--metric <name>',
      `What is measured. One of ${METRIC_NAMES.join(', ')}. Default: accuracy, r2 for regressions.`,
    )
    .option('--repeats <n>', 'How often each column is shuffled.', Number, 5)
    .option('--seed <n>', 'For the shuffles.', Number, 0)
    .option('--top <n>', 'How many features are kept. Default: all.', Number);
  addRecordOutput(command);
  addPluginOption(command);
  addTalkOptions(command);
  context.addLongHelp(command, EXAMPLES);
  command.action(async (argument: string | undefined, flags: ImportanceFlags) => {
    const path = argument ?? flags.model;
    if (path === undefined)
      throw new WhylensError('USAGE', 'a model is needed: whylens importance MODEL');
    const table = await tableOf(flags.table);
    const { model } = await openModel(path, {}, context.io);
    try {
      const record = await permutationImportance(model, table, flags.label, {
        metric: flags.metric,
        repeats: flags.repeats,
        seed: flags.seed,
        top: flags.top,
        signal: context.io.signal,
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
  $ whylens importance churn.json --table test.csv --label churned
  $ whylens importance churn.json --table test.csv --label churned --metric neg_log_loss --repeats 20 -o importance.html`;
