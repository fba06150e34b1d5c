import type { Command } from 'commander';
import { registryOf } from '../../container/container.js';
import type { Registry } from '../../container/registry.js';
import { evaluateExplanation, type Evaluation } from '../../evaluate/evaluate.js';
import {
  chooseMetrics,
  METRICS,
  TABULAR_METRIC_INFO,
  type Metric,
  type MetricInfo,
} from '../../evaluate/metrics.js';
import { METRIC_OPTIONS, TABULAR_METRIC_OPTIONS } from '../../evaluate/options.js';
import { DEFAULT_METHOD, explainPrediction } from '../../explain/explain.js';
import { type ExplainOptions } from '../../explain/explain-options.js';
import type { Target } from '../../explanation.js';
import type { Engine } from '../../model/engines.js';
import { BOXES_HELP, boxesFor, readBoxes, type BoxFile } from '../boxes.js';
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
import { metricOptions, reportEvaluations, type Evaluated } from '../evaluations.js';
import { flagsBeside } from '../flags/format.js';
import { namedPictures } from '../images.js';
import { Messages } from '../io.js';
import { openModel, type OpenModel } from '../model.js';
import { filesOf, findDocuments, loadDocument, type DocumentSource } from '../named-images.js';
import { STDOUT } from '../outputs.js';
import { Progress } from '../progress.js';
import { pluginsOf, refuseInput } from '../protect.js';
import { addPluginOption, addTalkOptions, collect, more } from '../flags/shared.js';
import { details, inferredOfModel } from '../summary.js';
import { addRowOptions, refuseRowFlags, wantsRows, type RowFlags } from '../rows.js';
import { parseTarget } from '../target-expression.js';
import { placed } from '../targets.js';
import { append } from '../../maths/extremes.js';
import { evaluateRows } from './evaluate-rows.js';

export interface EvaluateFlags extends RowFlags {
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
  addRowOptions(command, { verb: 'Evaluate', all: true });
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
    if (wantsRows(flags, [...pictures, ...(flags.image ?? []), ...(flags.input ?? [])])) {
      return evaluateRows(command, flags, registry, context);
    }
    refuseRowFlags(flags);
    context.exitWith(await evaluate(command, pictures, flags, registry, context));
  });
}

function help(): string {
  const listed = (infos: Readonly<Record<string, MetricInfo>>) =>
    Object.entries(infos).map(
      ([name, { help: text, better, reference }]) =>
        `  ${name.padEnd(14)}${better === 'higher' ? '↑' : '↓'}  ${text} (${reference})`,
    );
  const settings = Object.entries({ ...METRIC_OPTIONS, ...TABULAR_METRIC_OPTIONS }).map(
    ([name, spec]) => `  ${name.padEnd(14)}${spec.help} (default ${JSON.stringify(spec.default)})`,
  );
  return `
Metrics (↑ higher is better)
${listed(METRICS).join('\n')}

Metrics of rows and texts
${listed(TABULAR_METRIC_INFO).join('\n')}

Settings of the metrics, for --metric-opt (of rows and texts: ${Object.keys(TABULAR_METRIC_OPTIONS).join(', ')})
${settings.join('\n')}

Examples:
  $ whylens evaluate -m model.json pictures/ --method grad-cam,layer-cam,random-cam
  $ whylens evaluate -m model.json scene.png --target cat --boxes boxes.json --metric pointing,iou
  $ whylens evaluate -m churn.json --table test.csv --background train.csv --method kernel-shap,lime-tabular --metric all
  $ whylens evaluate -m sentiment/ --text "Not bad at all, but slow." --method lime-text,text-occlusion`;
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
  const settings = metricOptions(flags.metricOpt ?? [], METRIC_OPTIONS);
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
  const results: Evaluated[] = [];
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
        const row: Evaluated[] = [];
        for (const [method, options] of own) {
          const evaluation = await messages.timed(`${image.path}: ${method} evaluated`, () =>
            one(image, method, options, job),
          );
          row.push({ image: image.path, evaluation });
        }
        append(results, row);
      },
    );
    if (ended.done > 0) {
      await reportEvaluations(results, {
        ...{ flags, methods, metrics, messages },
        info: METRICS,
        what: 'pictures',
      });
    }
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
