/**
 * `whylens/format`: for pages that show explanations but make none. No model
 * loader, no methods, no container, no font outlines.
 */
export type * from '../explanation.js';
export { EXPLANATION_KINDS } from '../explanation.js';
export { isWhylensError, WhylensError, type ErrorCode } from '../errors.js';
export { formatAsHtml, type HtmlOptions } from '../../formatters/html.js';
export {
  explanationFromDict,
  explanationFromJson,
  formatAsDict,
  formatAsJson,
  type DictOptions,
  type ExplanationDict,
  type JsonOptions,
  type ReadOptions,
} from '../../formatters/json.js';
export { formatAsSvg } from '../../formatters/svg.js';
export type { FigureOptions } from '../../formatters/drawing/options.js';
export {
  formatAsCsv,
  formatAsTable,
  type Cell,
  type CsvOptions,
  type Row,
} from '../../formatters/table.js';
export { formatAsText, type TextOptions, type TextSection } from '../../formatters/text.js';
export {
  commonMaximum,
  expandHeatmap,
  formatAsImage,
  heatmapToImage,
  type FormatAsImageOptions,
} from '../../formatters/image.js';
export { selectTarget, type TargetChoice } from '../../formatters/shared/targets.js';
