/** The documentation's list of methods, written from the registry: `npm run docs`. */
import type { Explainer, ExplainerFamily } from '../container/plugin.js';

/** `describe` says what a method needs; `titles` name the families, in their order. */
export function methodsPage(
  explainers: readonly Explainer[],
  titles: Readonly<Record<ExplainerFamily, string>>,
  describe: (explainer: Explainer) => string,
): string {
  const sections = (Object.keys(titles) as ExplainerFamily[]).flatMap((family) => {
    const members = explainers.filter((explainer) => explainer.family === family);
    if (members.length === 0) return [];
    const rows = members.map(
      (explainer) =>
        `| [\`${explainer.id}\`](${encodeURI(explainer.id)}.md) | ${cell(describe(explainer))} | ${cell(explainer.cost)} | ${cell(explainer.reference)} | ${cell(optionsOf(explainer))} |`,
    );
    const warnings = members
      .filter(({ sanity }) => sanity !== undefined)
      .map(({ id, sanity }) => `- \`${id}\`: ${sanity}`);
    return [
      `## ${titles[family]}`,
      ['| method | needs | cost | source | options |', '|---|---|---|---|---|', ...rows].join('\n'),
      ...(warnings.length === 0 ? [] : [`Beware:\n\n${warnings.join('\n')}`]),
    ];
  });
  return [
    '# Methods',
    'Written from the registry by `npm run docs`; `whylens methods` prints the same with plugins. Every method takes the options that all share beside its own.',
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

function optionsOf({ options }: Explainer): string {
  return (
    Object.keys(options)
      .map((name) => `\`${name}\``)
      .join(', ') || 'none'
  );
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
}
