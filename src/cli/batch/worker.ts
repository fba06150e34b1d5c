/** A thread of the pool: a model of its own, asked for one document after the other. */
import { workerData } from 'piscina';
import { isWhylensError, type ErrorCode } from '../../errors.js';
import type { DocumentReference } from './documents.js';
import { Explaining, type Outcome } from './explaining.js';
import type { BatchSettings } from './settings.js';
import { openStore } from './store.js';

export interface WorkerData {
  readonly settings: BatchSettings;
  readonly folder: string;
}

/** The model or a plugin does not load: nothing can be explained. */
export interface NotOpened {
  readonly notOpened: { readonly code: ErrorCode | undefined; readonly message: string };
}

const { settings, folder } = workerData as WorkerData;
let opened: Promise<Explaining> | undefined;

export default async function explain(reference: DocumentReference): Promise<Outcome | NotOpened> {
  opened ??= openStore(folder, settings.store).then((store) => Explaining.open(settings, store));
  let explaining: Explaining;
  try {
    explaining = await opened;
  } catch (error) {
    // an error that crosses threads keeps its message and loses its code
    const code = isWhylensError(error) ? error.code : undefined;
    return { notOpened: { code, message: (error as Error).message } };
  }
  return explaining.explain(reference);
}
