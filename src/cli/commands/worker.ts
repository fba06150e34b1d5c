import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { WhylensError } from '../../errors.js';
import { checkName, connect } from '../batch/queue/connect.js';
import { workQueue } from '../batch/queue/work.js';
import type { CommandContext } from '../commands.js';
import { queueOption } from '../flags/queue.js';
import { addTalkOptions, positiveNumber } from '../flags/shared.js';
import { Messages } from '../io.js';

interface WorkerFlags {
  readonly queue?: string;
  readonly name?: string;
  readonly workers?: number;
  readonly drain?: boolean;
  readonly quiet?: boolean;
}

/** `whylens worker`: explains documents of batches that others put into a queue. */
export function define(command: Command, context: CommandContext): void {
  command
    .addOption(queueOption())
    .option('--name <name>', 'Work only for this batch. Default: for every one in the queue.')
    .option(
      '-w, --workers <n>',
      'Threads, each with a model of its own. Default: one for each processor.',
      positiveNumber,
    )
    .option('--drain', 'End once nothing is left to do.');
  addTalkOptions(command);
  context.addLongHelp(command, EXAMPLES);
  command.action(async (flags: WorkerFlags) => {
    if (flags.queue === undefined) {
      throw new WhylensError(
        'USAGE',
        'a worker needs a queue: --queue redis://host/, or WHYLENS_QUEUE',
      );
    }
    if (flags.name !== undefined) checkName(flags.name);
    const messages = new Messages(context.io, flags);
    const connected = await connect(flags.queue);
    const workers = flags.workers ?? availableParallelism();
    messages.note(
      `worker with ${workers} threads at ${connected.host}; Ctrl-C or SIGTERM lets it finish and leave`,
    );
    context.io.finishing?.(
      'finishing the documents that were begun; press Ctrl-C again to stop at once',
    );
    try {
      await workQueue(connected, {
        workers,
        name: flags.name,
        drain: flags.drain,
        signal: context.io.signal,
        note: (text) => messages.note(text),
      });
    } finally {
      await connected.close();
    }
  });
}

const EXAMPLES = `
Examples:
  $ whylens worker --queue redis://queue.example.org/
  $ whylens worker --queue redis://localhost:6379/ --name night-run --workers 4 --drain`;
