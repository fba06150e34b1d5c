/** The table of docs/evaluation.md. */
import { METRICS } from '../src/entry/evaluate.js';
import {
  arrow,
  COLUMNS,
  passesText,
  timeText,
  type EvaluationTable,
  type MethodResult,
} from './evaluation.js';

const BEGIN = '<!-- table: written by npm run evaluate -->';
const END = '<!-- end of table -->';

/** The page with the table between its marks replaced. */
export function withTable(page: string, table: EvaluationTable): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from === -1 || to < from) {
    throw new Error(`docs/evaluation.md must hold the lines '${BEGIN}' and '${END}'`);
  }
  return `${page.slice(0, from)}${BEGIN}\n\n${markdownTable(table)}\n\n${page.slice(to)}`;
}

export function markdownTable({ methods, boxes, scenes, backend }: EvaluationTable): string {
  const head = [
    'method',
    ...COLUMNS.map(({ metric, title }) => `${title} ${arrow(METRICS[metric])}`),
    'randomisation',
    'passes',
    'time',
    'n',
  ];
  const rows = methods.map((method) => [
    nameOf(method),
    ...COLUMNS.map(({ metric }) => {
      const found = method.metrics[metric];
      return found === undefined
        ? '–'
        : `${short(found.mean)} <sub>${short(found.low)}–${short(found.high)}</sub>`;
    }),
    verdict(method),
    passesText(method),
    timeText(method.milliseconds),
    String(method.n),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map((_, i) => (i === 0 ? '---' : '--:'))),
    ...rows.map(line),
    '',
    `Means with 95 % bootstrap intervals over n scenes of two objects (${scenes.taken} taken of ${scenes.looked} drawn: those whose two objects are the model's two top classes). A map that is the same everywhere scores ${short(boxes)} at energy, IoU and the pointing game. Passes: forwards + back. Times are medians of one machine, backend \`${backend}\`.`,
  ].join('\n');
}

function nameOf({ id, options }: MethodResult): string {
  const given = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  return given.length === 0 ? `\`${id}\`` : `\`${id}\` (${given.join(', ')})`;
}

function verdict({ randomisation: { passed, mean } }: MethodResult): string {
  return passed ? short(mean) : `**fails** ${short(mean)}`;
}

/** Two decimals, without a zero before the point's minus. */
function short(value: number): string {
  const text = value.toFixed(2);
  return text === '-0.00' ? '0.00' : text.replace('-', '−');
}
