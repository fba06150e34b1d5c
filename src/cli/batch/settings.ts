/** What is asked of every document of a batch, as plain data: it is stored, hashed, and sent to workers. */
import { createHash } from 'node:crypto';
import { WhylensError } from '../../errors.js';
import type { Engine } from '../../model/engines.js';

/** The same for every document; a batch is one model and one set of these. */
export interface BatchSettings {
  /** Absolute path, or address, of the model. */
  readonly model: string;
  readonly labels?: string;
  readonly preprocess?: string;
  readonly backend?: string;
  readonly engine?: Engine | 'auto';
  /** Threads of each worker. */
  readonly threads: number;
  readonly allowHost?: readonly string[];
  readonly plugins: readonly string[];
  /** Left out: the default of the model's kind. */
  readonly method?: string;
  /** `name=value` pairs of the method. */
  readonly opt: readonly string[];
  readonly layer?: string;
  readonly score: 'logit' | 'output';
  readonly seed?: number;
  readonly batchSize?: number;
  readonly maxMemory?: number;
  /** As written on the command line; a document's own target comes before them. */
  readonly targets: readonly string[];
  readonly background?: string;
  /** Formatters or file endings. */
  readonly as: readonly string[];
  /** Flags of the formatters, by option name, as text. */
  readonly format: Readonly<Record<string, string>>;
  readonly formatOpt: readonly string[];
  /** `s3://bucket/prefix` if outputs go there instead of to the folder. */
  readonly store?: string;
  /** Metrics of `evaluateExplanation` that go into the table of results. */
  readonly metrics: readonly string[];
}

/** Sixty-four hexadecimal digits. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The hash of all that a result depends on beside its document: the settings and the model's content. */
export function jobHash(settings: BatchSettings, modelHash: string): string {
  return sha256(canonical({ ...settings, modelHash }));
}

/** JSON with sorted keys, so that equal data gives equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Each setting that differs, as `method: was "grad-cam", is "saliency"`. */
export function differences(before: object, after: object): string[] {
  const was = before as Readonly<Record<string, unknown>>;
  const is = after as Readonly<Record<string, unknown>>;
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
  return names
    .filter((name) => canonical(was[name] ?? null) !== canonical(is[name] ?? null))
    .map((name) => `${name}: was ${text(was[name])}, is ${text(is[name])}`);
}

function text(value: unknown): string {
  return value === undefined ? 'not set' : canonical(value);
}

/** Throws `USAGE` with the differences, unless there are none. */
export function refuseDifferences(folder: string, found: readonly string[]): void {
  if (found.length === 0) return;
  throw new WhylensError(
    'USAGE',
    `'${folder}' holds a batch that was begun otherwise: ${found.join('; ')}. Go on as it was with --resume '${folder}', choose another --out, or do everything anew with --force`,
    { facts: { folder, differences: [...found] } },
  );
}
