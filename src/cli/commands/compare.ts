import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Container } from 'inversify';
import { titled } from '../../../formatters/shared/numbers.js';
import { registryOf } from '../../container/container.js';
import type { Registry } from '../../container/registry.js';
import { WhylensError } from '../../errors.js';
import { explainPrediction } from '../../explain/explain.js';
import type { Explanation, Target, TargetBase } from '../../explanation.js';
import type { CommandContext } from '../commands.js';
import { eachOf } from '../each.js';
import { cellsOf, type Axis, type Cell, type Grid } from '../compare-cells.js';
import {
  addCompareOptions,
  FIGURE,
  figureOnly,
  list,
  optionsFor,
  scoresOf,
  targetsOf,
  type CompareFlags,
} from '../flags/compare.js';
import { addOutputOptions, layerReference } from '../flags/explain.js';
import { addFormatOptions, flagsBeside, formatOptions } from '../flags/format.js';
import { namedPictures } from '../images.js';
import { Messages } from '../io.js';
import { openModel, type OpenModel } from '../model.js';
import { filesOf, findDocuments, loadDocument, type DocumentSource } from '../named-images.js';
import { Outputs, STDOUT } from '../outputs.js';
import { Progress } from '../progress.js';
import { pluginsOf } from '../protect.js';
import { checkStream, writeOutput } from '../rendering.js';
import { addPluginOption, addTalkOptions } from '../flags/shared.js';
import { inferredOfModel } from '../summary.js';
import { placed } from '../targets.js';

/** `whylens compare`: every combination of what is listed, one panel each, in one figure. */
export async function define(command: Command, context: CommandContext): Promise<void> {
  const container = await context.container();
  const registry = registryOf(container);
  addCompareOptions(command, registry);
  addOutputOptions(command);
  addPluginOption(command);
  addTalkOptions(command);
  const own = new Set(command.options.map((option) => option.attributeName()));
  addFormatOptions(command, figureOnly(registry));
  context.addLongHelp(command, EXAMPLES);
  command.action(async (pictures: string[], flags: CompareFlags) => {
    context.exitWith(await compare(command, pictures, flags, own, container, registry, context));
  });
}

const EXAMPLES = `
Examples:
  $ whylens compare -m model.json cat_dog.png --method grad-cam,layer-cam,hires-cam
  $ whylens compare -m model.json cat_dog.png --target 'tiger cat,bull mastiff' --score logit,output`;

/** The part of an output's name that stands for the method. */
const NAME = 'compare';
/** Panels in a row that can still be told apart on a screen. */
const WIDEST = 5;

async function compare(
  command: Command,
  named: readonly string[],
  flags: CompareFlags,
  own: ReadonlySet<string>,
  container: Container,
  registry: Registry,
  context: CommandContext,
): Promise<number> {
  const out = flags.out;
  const messages = new Messages(context.io, flags, out === STDOUT);
  const figure = registry.formatter(FIGURE);
  const asked = formatOptions(figure, figureOnly(registry), flags, own);
  const methods = list(flags.method);
  const scores = scoresOf(flags.score);
  const special = new Map(
    methods.map((id) => [
      id,
      optionsFor(registry, id, methods, flags.opt ?? [], flagsBeside(command)),
    ]),
  );
  const images = await findDocuments(namedPictures(named, flags));
  if (out === STDOUT) checkStream(context.io, figure, asked, false);
  const modelPaths = existsSync(flags.model) ? [flags.model] : list(flags.model);
  const outputs = new Outputs({
    out,
    extension: 'png',
    several: false,
    force: flags.force,
    inputs: {
      files: [...images.flatMap(filesOf), flags.labels, flags.mask, ...pluginsOf(flags)],
      models: modelPaths,
    },
  });
  outputs.look(images[0].name, NAME);
  const models: OpenModel[] = [];
  const progress = new Progress(messages, flags);
  try {
    for (const path of modelPaths) {
      models.push(await openModel(path, flags, context.io));
      for (const line of inferredOfModel(models[models.length - 1], flags)) messages.note(line);
    }
    const pictures: unknown[] = [];
    const shown: DocumentSource[] = [];
    const loop = { messages, verbose: flags.verbose, settle: () => progress.stop() };
    const read = await eachOf(
      images,
      { ...loop, what: 'pictures', name: ({ path }) => path },
      async (image) => {
        pictures.push(await loadDocument(image, context.io));
        shown.push(image);
      },
    );
    if (read.done === 0) return read.report();
    const targets = targetsOf(flags.target, models[0].model.labels);
    const axes: Axis[] = [
      { name: 'image', values: shown.map(({ name }) => name) },
      { name: 'model', values: models.map(({ model }) => model.name) },
      { name: 'target', values: targets.map(({ text }) => text) },
      { name: 'layer', values: flags.layer === undefined ? [''] : list(flags.layer) },
      { name: 'score', values: scores },
      { name: 'method', values: methods },
    ];
    const { cells, ...grid } = cellsOf(axes);
    const explanations: Explanation[] = [];
    const titles: string[] = [];
    let lastError: unknown;
    const ended = await eachOf(
      cells,
      { ...loop, what: 'panels', name: ({ title }) => title || 'the only panel' },
      async (cell, index) => {
        const explanation = await messages
          .timed(`${cell.title || 'the panel'}: explained`, () =>
            explainCell(cell).finally(() => progress.stop()),
          )
          .catch((error: unknown) => {
            lastError = error;
            throw error;
          });
        explanations.push(explanation);
        const title = titleOf(cell, explanation);
        titles.push(title);
        progress.stop();
        messages.note(`[${index + 1}/${cells.length}] ${title}`);
      },
    );
    if (ended.done === 0) throw lastError;
    await draw(explanations, titles, { ...grid, pictures: shown.length });
    return Math.max(read.report(), ended.report());

    async function explainCell({ at }: Cell): Promise<Explanation> {
      const [image, model, target, layer, score, method] = at;
      const id = methods[method];
      progress.name(id);
      const layered = registry.explainer(id).needs.layer === true || axes[3].values.length > 1;
      const explanation = await explainPrediction(models[model].model, pictures[image], {
        ...special.get(id),
        ...models[model].options,
        container,
        method: id,
        score: scores[score] as 'logit' | 'output',
        targets: await placedAt(models[model], targets[target].value),
        input: flags.forInput,
        layer: layered ? layerReference(axes[3].values[layer] || undefined) : undefined,
        seed: flags.seed,
        batchSize: flags.batchSize,
        maxMemory: flags.maxMemory,
        engine: flags.engine,
        threads: flags.threads,
        backend: flags.backend,
        signal: context.io.signal,
        onProgress: progress.update,
      });
      if (!('targets' in explanation) || explanation.kind === 'concepts') {
        throw new WhylensError(
          'INVALID_EXPLANATION',
          `method '${id}' gives an explanation of kind '${explanation.kind}', which is not one map: see it with 'whylens explain'`,
        );
      }
      return explanation;
    }
  } finally {
    for (const { model } of models) model.dispose();
  }

  /** A target at the output and mask that are named, of one model. */
  async function placedAt(
    opened: OpenModel,
    target: Target | undefined,
  ): Promise<readonly Target[] | undefined> {
    const one = target === undefined ? undefined : [target];
    const found = await placed(one, flags, opened, registry, context.io);
    return found === 'all' ? undefined : found;
  }

  async function draw(
    explanations: readonly Explanation[],
    titles: readonly string[],
    grid: Omit<Grid, 'cells'> & { readonly pictures: number },
  ): Promise<void> {
    const { formatAsFigure } = await import('../../../formatters/figure.js');
    const { evenColumns } = await import('../../../formatters/drawing/figure.js');
    const output = outputs.next(images[0].name, NAME);
    const first = grid.pictures === 1 && explanations.length > 1 && flags.original !== 'none';
    const panels = explanations.length + (first ? 1 : 0);
    const content = formatAsFigure(explanations, {
      ...asked,
      titles,
      columns: flags.columns ?? grid.columns ?? evenColumns(panels, WIDEST),
      // the original would shift the rows
      ...(grid.aligned && flags.columns === undefined && flags.original === undefined
        ? { original: 'none' }
        : {}),
      format: output.path.toLowerCase().endsWith('.svg') ? 'svg' : 'png',
    });
    await writeOutput(context.io, output, content);
    if (output.path !== STDOUT) messages.note(output.path);
  }
}

/** What differs between the panels; also the class, if it may differ. */
function titleOf({ title, varies }: Cell, explanation: Explanation): string {
  const { targets } = explanation as { targets: readonly TargetBase[] };
  if (title !== '' && !varies.has('model') && !varies.has('image')) return title;
  return [title, titled(targets[0])].filter((part) => part !== '').join(', ');
}
