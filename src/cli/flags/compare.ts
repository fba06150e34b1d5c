/** Flags of `compare`: lists where `explain` has one value. */
import type { Command, Option } from 'commander';
import type { Registry } from '../../container/registry.js';
import { WhylensError } from '../../errors.js';
import { DEFAULT_METHOD } from '../../explain/explain.js';
import type { Target } from '../../explanation.js';
import type { Engine } from '../../model/engines.js';
import type { OptionsBeside, OptionSpecs } from '../../options.js';
import { describeTarget } from '../../model/targets.js';
import {
  addImageOptions,
  addModelFlags,
  addTargetOptions,
  batchSizeOption,
  maxMemoryOption,
  modelOption,
  seedOption,
} from './explain.js';
import { methodOptions, splitPair } from './format.js';
import { collect, more, positiveNumber } from './shared.js';
import { parseTargetList } from '../target-expression.js';

export const FIGURE = 'figure';
const SCORES = ['logit', 'output'] as const;

export interface CompareFlags {
  readonly model: string;
  readonly image?: readonly string[];
  readonly input?: readonly string[];
  readonly method: string;
  readonly layer?: string;
  readonly target?: readonly string[];
  readonly output?: string;
  readonly mask?: string;
  readonly forInput?: string;
  readonly score: string;
  readonly opt?: readonly string[];
  readonly labels?: string;
  readonly preprocess?: string;
  readonly engine?: Engine | 'auto';
  readonly threads?: number;
  readonly backend?: string;
  readonly seed?: number;
  readonly batchSize?: number;
  readonly maxMemory?: number;
  readonly columns?: number;
  readonly out?: string;
  readonly force?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly [flag: string]: unknown;
}

export function addCompareOptions(command: Command, registry: Registry): void {
  const methods = [...registry.explainers.keys()].join(', ');
  addModelFlags(
    command.addOption(
      modelOption(
        '-m, --model <paths>',
        'One model, or several separated by commas. Default: WHYLENS_MODEL.',
      ),
    ),
  );
  addImageOptions(command);
  command
    .option('--method <ids>', `Methods, separated by commas. They are ${methods}.`, DEFAULT_METHOD)
    .option(
      '-l, --layer <paths>',
      'Layers, by path or index, separated by commas. Default: the last larger than 1×1.',
    )
    .option(
      '-t, --target <list>',
      'Targets as explain takes them, separated by commas. May be repeated. Default: the top class.',
      collect<string>,
    )
    .option(
      '--score <kinds>',
      `What is explained: ${SCORES.join(' or ')}, or both separated by a comma.`,
      SCORES[0],
    )
    .addOption(methodsOptOption())
    .addOption(seedOption())
    .addOption(batchSizeOption())
    .addOption(maxMemoryOption())
    .addOption(
      more(
        '--columns <number>',
        'Panels in a row. Default: the last list where several vary, else at most 5 in even rows.',
      ).argParser(positiveNumber),
    );
  addTargetOptions(command);
}

/** `--opt` of commands that run several methods. */
export function methodsOptOption(): Option {
  return more(
    '--opt <name=value>',
    'An option for the methods that have it. May be repeated.',
  ).argParser<string[]>(collect);
}

export function list(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.every((part) => part !== '')) return parts;
  throw new WhylensError(
    'USAGE',
    `a list separated by commas must have no empty part, got '${text}'`,
  );
}

export function scoresOf(flag: string): string[] {
  const scores = list(flag);
  const wrong = scores.find((score) => !(SCORES as readonly string[]).includes(score));
  if (wrong === undefined) return scores;
  throw new WhylensError('USAGE', `--score must be of ${SCORES.join(', ')}, got '${wrong}'`);
}

export function targetsOf(
  texts: readonly string[] | undefined,
  labels: readonly string[] | undefined,
): { text: string; value?: Target }[] {
  if (texts === undefined) return [{ text: '' }];
  return texts.flatMap((text) =>
    parseTargetList(text, labels).map((value) => ({ text: describeTarget(value, labels), value })),
  );
}

/** The options that method `id` has among the pairs; one that no method has is an error. */
export function optionsFor(
  registry: Registry,
  id: string,
  methods: readonly string[],
  pairs: readonly string[],
  beside: readonly OptionsBeside[] = [],
): Record<string, unknown> {
  const given = Object.fromEntries(pairs.map((pair) => splitPair('--opt', pair)));
  const specs = (method: string) => registry.explainerFor(method, given).options;
  return methodOptions(registry, id, pairsOf(id, methods, pairs, specs), beside);
}

/** The pairs that method `id` has, and those that no method has. */
export function pairsOf(
  id: string,
  methods: readonly string[],
  pairs: readonly string[],
  specs: (method: string) => OptionSpecs,
): string[] {
  const known = (pair: string, method: string) =>
    Object.hasOwn(specs(method), splitPair('--opt', pair)[0]);
  return pairs.filter((pair) => known(pair, id) || !methods.some((other) => known(pair, other)));
}

/** The figure's options alone: other formatters take no part. */
export function figureOnly(registry: Registry): Pick<Registry, 'formatters'> {
  return { formatters: new Map([[FIGURE, registry.formatter(FIGURE)]]) };
}
