import { Option, type Command } from 'commander';
import { registryOf } from '../../container/container.js';
import { isWhylensError, WhylensError } from '../../errors.js';
import { withModel } from '../../explain/prepare.js';
import type { LayerInfo, ModelDescription } from '../../model/interface.js';
import { chooseLayer } from '../../model/layers.js';
import { cleanJson } from '../clean.js';
import type { CommandContext } from '../commands.js';
import { Messages } from '../io.js';
import { openModel } from '../model.js';
import { addPluginOption, addTalkOptions, withVariable } from '../flags/shared.js';
import { table } from '../table.js';
import { treeOf } from '../tree.js';

interface LayersFlags {
  readonly model?: string;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly backend?: string;
  readonly verbose?: boolean;
}

/** `whylens layers M`: what can be given as `--layer`, as a tree; the default is marked. */
export function define(command: Command, context: CommandContext): void {
  command
    .argument('[model]', 'The model: model.json, its folder or address, or a JavaScript module.')
    .addOption(
      withVariable(
        new Option('-m, --model <path>', 'The same as an option. Default: WHYLENS_MODEL.'),
        'WHYLENS_MODEL',
      ),
    )
    .option('--all', 'List values inside layers too, such as before an activation.')
    .option('--json', 'Print JSON, for programs.');
  addPluginOption(command);
  addTalkOptions(command);
  command.action(async (argument: string | undefined, flags: LayersFlags) => {
    const path = argument ?? flags.model;
    if (path === undefined)
      throw new WhylensError('USAGE', 'a model is needed: whylens layers MODEL');
    const container = await context.container();
    const { model, options } = await openModel(path, flags, context.io);
    const out = new Messages(context.io, flags);
    try {
      await withModel(model, options, registryOf(container), async ({ description }) => {
        const chosen = defaultLayer(description);
        const layers = description.layers.filter(
          ({ internal }) => flags.all === true || internal !== true,
        );
        if (flags.json === true) {
          out.print(cleanJson({ ...description, layers, defaultLayer: chosen ?? null }));
        } else out.print(listing(description, layers, chosen));
      });
    } finally {
      model.dispose();
    }
  });
}

function defaultLayer(description: ModelDescription): string | undefined {
  try {
    return chooseLayer(description).path;
  } catch (error) {
    if (isWhylensError(error, 'UNSUITABLE_LAYER')) return undefined;
    throw error;
  }
}

function listing(
  { name, layers: all, can }: ModelDescription,
  layers: readonly LayerInfo[],
  chosen: string | undefined,
): string {
  if (all.length === 0 && !can.activations) {
    return `${name} shows no layers; methods that only need predictions will do (see 'whylens methods')`;
  }
  const position = new Map(
    all.filter(({ internal }) => internal !== true).map(({ path }, i) => [path, i]),
  );
  const rows = treeOf(layers).map(({ name, layer }) =>
    layer === undefined
      ? ['', '', name, '', '', '']
      : [
          layer.path === chosen ? '*' : '',
          String(position.get(layer.path) ?? ''),
          name,
          layer.kind,
          `[${layer.shape.map((size) => size ?? '?').join(', ')}]`,
          String(layer.parameters),
        ],
  );
  const total = all.reduce((sum, { parameters }) => sum + parameters, 0);
  return [
    table(['', '#', 'layer', 'kind', 'output', 'parameters'], rows, [1, 5]),
    '',
    `${name}: ${position.size} layers, ${total} parameters`,
    chosen === undefined
      ? 'no layer has an output larger than 1×1: use a method that needs no layer'
      : `* the default: ${chosen}`,
  ].join('\n');
}
