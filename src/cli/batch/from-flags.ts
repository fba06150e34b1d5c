/** The flags of `whylens batch`, and the settings of a batch that follow from them. */
import { isAbsolute, resolve } from 'node:path';
import type { Command } from 'commander';
import { didYouMean } from '../../did-you-mean.js';
import { WhylensError } from '../../errors.js';
import { METRICS, type Metric } from '../../evaluate/metrics.js';
import type { Engine } from '../../model/engines.js';
import { list } from '../flags/compare.js';
import type { BatchSettings } from './settings.js';
import { TABLES, type TableKind } from './tables.js';

export interface BatchFlags {
  readonly model?: string;
  readonly input?: readonly string[];
  readonly image?: readonly string[];
  readonly out?: string;
  readonly as: string;
  readonly workers?: number;
  readonly resume?: string;
  readonly status?: string;
  readonly retryFailed?: boolean;
  readonly maxFailures?: number;
  readonly force?: boolean;
  readonly queue?: string;
  readonly name?: string;
  readonly chunk?: number;
  readonly store?: string;
  readonly json?: boolean;
  readonly table: string;
  readonly metrics?: string;
  readonly documentColumn?: string;
  readonly targetColumn?: string;
  readonly background?: string;
  readonly method?: string;
  readonly opt?: readonly string[];
  readonly target?: readonly string[];
  readonly layer?: string;
  readonly score: 'logit' | 'output';
  readonly seed?: number;
  readonly batchSize?: number;
  readonly maxMemory?: number;
  readonly labels?: string;
  readonly preprocess?: string;
  readonly backend?: string;
  readonly engine?: Engine | 'auto';
  readonly threads?: number;
  readonly allowHost?: readonly string[];
  readonly plugin?: readonly string[];
  readonly formatOpt?: readonly string[];
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly [flag: string]: unknown;
}

/** What the command line asks of every document. Throws `USAGE`. */
export function settingsOf(
  command: Command,
  flags: BatchFlags,
  own: ReadonlySet<string>,
  as: readonly string[],
): BatchSettings {
  const isGiven = (name: string) => command.getOptionValueSource(name) !== 'default';
  const format = Object.fromEntries(
    Object.entries(flags).filter(
      (pair): pair is [string, string] => !own.has(pair[0]) && typeof pair[1] === 'string',
    ),
  );
  const settings: BatchSettings = {
    model: place(flags.model ?? ''),
    labels: flags.labels === undefined ? undefined : place(flags.labels),
    preprocess: flags.preprocess,
    backend: flags.backend,
    engine: flags.engine,
    // as many workers as processors, of one thread each, beat fewer of more
    threads: flags.threads ?? 1,
    allowHost: flags.allowHost,
    plugins: (flags.plugin ?? []).map((name) => (/^[.]|[/\\]/.test(name) ? resolve(name) : name)),
    method: isGiven('method') ? flags.method : undefined,
    opt: flags.opt ?? [],
    layer: flags.layer,
    score: flags.score,
    seed: flags.seed,
    batchSize: flags.batchSize,
    maxMemory: flags.maxMemory,
    targets: flags.target ?? [],
    background: flags.background === undefined ? undefined : place(flags.background),
    as,
    format,
    formatOpt: flags.formatOpt ?? [],
    store: flags.store,
    metrics: metricsOf(flags.metrics),
  };
  if (settings.method === undefined && settings.opt.length > 0) {
    throw new WhylensError('USAGE', '--opt belongs to a method; name it with --method');
  }
  // values that JSON would lose are left out from the start, so that stored and given settings can be compared
  return JSON.parse(JSON.stringify(settings)) as BatchSettings;
}

/** A path that means the same from every folder. */
function place(path: string): string {
  return path === '' || isAbsolute(path) || /^https?:/i.test(path) ? path : resolve(path);
}

function metricsOf(text: string | undefined): Metric[] {
  if (text === undefined) return [];
  return list(text).map((name) => {
    const known = Object.keys(METRICS);
    if (!known.includes(name)) {
      throw new WhylensError(
        'USAGE',
        `--metrics must be of ${known.join(', ')}, got '${name}'${didYouMean(name, known)}`,
      );
    }
    if ('boxes' in METRICS[name as Metric]) {
      throw new WhylensError(
        'USAGE',
        `metric '${name}' needs true boxes, which a batch does not have`,
      );
    }
    return name as Metric;
  });
}

/** `--table`: kinds with commas, or none. */
export function tableKinds(text: string): TableKind[] {
  if (text === 'none') return [];
  return list(text).map((kind) => {
    if ((TABLES as readonly string[]).includes(kind)) return kind as TableKind;
    throw new WhylensError(
      'USAGE',
      `--table must be of ${TABLES.join(', ')}, or none, got '${kind}'`,
    );
  });
}
