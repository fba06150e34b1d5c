/** What Redis holds of a batch, checked before it is believed. */
import { WhylensError } from '../../../errors.js';
import { isSettings } from '../stored.js';
import type { BatchAbout } from './jobs.js';

/** Undefined for one that is not there; throws `FILE` for what is no batch of whylens. */
export function aboutOf(text: string | null, name: string): BatchAbout | undefined {
  if (text === null) return undefined;
  try {
    const about = JSON.parse(text) as BatchAbout | null;
    const texts = [about?.name, about?.job, about?.folder];
    if (about !== null && texts.every((one) => typeof one === 'string')) {
      if (isSettings(about.settings)) return about;
    }
  } catch {
    // told below
  }
  throw new WhylensError(
    'FILE',
    `what the queue holds of batch '${name}' is damaged, or of another version; begin it again with --force, or under another --name`,
    { facts: { name } },
  );
}
