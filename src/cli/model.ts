/** Opening the model that a command line names. */
import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isWhylensError, WhylensError } from '../errors.js';
import { abortable } from '../reading/abort.js';
import type { Io } from './io.js';
import type { Preprocess } from '../documents/document.js';
import type { Engine } from '../model/engines.js';
import type { LoadedModel } from '../model/loaded.js';

export interface ModelFlags {
  readonly labels?: string;
  readonly preprocess?: string;
  readonly engine?: Engine | 'auto';
  readonly threads?: number;
  readonly backend?: string;
  readonly allowHost?: readonly string[];
  readonly quiet?: boolean;
}

/** A model, and what its module says about it in addition to `loadModel`. */
export interface OpenModel {
  readonly model: LoadedModel;
  readonly options: { readonly inputShape?: readonly number[] };
}

/** What a JavaScript module given as `--model` may export beside its default, the model itself. */
interface ModelModule {
  readonly default?: unknown;
  readonly name?: string;
  readonly labels?: readonly string[];
  readonly preprocess?: Preprocess;
  readonly inputShape?: readonly number[];
}

/**
 * A tfjs `model.json` (file, folder or address), or a JavaScript module whose
 * default export is the model: a function that predicts, a tfjs model, or
 * whatever an adapter of a plugin recognises.
 */
export async function openModel(
  path: string,
  flags: ModelFlags,
  { signal }: Pick<Io, 'signal'>,
): Promise<OpenModel> {
  if (flags.quiet === true) {
    const { announceTo } = await import('../model/announce.js');
    announceTo(() => undefined);
  }
  if (/[.][cm]?js$/.test(path) && !/^https?:/.test(path)) return moduleModel(path, flags, signal);
  const { loadModel } = await import('../node/load-model.js');
  const model = await loadModel(path, {
    labels: flags.labels,
    preprocess: flags.preprocess as Preprocess | undefined,
    engine: flags.engine,
    threads: flags.threads,
    backend: flags.backend,
    allowHosts: flags.allowHost,
    signal,
  });
  return { model, options: {} };
}

async function moduleModel(
  path: string,
  flags: ModelFlags,
  signal: AbortSignal,
): Promise<OpenModel> {
  if (!existsSync(path)) {
    throw new WhylensError('MODEL_LOAD', `cannot read the model '${path}': there is no such file`);
  }
  let module: ModelModule;
  try {
    const loading = import(pathToFileURL(resolve(path)).href) as Promise<ModelModule>;
    module = await abortable(loading, signal, `loading '${path}'`);
  } catch (cause) {
    if (isWhylensError(cause, 'ABORTED')) throw cause;
    throw new WhylensError(
      'MODEL_LOAD',
      `the module '${path}' does not load: ${(cause as Error).message.split('\n')[0]}`,
      { cause },
    );
  }
  if (module.default === undefined) {
    throw new WhylensError(
      'MODEL_LOAD',
      `a model given as a JavaScript module must be its default export; '${path}' exports ${Object.keys(module).join(', ') || 'nothing'}`,
    );
  }
  const labels =
    flags.labels === undefined ? module.labels : await labelsFrom(flags.labels, signal);
  const model: LoadedModel = {
    kind: 'loaded-model',
    name: module.name ?? basename(path, extname(path)),
    model: module.default,
    labels,
    preprocess: (flags.preprocess as Preprocess | undefined) ?? module.preprocess,
    backend: flags.backend,
    dispose: () => undefined,
  };
  return { model, options: { inputShape: module.inputShape } };
}

async function labelsFrom(file: string, signal: AbortSignal): Promise<string[]> {
  const { loadLabels } = await import('../node/load-model.js');
  return loadLabels(file, { signal });
}
