/** What the terminal at hand can show. Only the command looks; formatters are told. */
import { WriteStream } from 'node:tty';
import type { OptionSpecs } from '../options.js';
import type { Io } from './io.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export const GRAPHICS = ['kitty', 'iterm2', 'sixel'] as const;
/** A way to put a picture between the lines. */
export type Graphics = (typeof GRAPHICS)[number];

const LEVELS = { 1: 'none', 4: '16', 8: '256', 24: 'truecolor' } as const;
const WIDTH = { default: 80, least: 24, most: 1000 };

/** The options of the text formatter that fit: colour level and width. */
export function terminalOptions(
  stdout: Io['stdout'],
  specs: OptionSpecs,
  env: Environment = process.env,
): Record<string, unknown> {
  // a terminal that does not know its width reports 0
  const wanted: Record<string, unknown> = {
    color: colorLevel(stdout, env),
    width: Math.min(WIDTH.most, Math.max(WIDTH.least, stdout.columns || WIDTH.default)),
  };
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => Object.hasOwn(specs, name)));
}

/** `NO_COLOR` comes first (https://no-color.org), then `FORCE_COLOR`, then pipes; the rest is Node's own table of terminals. */
export function colorLevel(
  { isTTY = false }: Io['stdout'],
  env: Environment = process.env,
): 'none' | '16' | '256' | 'truecolor' {
  if (isSet(env.NO_COLOR)) return 'none';
  if (!isTTY && env.FORCE_COLOR === undefined) return 'none';
  // an empty NO_COLOR has an effect in Node, but not by the convention
  const { NO_COLOR: _empty, ...rest } = env;
  const depth = WriteStream.prototype.getColorDepth.call({}, rest as Record<string, string>);
  return LEVELS[depth as keyof typeof LEVELS] ?? 'none';
}

/**
 * How this terminal takes pictures, if it does. Terminals that do not say so
 * (xterm, foot) can be told by `WHYLENS_GRAPHICS=sixel`; `none` turns it off.
 * Never through a multiplexer, a pipe, or with `NO_COLOR`.
 */
export async function graphicsOf(
  stdout: Io['stdout'],
  env: Environment = process.env,
): Promise<Graphics | undefined> {
  if (stdout.isTTY !== true || isSet(env.NO_COLOR) || env.TERM === 'dumb') return undefined;
  const named = env.WHYLENS_GRAPHICS;
  if (isSet(named)) return GRAPHICS.find((name) => name === named);
  if (isSet(env.TMUX) || /^(tmux|screen)/.test(env.TERM ?? '')) return undefined;
  const { createSupportsTerminalGraphics } = await import('supports-terminal-graphics');
  const support = createSupportsTerminalGraphics({ isTTY: true });
  return GRAPHICS.find((name) => support[name]);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
