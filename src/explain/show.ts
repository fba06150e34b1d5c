import type { Method } from '../container/methods.js';
import type { Explainer } from '../container/plugin.js';
import { type DEFAULT_METHOD, explainPrediction } from './explain.js';
import { displayResult, pictureWithDisplay, type RawDisplay } from './notebook.js';
import { registryFor } from './prepare.js';
import { type ExplainOptions } from './explain-options.js';
import { validateOptions } from '../options.js';
import { SHARED_OPTIONS } from './shared-options.js';
import { WhylensError } from '../errors.js';

/** Options of `showPrediction`: those of the explanation, and how it is shown. */
export type ShowOptions<M = string | Explainer> = ExplainOptions<M> & {
  /** Id of the formatter. Default `image`. */
  readonly formatter?: string;
  /** Options of the formatter. */
  readonly format?: Readonly<Record<string, unknown>>;
  /** A notebook's display, in which the result is shown too: `import { display } from 'tslab'`. */
  readonly display?: RawDisplay;
};

/**
 * Explains and formats in one call. The result shows itself in a notebook: a
 * picture as the value of a cell in Deno's Jupyter kernel, anything in tslab
 * through the option `display`.
 *
 * @example
 * const picture = await showPrediction(model, doc, { format: { colormap: 'jet' } });
 */
export async function showPrediction<const M extends Method = typeof DEFAULT_METHOD>(
  model: unknown,
  doc: unknown,
  options?: ShowOptions<M>,
): Promise<unknown> {
  const {
    formatter: id = 'image',
    format = {},
    display,
    ...rest
  } = (options === undefined ? {} : options) as ShowOptions;
  const formatter = registryFor(rest).formatter(id);
  // wrong formatting options are reported before the model is run
  const validated = validateOptions(`formatter '${id}'`, formatter.options, format, [
    { names: Object.keys(SHARED_OPTIONS), show: (name) => `'${name}', beside 'format'` },
  ]);
  const explanation = await explainPrediction(model, doc, rest);
  if (!formatter.kinds.includes(explanation.kind)) {
    throw new WhylensError(
      'INVALID_EXPLANATION',
      `formatter '${id}' renders explanations of kind ${formatter.kinds.join(', ')}, got '${explanation.kind}'`,
    );
  }
  const result = formatter.format(explanation, validated);
  if (display !== undefined) displayResult(display, result);
  return pictureWithDisplay(result);
}
