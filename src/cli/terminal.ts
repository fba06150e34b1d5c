/** What the terminal at hand can show, as options of the text formatter. */
import type { OptionSpecs } from '../options.js';
import type { Io } from './io.js';

export function terminalOptions(
  { isTTY = false, columns }: Io['stdout'],
  specs: OptionSpecs,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, unknown> {
  const wanted: Record<string, unknown> = {
    color: colorLevel(isTTY, env),
    width: Math.min(1000, Math.max(24, columns ?? 80)),
  };
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => Object.hasOwn(specs, name)));
}

/** `NO_COLOR` and pipes come first, as https://no-color.org asks. */
function colorLevel(isTTY: boolean, env: Readonly<Record<string, string | undefined>>): string {
  if ((env.NO_COLOR ?? '') !== '' || !isTTY || env.TERM === 'dumb') return 'none';
  if (/^(truecolor|24bit)$/i.test(env.COLORTERM ?? '')) return 'truecolor';
  return /256/.test(env.TERM ?? '') ? '256' : '16';
}
