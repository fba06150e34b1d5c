import { ContainerModule } from 'inversify';
import { TOKENS } from '../src/container/tokens.js';
import type { Formatter } from '../src/container/plugin.js';
import { FigureFormatter } from './figure.js';
import { HtmlFormatter } from './html.js';
import { ImageFormatter } from './image.js';
import { JsonFormatter } from './json.js';
import { SvgFormatter } from './svg.js';
import { TableFormatter } from './table.js';
import { TextFormatter } from './text.js';

/** The registration list: one line for each formatter. */
const FORMATTERS = [
  ImageFormatter,
  TextFormatter,
  HtmlFormatter,
  SvgFormatter,
  FigureFormatter,
  JsonFormatter,
  TableFormatter,
] as const satisfies readonly (new () => Formatter)[];

export const builtInFormatters = new ContainerModule(({ bind }) => {
  for (const formatter of FORMATTERS) bind(TOKENS.Formatter).to(formatter).inSingletonScope();
});
