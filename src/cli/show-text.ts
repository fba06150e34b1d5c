/** An explanation on the terminal: text, with the picture itself where the terminal can. */
import { formatAsImage } from '../../formatters/image.js';
import { formatAsText, TEXT_OPTIONS, type TextOptions } from '../../formatters/text.js';
import type { Explanation } from '../explanation.js';
import { inlinePicture } from './inline-picture.js';
import type { Io } from './io.js';
import { graphicsOf, terminalOptions, type Environment } from './terminal.js';

const WIDEST_PICTURE = 60;
/** Beside a real picture nothing is drawn with characters. */
const ABOUT = ['info', 'importances', 'tree', 'transitions'] as const;
const TARGET = ['targets', 'heat', 'text'] as const;

/**
 * What `whylens explain --show` and `whylens show` print. Colour, width and
 * pictures are the terminal's, unless `options` say otherwise.
 */
export async function textForTerminal(
  expl: Explanation,
  stdout: Io['stdout'],
  options: TextOptions = {},
  env: Environment = process.env,
): Promise<string> {
  const fitting: TextOptions = { ...terminalOptions(stdout, TEXT_OPTIONS, env), ...options };
  const graphics = await graphicsOf(stdout, env);
  const drawn = expl.kind === 'image' || expl.kind === 'volume';
  // a user who asks for certain parts, or for no colour, gets exactly what the formatter makes
  if (graphics === undefined || !drawn || options.show !== undefined || isPlain(fitting)) {
    return formatAsText(expl, fitting);
  }
  const columns = Math.min(WIDEST_PICTURE, (fitting.width ?? TEXT_OPTIONS.width.default) - 1);
  const parts = [formatAsText(expl, { ...fitting, show: ABOUT })];
  for (const target of expl.targets) {
    const one: Explanation = { ...expl, targets: [target] };
    const picture = await inlinePicture(formatAsImage(one), graphics, columns);
    parts.push(`${formatAsText(one, { ...fitting, show: TARGET })}${picture}\n`);
  }
  return parts.join('\n');
}

function isPlain({ color, glyphs }: TextOptions): boolean {
  return color === 'none' || color === false || glyphs === 'ascii';
}
