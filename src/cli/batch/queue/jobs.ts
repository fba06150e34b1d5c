/** What travels through the queue: references and results, never a picture's bytes. */
import type { JobsOptions } from 'bullmq';
import type { DocumentReference } from '../documents.js';
import type { Outcome } from '../explaining.js';
import type { BatchSettings } from '../settings.js';

/** A chunk of documents. */
export interface JobData {
  /** Hash of settings and model: a job with another one is not done. */
  readonly job: string;
  readonly documents: readonly DocumentReference[];
  /** Why the one document cannot be explained: the job only goes to the failed ones, where people look for it. */
  readonly error?: { readonly code: string; readonly message: string };
}

export interface JobResult {
  readonly outcomes: readonly Outcome[];
  /** Jobs to which documents of this one were moved: those that failed, and those that a leaving worker did not begin. */
  readonly moved: readonly {
    readonly id: string;
    readonly documents: readonly DocumentReference[];
  }[];
}

/** What workers must know of a batch. */
export interface BatchAbout {
  readonly name: string;
  readonly job: string;
  readonly settings: BatchSettings;
  readonly folder: string;
}

/** Tries again after 1, 2, 4 and 8 seconds; results stay until they are collected, failures forever. */
export const JOB_OPTIONS: JobsOptions = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 1000 },
  removeOnComplete: false,
  removeOnFail: false,
};
/** A chunk whose workers crashed this often is split into single documents; a single document is given up. */
export const MAX_STALLED = 3;
/** Milliseconds after which a job goes to another worker, if its worker gives no sign of life. */
export const LOCK = 10_000;
export const STALLED_EVERY = 3000;
