import type { Command } from 'commander';
import { registryOf } from '../../container/container.js';
import type { Registry } from '../../container/registry.js';
import { evaluateExplanation, type Evaluation } from '../../evaluate/evaluate.js';
import { chooseMetrics, METRICS, type Metric } from '../../evaluate/metrics.js';
import { METRIC_OPTIONS } from '../../evaluate/options.js';
import { DEFAULT_METHOD, explainPrediction } from '../../explain/explain.js';
import { type ExplainOptions } from '../../explain/explain-options.js';
import type { Target } from '../../explanation.js';
import { estimate } from '../../maths/metrics/interval.js';
import type { Engine } from '../../model/engines.js';
import { parseOption, validateOptions, type OptionSpecs } from '../../options.js';
import { BOXES_HELP, boxesFor, readBoxes, type BoxFile } from '../boxes.js';
import { cleanJson } from '../clean.js';
import type { CommandContext } from '../commands.js';
import { eachOf } from '../each.js';
import { list, methodsOptOption, optionsFor } from '../flags/compare.js';
import {
  addImageOptions,
  addModelOptions,
  addTargetOptions,
  batchSizeOption,
  maxMemoryOption,
  layerOption,
  layerReference,
  scoreOption,
  seedOption,
} from '../flags/explain.js';
import { flagsBeside, splitPair } from '../flags/format.js';
import { namedPictures } from '../images.js';
import { Messages } from '../io.js';
import { openModel, type OpenModel } from '../model.js';
import { filesOf, findDocuments, loadDocument, type DocumentSource } from '../named-images.js';
import { STDOUT } from '../outputs.js';
import { Progress } from '../progress.js';
import { pluginsOf, refuseInput } from '../protect.js';
import { addPluginOption, addTalkOptions, collect, more } from '../flags/shared.js';
import { details, inferredOfModel } from '../summary.js';
import { table } from '../table.js';
import { parseTarget } from '../target-expression.js';
import { placed } from '../targets.js';
import { append } from '../../maths/extremes.js';

interface EvaluateFlags {
  readonly model: string;
  readonly image?: readonly string[];
  readonly input?: readonly string[];
  readonly method: string;
  readonly metric?: string;
  readonly boxes?: string;
  readonly target?: string;
  readonly output?: string;
  readonly mask?: string;
  readonly forInput?: string;
  readonly layer?: string;
  readonly score: 'logit' | 'output';
  readonly opt?: readonly string[];
  readonly metricOpt?: readonly string[];
  readonly labels?: string;
  readonly preprocess?: string;
  readonly engine?: Engine | 'auto';
  readonly threads?: number;
  readonly backend?: string;
  readonly seed?: number;
  readonly batchSize?: number;
  readonly maxMemory?: number;
  readonly json?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** `whylens evaluate`: measures how good methods are on pictures, one row for each. */
export async function define(command: Command, context: CommandContext): Promise<void> {
  const registry = registryOf(await context.container());
  addModelOptions(command);
  addImageOptions(command);
  command
    .option('--method <ids>', 'Methods, separated by commas.', DEFAULT_METHOD)
    .option(
      '--metric <names>',
      "Metrics, separated by commas, or 'all'. Default: those that do not run the method again.",
    )
    .option(
      '--boxes <file>',
      `True boxes in pixels of the pictures, as JSON. It looks like ${BOXES_HELP}.`,
    )
    .option('-t, --target <what>', 'The target, as explain takes it. Default: the top class.')
    .option('--json <file>', 'Write all of it as JSON to a file, or to - for standard output.')
    .addOption(layerOption())
    .addOption(methodsOptOption())
    .addOption(
      more(
        '--metric-opt <name=value>',
        'A setting of the metrics, from the list below. May be repeated.',
      ).argParser<string[]>(collect),
    )
    .addOption(scoreOption())
    .addOption(seedOption())
    .addOption(batchSizeOption())
    .addOption(maxMemoryOption());
  addTargetOptions(command);
  addPluginOption(command);
  addTalkOptions(command);
  context.addLongHelp(command, help());
  command.action(async (pictures: string[], flags: EvaluateFlags) => {
    context.exitWith(await evaluate(command, pictures, flags, registry, context));
  });
}

function help(): string {
  const metrics = Object.entries(METRICS).map(
    ([name, { help: text, better, reference }]) =>
      `  ${name.padEnd(14)}${better === 'higher' ? '↑' : '↓'}  ${text} (${reference})`,
  );
  const settings = Object.entries(METRIC_OPTIONS).map(
    ([name, spec]) => `  ${name.padEnd(14)}${spec.help} (default ${JSON.stringify(spec.default)})`,
  );
  return `
Metrics (↑ higher is better)
${metrics.join('\n')}

Settings of the metrics, for --metric-opt
${settings.join('\n')}

Examples:
  $ whylens evaluate -m model.json pictures/ --method grad-cam,layer-cam,random-cam
  $ whylens evaluate -m model.json scene.png --target cat --boxes boxes.json --metric pointing,iou`;
}

interface Result {
  readonly image: string;
  readonly evaluation: Evaluation;
}

async function evaluate(
  command: Command,
  pictures: readonly string[],
  flags: EvaluateFlags,
  registry: Registry,
  context: CommandContext,
): Promise<number> {
  const messages = new Messages(context.io, flags, flags.json === STDOUT);
  const methods = [...new Set(list(flags.method))];
  const own = new Map(
    methods.map(
      (id) =>
        [id, optionsFor(registry, id, methods, flags.opt ?? [], flagsBeside(command))] as const,
    ),
  );
  const settings = metricOptions(flags.metricOpt ?? []);
  const boxes =
    flags.boxes === undefined ? undefined : await readBoxes(flags.boxes, context.io.signal);
  const metrics = chooseMetrics(
    flags.metric === undefined || flags.metric === 'all' ? flags.metric : list(flags.metric),
    boxes !== undefined,
  );
  const images = await findDocuments(namedPictures(pictures, flags));
  const files = [...images.flatMap(filesOf), flags.labels, flags.boxes, flags.mask];
  refuseInput(flags.json, { files: [...files, ...pluginsOf({ ...flags })], models: [flags.model] });
  const opened = await messages.timed(`${flags.model}: loaded`, () =>
    openModel(flags.model, flags, context.io),
  );
  for (const line of details(opened)) messages.detail(line);
  const results: Result[] = [];
  try {
    for (const line of inferredOfModel(opened, flags)) messages.note(line);
    const named =
      flags.target === undefined ? undefined : [parseTarget(flags.target, opened.model.labels)];
    const [target] = ((await placed(named, flags, opened, registry, context.io)) ??
      []) as readonly (Target | undefined)[];
    const job = { flags, context, opened, target, boxes, metrics, settings, messages };
    const ended = await eachOf(
      images,
      { what: 'pictures', name: ({ path }) => path, messages, verbose: flags.verbose },
      async (image) => {
        // all methods or none, so that each row is about the same pictures
        const row: Result[] = [];
        for (const [method, options] of own) {
          const evaluation = await messages.timed(`${image.path}: ${method} evaluated`, () =>
            one(image, method, options, job),
          );
          row.push({ image: image.path, evaluation });
        }
        append(results, row);
      },
    );
    if (ended.done > 0) await report(results, { flags, methods, metrics, messages });
    return ended.report();
  } finally {
    opened.model.dispose();
  }
}

interface Job {
  readonly flags: EvaluateFlags;
  readonly context: CommandContext;
  readonly opened: OpenModel;
  readonly target: Target | undefined;
  readonly boxes: BoxFile | undefined;
  readonly metrics: readonly Metric[];
  readonly settings: Record<string, unknown>;
  readonly messages: Messages;
}

async function one(
  image: DocumentSource,
  method: string,
  options: Record<string, unknown>,
  { flags, context, opened, target, boxes, metrics, settings, messages }: Job,
): Promise<Evaluation> {
  const picture = await loadDocument(image, context.io);
  const progress = new Progress(messages, flags, method);
  const shared: ExplainOptions = {
    ...opened.options,
    container: await context.container(),
    seed: flags.seed,
    batchSize: flags.batchSize,
    maxMemory: flags.maxMemory,
    engine: flags.engine,
    threads: flags.threads,
    backend: flags.backend,
    signal: context.io.signal,
    onProgress: progress.update,
  };
  try {
    const explanation = await explainPrediction(opened.model, picture, {
      ...shared,
      ...options,
      method,
      score: flags.score,
      input: flags.forInput,
      layer: layerReference(flags.layer),
      ...(target === undefined ? {} : { targets: [target] }),
    });
    const [explained] = (explanation as { targets: readonly { target: number | string }[] })
      .targets;
    const evaluation = await evaluateExplanation(opened.model, picture, explanation, {
      ...shared,
      ...settings,
      metrics,
      ...(boxes === undefined ? {} : { boxes: boxesFor(boxes, image.path, explained) }),
    });
    progress.stop();
    for (const warning of [...explanation.warnings, ...evaluation.warnings]) {
      messages.complain(`${image.path}, ${method}: ${warning}`);
    }
    return evaluation;
  } finally {
    progress.stop();
  }
}

/** One row for each method: its value, or of several pictures the mean and its 95 % interval. */
async function report(
  results: readonly Result[],
  {
    flags,
    methods,
    metrics,
    messages,
  }: Pick<Job, 'flags' | 'metrics' | 'messages'> & { readonly methods: readonly string[] },
): Promise<void> {
  const estimates = methods.map((method) => {
    const mine = results.filter(({ evaluation }) => evaluation.method === method);
    return metrics.map((metric) =>
      estimate(
        mine.flatMap(({ evaluation }) => evaluation.values[metric] ?? []),
        { seed: flags.seed },
      ),
    );
  });
  if (flags.json !== undefined) {
    const content = `${cleanJson({ metrics, results })}\n`;
    if (flags.json === STDOUT) {
      messages.io.stdout.write(content);
      return;
    }
    const { writeFileWhole } = await import('../../node/write-file.js');
    await writeFileWhole(flags.json, content);
  }
  if (results.length === 0) return;
  const rows = methods.map((method, i) => [
    method,
    ...estimates[i].map((found) => {
      if (found === undefined) return '–';
      const mean = found.mean.toFixed(3);
      return found.n === 1 ? mean : `${mean} [${found.low.toFixed(3)}, ${found.high.toFixed(3)}]`;
    }),
  ]);
  const head = metrics.map(
    (metric) => `${metric} ${METRICS[metric].better === 'higher' ? '↑' : '↓'}`,
  );
  messages.print(
    table(
      ['method', ...head],
      rows,
      head.map((_, i) => i + 1),
    ),
  );
  for (const { image, evaluation } of results) {
    const { reason } = evaluation.randomisation ?? {};
    if (reason !== undefined) {
      messages.print(`${evaluation.method} fails the randomisation check on ${image}: ${reason}`);
    }
  }
  const pictures = new Set(results.map(({ image }) => image)).size;
  if (pictures > 1) messages.print(`means over ${pictures} pictures [95 % interval]`);
  if (flags.json !== undefined) messages.note(flags.json);
}

function metricOptions(pairs: readonly string[]): Record<string, unknown> {
  const specs: OptionSpecs = METRIC_OPTIONS;
  const owner = 'the metrics';
  const given = Object.fromEntries(
    pairs.map((pair) => {
      const [name, text] = splitPair('--metric-opt', pair);
      return [
        name,
        Object.hasOwn(specs, name) ? parseOption(owner, name, specs[name], text) : text,
      ];
    }),
  );
  return validateOptions(owner, specs, given);
}
