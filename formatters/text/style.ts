/** What a terminal can show, as the caller says; formatters never look at the process. */
import type { Rgb } from '../display/tint.js';

export const COLOR_LEVELS = ['none', '16', '256', 'truecolor'] as const;
export type ColorLevel = (typeof COLOR_LEVELS)[number];

export type Role = 'strong' | 'for' | 'against' | 'warning' | 'dim';

/** How one text is drawn. */
export interface Style {
  readonly color: ColorLevel;
  /** Block and frame characters, or plain ASCII. */
  readonly blocks: boolean;
  readonly width: number;
  /** Signs that have an ASCII stand-in. */
  readonly signs: { readonly times: string; readonly spread: string; readonly more: string };
  paint(role: Role, text: string): string;
  /** Text on a coloured ground. */
  cell(text: string, foreground: Rgb | undefined, background: Rgb | undefined): string;
}

const CODES: Record<Role, number> = { strong: 1, for: 32, against: 31, warning: 33, dim: 2 };

export function styleOf(color: ColorLevel, blocks: boolean, width: number, ascii = !blocks): Style {
  const wrapped = (codes: string, text: string): string =>
    color === 'none' || codes === '' || text === '' ? text : `\u001b[${codes}m${text}\u001b[0m`;
  return {
    color,
    blocks,
    width,
    signs: {
      times: blocks ? '×' : 'x',
      // tables have ELI5's signs unless ASCII was asked for
      ...(ascii ? { spread: '+/-', more: '...' } : { spread: '±', more: '…' }),
    },
    paint: (role, text) => wrapped(String(CODES[role]), text),
    cell: (text, foreground, background) =>
      wrapped(
        [
          foreground && groundCode(color, 30, foreground),
          background && groundCode(color, 40, background),
        ]
          .filter(Boolean)
          .join(';'),
        text,
      ),
  };
}

/** The escape code of a colour at this level; `base` is 30 for the text and 40 for the ground. */
function groundCode(color: ColorLevel, base: 30 | 40, [r, g, b]: Rgb): string {
  switch (color) {
    case 'truecolor':
      return `${base + 8};2;${Math.round(r)};${Math.round(g)};${Math.round(b)}`;
    case '256': {
      // the 6×6×6 cube, whose steps are 0, 95, 135, 175, 215, 255
      const step = (value: number): number =>
        value < 48 ? 0 : value < 115 ? 1 : Math.min(5, Math.floor((value - 35) / 40));
      return `${base + 8};5;${16 + 36 * step(r) + 6 * step(g) + step(b)}`;
    }
    case '16': {
      const bits = (r > 127 ? 1 : 0) + (g > 127 ? 2 : 0) + (b > 127 ? 4 : 0);
      return String(base + bits);
    }
    case 'none':
      return '';
  }
}
