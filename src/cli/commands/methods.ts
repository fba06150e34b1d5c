import type { Command } from 'commander';
import type { Explainer, ExplainerFamily, ExplainerNeeds } from '../../container/plugin.js';
import { describeOption, type OptionSpec } from '../../options.js';
import { cleanJson } from '../clean.js';
import type { CommandContext } from '../commands.js';
import { Messages } from '../io.js';
import { asSentence } from '../flags/format.js';
import { addPluginOption, addTalkOptions } from '../flags/shared.js';
import { firstSentence } from '../help.js';

const FAMILIES: Readonly<Record<ExplainerFamily, string>> = {
  cam: 'Class activation maps: what one layer saw, at its resolution',
  gradient: 'Gradients at the input: which pixels the score reacts to',
  perturbation: 'Perturbations: what happens when parts are hidden; for any model that predicts',
  tabular: 'Rows of tables, and texts: what the score is made of',
  wrapper: 'Wrappers around another method',
  other: 'Others',
};

const NEEDS: Readonly<Record<keyof ExplainerNeeds, string>> = {
  gradients: 'gradients',
  activations: 'activations',
  layer: 'a layer larger than 1×1',
  fromLayer: 'running on from a layer',
  linearHead: 'global average pooling and a linear layer behind it',
  coefficients: 'a linear model',
  trees: 'trees',
};

interface MethodsFlags {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** `whylens methods [id] [--json]`: everything here comes from the registry. */
export function define(command: Command, context: CommandContext): void {
  addTalkOptions(
    addPluginOption(
      command
        .argument('[method]', 'The method that is shown in full.')
        .option('--json', 'Print JSON, for programs.')
        .option('--markdown', 'Print the page of the documentation.'),
    ),
  );
  command.action(async (id: string | undefined, { json, markdown }: MethodsFlags) => {
    const { registryOf } = await import('../../container/container.js');
    const registry = registryOf(await context.container());
    const chosen = id === undefined ? [...registry.explainers.values()] : [registry.explainer(id)];
    const out = new Messages(context.io);
    if (json === true) out.print(cleanJson(chosen.map(asData)));
    else if (markdown === true) {
      const { methodsPage } = await import('../methods-page.js');
      out.print(methodsPage(chosen, FAMILIES, needsText).trimEnd());
    } else if (id === undefined) out.print(overview(chosen));
    else out.print(details(chosen[0]));
  });
}

function overview(explainers: readonly Explainer[]): string {
  const blocks = Object.entries(FAMILIES).flatMap(([family, title]) => {
    const members = explainers.filter((explainer) => explainer.family === family);
    return members.length === 0 ? [] : [`${title}\n\n${members.map(line).join('\n')}`];
  });
  return `${blocks.join('\n\n')}\n\n'whylens methods <method>' says more: what it needs, costs and gives, and its options.`;
}

/** One line: the name, and what the method does. */
function line({ id, summary, description }: Explainer): string {
  return `  ${id.padEnd(22)}${summary ?? firstSentence(description)}`;
}

function entry(explainer: Explainer): string {
  const { id, reference, cost, sanity } = explainer;
  return [
    `  ${id.padEnd(22)}${reference}`,
    `      needs    ${needsText(explainer)}`,
    `      costs    ${cost}`,
    ...(sanity === undefined ? [] : [`      beware   ${sanity}`]),
  ].join('\n');
}

function details(explainer: Explainer): string {
  const { description, documents, ignoresTarget, seeded, options } = explainer;
  const table = Object.entries(options).map(optionText);
  const forRows = Object.entries(explainer.rows?.options ?? {}).map(optionText);
  return [
    entry(explainer),
    `      explains ${[...documents, ...(explainer.rows?.documents ?? [])].join(', ')}${ignoresTarget === true ? '; the same for every target' : ''}${seeded === true ? '; another seed may give another result' : ''}`,
    '',
    `  ${description}`,
    '',
    table.length === 0 ? '  It has no options of its own.' : `Options\n\n${table.join('\n')}`,
    ...(forRows.length === 0 ? [] : ['', `Options for rows of a table\n\n${forRows.join('\n')}`]),
  ].join('\n');
}

function optionText([name, spec]: [string, OptionSpec]): string {
  return `  --opt ${name}=…\n      ${asSentence(spec.help)}\n      ${asSentence(describeOption(spec))} ${defaultText(spec)}`;
}

/** What a method needs of a model, in words. */
function needsText({ needs }: Pick<Explainer, 'needs'>): string {
  const wanted = (Object.keys(NEEDS) as (keyof ExplainerNeeds)[]).filter((key) => needs[key]);
  return wanted.length === 0 ? 'predictions only' : wanted.map((key) => NEEDS[key]).join(', ');
}

function defaultText(spec: OptionSpec): string {
  return spec.default === undefined ? 'No default.' : `Default: ${JSON.stringify(spec.default)}.`;
}

function asData(explainer: Explainer): Record<string, unknown> {
  const { id, family, summary, description, reference, cost, needs, documents, sanity } = explainer;
  const options = Object.entries(explainer.options).map(([name, spec]) => ({
    name,
    type: spec.type,
    default: spec.default ?? null,
    allowed: describeOption(spec),
    help: spec.help,
  }));
  const target = explainer.ignoresTarget !== true;
  return {
    id,
    family,
    summary: summary ?? firstSentence(description),
    description,
    reference,
    cost,
    needs: {
      gradients: false,
      activations: false,
      layer: false,
      fromLayer: false,
      linearHead: false,
      ...needs,
    },
    documents,
    dependsOnTarget: target,
    dependsOnSeed: explainer.seeded === true,
    sanity: sanity ?? null,
    options,
  };
}
