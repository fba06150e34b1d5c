/** One document of a batch, from its reference to outputs in their places: what each worker does. */
import { stat } from 'node:fs/promises';
import type { Container } from 'inversify';
import { createContainer, registryOf } from '../../container/container.js';
import type { Formatter } from '../../container/plugin.js';
import type { Registry } from '../../container/registry.js';
import { isWhylensError, WhylensError, type ErrorCode } from '../../errors.js';
import { evaluateExplanation } from '../../evaluate/evaluate.js';
import type { Metric } from '../../evaluate/metrics.js';
import { explainPrediction } from '../../explain/explain.js';
import type { ExplainOptions } from '../../explain/explain-options.js';
import type { Explanation, TargetBase } from '../../explanation.js';
import { loadImage } from '../../node/load-image.js';
import { readFileBounded } from '../../node/read-file.js';
import type { Fail } from '../../reading/fetch.js';
import { DEFAULT_LIMITS } from '../../reading/limits.js';
import { layerReference } from '../flags/explain.js';
import { formatOptions, methodOptions } from '../flags/format.js';
import { openModel, type OpenModel } from '../model.js';
import { slug } from '../outputs.js';
import { loadPluginFile } from '../plugins.js';
import { formatterOf, formattersFor } from '../rendering.js';
import { inferredLines } from '../summary.js';
import { parseTarget } from '../target-expression.js';
import { openArchive, type Archive } from './archive.js';
import type { DocumentReference } from './documents.js';
import type { JournalEntry } from './journal.js';
import { rowsOf } from './results.js';
import { canonical, sha256, type BatchSettings } from './settings.js';
import { bytesOf, writeForGood } from './write-outputs.js';

/** What became of a document. `stop` says that the next one would fail in the same way. */
export type Outcome = Omit<JournalEntry, 'job'> & {
  readonly stop?: boolean;
  /** What was decided about the model because the user left it out; reported with a worker's first document. */
  readonly inferred?: readonly string[];
};

/** Errors that say something about one document. */
const OF_ONE_DOCUMENT: readonly ErrorCode[] = [
  'INVALID_DOCUMENT',
  'INVALID_PICTURE',
  'PICTURE_TOO_LARGE',
  'TOO_LARGE',
  // another instance is there for the next one
  'ENGINE_LOST',
  'MODEL_OUTPUT',
  'FILE',
];
/** Errors that also say something about one document, if it has a target of its own. */
const OF_ONE_TARGET: readonly ErrorCode[] = ['USAGE', 'INVALID_TARGET', 'UNKNOWN_LABEL'];

/** Where outputs go: a folder, or a store that several machines see. */
export interface OutputStore {
  put(name: string, bytes: Uint8Array): Promise<void>;
}

/** A model, opened once, and the settings of the batch. */
export class Explaining {
  private told = false;
  private readonly archives = new Map<string, Promise<Archive>>();

  private constructor(
    private readonly settings: BatchSettings,
    private readonly store: OutputStore,
    private readonly container: Container,
    private readonly registry: Registry,
    private readonly opened: OpenModel,
    private readonly options: ExplainOptions,
  ) {}

  /** Loads plugins and model and checks every setting, before any document is read. */
  static async open(
    settings: BatchSettings,
    store: OutputStore,
    signal = new AbortController().signal,
  ): Promise<Explaining> {
    const container = createContainer();
    for (const plugin of settings.plugins) await loadPluginFile(container, plugin);
    const registry = registryOf(container);
    for (const as of settings.as) {
      formatFlags(settings, formattersFor(registry, as, undefined)[0], registry, as);
    }
    const { method, opt } = settings;
    const own = method === undefined ? {} : methodOptions(registry, method, opt);
    const background =
      settings.background === undefined
        ? {}
        : {
            background: await (
              await import('../../node/read-table.js')
            ).readTable(settings.background),
          };
    const flags = { ...settings, quiet: true };
    const opened = await openModel(settings.model, flags, { signal });
    const options: ExplainOptions = {
      ...own,
      ...background,
      ...opened.options,
      container,
      ...(method !== undefined && { method }),
      score: settings.score,
      layer: layerReference(settings.layer),
      seed: settings.seed,
      batchSize: settings.batchSize,
      maxMemory: settings.maxMemory,
      backend: settings.backend,
      signal,
    };
    const found = new Explaining(settings, store, container, registry, opened, options);
    try {
      // a wrong target is reported before the first document
      found.targetsOf(undefined);
    } catch (error) {
      opened.model.dispose();
      throw error;
    }
    return found;
  }

  /** Reads, explains, writes. Never throws: what went wrong is in the outcome. */
  async explain(reference: DocumentReference): Promise<Outcome> {
    const start = performance.now();
    let hash = '';
    let stamp: string | undefined;
    const ended = () => ({
      index: reference.index,
      hash,
      ...(stamp !== undefined && { stamp }),
      ms: Math.round((performance.now() - start) * 10) / 10,
      at: new Date().toISOString(),
    });
    try {
      const read = await this.read(reference);
      ({ hash, stamp } = read);
      const document = await read.document();
      const explanation = await explainPrediction(this.opened.model, document, {
        ...this.options,
        targets: this.targetsOf(reference.target),
      });
      const metrics = await this.measure(document, explanation);
      const outputs = await this.write(reference.output, explanation);
      return {
        ...ended(),
        state: 'done',
        outputs,
        rows: rowsOf(explanation, metrics),
        ...(explanation.warnings.length > 0 && { warnings: explanation.warnings }),
        ...this.inferred(explanation, reference),
      };
    } catch (error) {
      const code = isWhylensError(error) ? error.code : 'UNEXPECTED';
      const message = error instanceof Error ? error.message : String(error);
      const stop = this.stops(error, reference);
      return {
        ...ended(),
        state: 'failed',
        outputs: [],
        rows: [],
        error: { code, message },
        ...(stop && { stop }),
      };
    }
  }

  async dispose(): Promise<void> {
    this.opened.model.dispose();
    for (const archive of this.archives.values()) await archive.then((one) => one.close());
    this.archives.clear();
  }

  /** Reported once, by the first document that is explained. */
  private inferred(
    explanation: Explanation,
    { kind }: DocumentReference,
  ): Pick<Outcome, 'inferred'> {
    if (this.told) return {};
    this.told = true;
    const { targets, layer, labels, preprocess, backend } = this.settings;
    const target = targets.length === 0 ? undefined : targets;
    const flags = { layer, labels, preprocess, backend, target };
    const document = kind === 'text' || kind === 'row' ? kind : 'picture';
    return { inferred: inferredLines(this.opened, explanation, flags, document) };
  }

  private stops(error: unknown, { target }: DocumentReference): boolean {
    // an unforeseen error may be caused by this document
    if (!isWhylensError(error)) return false;
    if (error.facts.output === true) return true;
    if (target !== undefined && OF_ONE_TARGET.includes(error.code)) return false;
    return !OF_ONE_DOCUMENT.includes(error.code);
  }

  private targetsOf(own: string | undefined): ExplainOptions['targets'] {
    const texts = own === undefined ? this.settings.targets : [own];
    if (texts.length === 0) return undefined;
    if (texts.length === 1 && texts[0] === 'all') return 'all';
    return texts.map((text) => parseTarget(text, this.opened.model.labels));
  }

  private async read(reference: DocumentReference): Promise<{
    readonly hash: string;
    readonly stamp?: string;
    readonly document: () => Promise<unknown>;
  }> {
    const { maxBytes } = DEFAULT_LIMITS;
    switch (reference.kind) {
      case 'text':
        return {
          hash: sha256(reference.text),
          document: () => Promise.resolve(reference.text),
        };
      case 'row':
        return {
          hash: sha256(canonical(reference.row)),
          document: () => Promise.resolve(reference.row),
        };
      case 'entry': {
        const { archive: path, entry } = reference;
        let archive = this.archives.get(path);
        if (archive === undefined) this.archives.set(path, (archive = openArchive(path)));
        const bytes = await (await archive).read(entry, maxBytes);
        return { hash: sha256(bytes), document: () => picture(bytes, reference.name) };
      }
      case 'address':
        return { hash: sha256(reference.address), document: () => loadImage(reference.address) };
      case 'file': {
        const { path } = reference;
        const stamp = await stampOf(path);
        const fail: Fail = (why, details) =>
          new WhylensError('FILE', `cannot read the picture '${path}': ${why}`, details);
        const bytes = await readFileBounded(path, { limits: DEFAULT_LIMITS, fail, named: true });
        return {
          hash: sha256(bytes),
          ...(stamp !== undefined && { stamp }),
          document: () => picture(bytes, path),
        };
      }
    }
  }

  private async measure(
    document: unknown,
    explanation: Explanation,
  ): Promise<Record<string, number | null>[]> {
    const { metrics } = this.settings;
    if (metrics.length === 0) return [];
    const { targets = [] } = explanation as { targets?: readonly TargetBase[] };
    const found: Record<string, number | null>[] = [];
    for (const target of targets.keys()) {
      const { values } = await evaluateExplanation(this.opened.model, document, explanation, {
        metrics: metrics as readonly Metric[],
        target,
        container: this.container,
        seed: this.settings.seed,
        batchSize: this.settings.batchSize,
        maxMemory: this.settings.maxMemory,
        signal: this.options.signal,
      });
      found.push({ ...values });
    }
    return found;
  }

  private async write(base: string, explanation: Explanation): Promise<JournalEntry['outputs']> {
    const outputs: { name: string; bytes: number }[] = [];
    for (const as of this.settings.as) {
      const formatters = formattersFor(this.registry, as, undefined);
      const formatter = formatterOf(formatters, explanation.kind);
      const chosen = formatFlags(this.settings, formatter, this.registry, as);
      const extension = extensionOf(formatter, as, chosen);
      for (const { suffix, options } of partsOf(formatter, explanation, chosen)) {
        const name = `${base}${suffix}.${extension}`;
        const bytes = await bytesOf(formatter.format(explanation, options), extension);
        try {
          await this.store.put(name, bytes);
        } catch (cause) {
          throw new WhylensError('FILE', (cause as Error).message, {
            cause,
            facts: { output: true },
          });
        }
        outputs.push({ name, bytes: bytes.length });
      }
    }
    return outputs;
  }
}

/** A folder of this machine as a store. */
export function folderStore(folder: string): OutputStore {
  return { put: (name, bytes) => writeForGood(folder, name, bytes) };
}

/** Size and time of change of a regular file: they change when its content does. */
export async function stampOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  return `${found.size}-${found.mtimeMs}`;
}

async function picture(bytes: Uint8Array, name: string): Promise<unknown> {
  try {
    return await loadImage(bytes);
  } catch (error) {
    if (!isWhylensError(error)) throw error;
    const message = error.message.replace(/the picture of \d+ bytes/, `the picture '${name}'`);
    throw new WhylensError(error.code, message, { cause: error, facts: error.facts });
  }
}

function formatFlags(
  { format, formatOpt }: BatchSettings,
  formatter: Formatter,
  registry: Registry,
  as: string,
): Record<string, unknown> {
  const names = Object.keys(formatter.options);
  // several formatters share the flags; each takes those that it knows
  const mine = Object.fromEntries(Object.entries(format).filter(([name]) => names.includes(name)));
  const pairs = formatOpt.filter((pair) => names.includes(pair.split('=')[0].trim()));
  return formatOptions(formatter, registry, { ...mine, formatOpt: pairs }, new Set(), as);
}

function extensionOf(
  { extensions }: Formatter,
  as: string,
  { format }: Readonly<Record<string, unknown>>,
): string {
  if (extensions.includes(as)) return as;
  return extensions[0] ?? (typeof format === 'string' ? format : 'txt');
}

/** A formatter that shows one target at a time makes one output for each target. */
function partsOf(
  formatter: Formatter,
  explanation: Explanation,
  options: Readonly<Record<string, unknown>>,
): { suffix: string; options: Record<string, unknown> }[] {
  const { targets = [] } = explanation as { targets?: readonly TargetBase[] };
  const single = Object.hasOwn(formatter.options, 'target') && explanation.kind !== 'concepts';
  if (!single || targets.length < 2 || options.target !== undefined) {
    return [{ suffix: '', options: { ...options } }];
  }
  const taken = new Set<string>();
  return targets.map(({ target, label }) => {
    const word = slug(label ?? String(target));
    const suffix = taken.has(word) ? `~${word}-${slug(String(target))}` : `~${word}`;
    taken.add(word);
    return { suffix, options: { ...options, target } };
  });
}
