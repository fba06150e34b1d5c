/** What was inferred, and the results, in one line each. */
import type { Preprocess } from '../documents/document.js';
import type { Explanation, TargetBase, TopClass } from '../explanation.js';
import { describeSteps } from '../images/steps.js';
import { cleanName } from './clean.js';
import type { ExplainFlags } from './flags/explain.js';
import type { ModelFlags, OpenModel } from './model.js';
import { version } from './version.js';

const LONGEST = 60;

/** What was decided about the model because the user left it out. */
export function inferredOfModel({ model }: OpenModel, flags: ModelFlags): string[] {
  const { labels, preprocess, inferred = {} } = model;
  const lines: [string, string][] = [];
  const { engine, threads, backend } = model;
  if (flags.engine === undefined && flags.backend === undefined && engine !== undefined) {
    const parts = [engine, ...(threads === undefined ? [] : [`threads: ${threads}`])];
    lines.push(['engine', `${parts.join(', ')} (${model.engineReason ?? 'as the model says'})`]);
  }
  if (flags.backend === undefined && backend !== undefined) {
    lines.push(['backend', `${backend} (${model.backendReason ?? 'as the model says'})`]);
  }
  if (flags.labels === undefined) {
    const own =
      labels === undefined
        ? 'none known: classes are shown by number (--labels)'
        : `${labels.length} names that came with the model`;
    const beside = inferred.labels === undefined ? undefined : besideModel(labels, inferred.labels);
    lines.push(['labels', beside ?? own]);
  }
  if (flags.preprocess === undefined) {
    const own =
      preprocess === undefined
        ? 'none given: pixel values 0 to 255 as they are (--preprocess)'
        : `${inWords(preprocess)}, which came with the model`;
    const guessed =
      inferred.preprocess === undefined
        ? undefined
        : preprocess === undefined
          ? `${inferred.preprocess} (--preprocess)`
          : `${inWords(preprocess)}, ${inferred.preprocess} (--preprocess says otherwise)`;
    lines.push(['preprocess', guessed ?? own]);
  }
  return lines.map(aligned);
}

function inWords(preprocess: Preprocess): string {
  if (typeof preprocess === 'object') return describeSteps(preprocess);
  return typeof preprocess === 'string' ? preprocess : 'a function';
}

function besideModel(labels: readonly string[] | undefined, why: string): string {
  return labels === undefined ? `${why} (--labels)` : `${labels.length} names in ${why}`;
}

/** Everything that the user left out and the program decided; printed once in a run. */
export function inferredLines(
  opened: OpenModel,
  explanation: Explanation,
  flags: Partial<ExplainFlags>,
  document: 'picture' | 'text' | 'row' = 'picture',
): string[] {
  const lines: [string, string][] = [];
  const { layer } = explanation as {
    layer?: {
      path: string;
      shape: readonly number[];
      reason: string;
      runnersUp: readonly { path: string }[];
    };
  };
  if (flags.layer === undefined && layer !== undefined) {
    const next = layer.runnersUp.slice(0, 2).map(({ path }) => path);
    lines.push([
      'layer',
      `${layer.path} [${layer.shape.join(', ')}], ${layer.reason}${next.length === 0 ? '' : `; next would be ${next.join(', ')}`}`,
    ]);
  }
  if (flags.target === undefined && explanation.kind !== 'concepts')
    lines.push(['target', `the top class of each ${document}`]);
  return [
    aligned(['model', explanation.estimator]),
    ...inferredOfModel(opened, flags).filter(
      // what becomes of pixels is nothing to texts and rows
      (line) => document === 'picture' || !line.startsWith('preprocess:'),
    ),
    ...lines.map(aligned),
  ];
}

/** What --verbose says about the environment: versions, and what the model takes. */
export function details({ model, options }: OpenModel): string[] {
  const shape = options.inputShape ?? model.inputShape;
  const sizes = shape === undefined ? 'not known' : shape.map((size) => size ?? 'any').join('×');
  return [
    `whylens ${version()}, Node ${process.version}, ${process.platform} ${process.arch}`,
    `${model.name}: input ${sizes}, engine ${[model.engine, model.backend].filter((part) => part !== undefined).join(', ') || 'of the model'}`,
  ];
}

/** Every option that took part, for --verbose. */
export function parametersText({ method, parameters }: Explanation): string {
  const parts = Object.entries(parameters).map(([name, value]) => {
    const text = JSON.stringify(value);
    return `${name} ${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}`;
  });
  return `${method} with ${parts.join(', ')}`;
}

function aligned([name, text]: readonly [string, string]): string {
  return `${`${name}:`.padEnd(12)}${text}`;
}

/** `cat.png: grad-cam: tiger cat (282), score 12.3, probability 0.812`. */
export function resultLine(path: string, explanation: Explanation): string {
  const { targets = [] } = explanation as { targets?: readonly TargetBase[] };
  const said = targets.map((target) => targetText(target, targets));
  return `${path}: ${explanation.method}: ${said.join('; ') || explanation.kind}`;
}

function targetText(target: TargetBase, shown: readonly TargetBase[]): string {
  const { score, top } = target;
  const value = score === undefined ? '' : `, score ${Number(score.toPrecision(4))}`;
  const instead =
    top === undefined || shown.some((other) => other.target === top.target)
      ? ''
      : ` (the model says ${classText(top)}${chanceText(top)})`;
  return `${classText(target)}${value}${chanceText(target)}${instead}`;
}

function classText({ target, label: given }: TopClass): string {
  const label = given === undefined ? undefined : cleanName(given);
  if (label === undefined) return `class ${target}`;
  return typeof target === 'number' ? `${label} (${target})` : label;
}

const chanceText = ({ proba }: TopClass): string =>
  proba === undefined ? '' : `, probability ${proba.toFixed(3)}`;
