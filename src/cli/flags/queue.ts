/** Where the queue is, for those who fill it and those who work it off. */
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
