/** Where the queue is, for the commands that fill it and those that work on it. */
import { Option } from 'commander';
import { withVariable } from './shared.js';

export function queueOption(): Option {
  return withVariable(
    new Option(
      '--queue <address>',
      'The Redis that holds the queue: redis://host:6379/. Default: WHYLENS_QUEUE.',
    ),
    'WHYLENS_QUEUE',
  );
}
