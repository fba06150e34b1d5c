/** A thread of the server. */
import type { MessagePort } from 'node:worker_threads';
import { workerData } from 'piscina';
import { isWhylensError } from '../../errors.js';
import { Answering, type Answer, type AnsweringSettings } from './answering.js';
import type { Question } from './question.js';

export interface Task {
  readonly question: Question;
  /** Progress goes there; what comes from there says that nobody wants the answer any more. */
  readonly port: MessagePort;
}

export type Said = 'begun' | { readonly done: number; readonly total: number };

/** Errors lose their code on the way between threads, so they travel as data. */
export type Reply =
  | Answer
  | {
      readonly error: { readonly code: string; readonly message: string; readonly status?: number };
    };

const settings = workerData as AnsweringSettings;
let opened: Promise<Answering> | undefined;

export default async function reply({ question, port }: Task): Promise<Reply> {
  const abort = new AbortController();
  const say = (said: Said): void => port.postMessage(said);
  port.once('message', () => abort.abort());
  say('begun');
  try {
    opened ??= Answering.open(settings);
    const answering = await opened;
    return await answering.answer(question, {
      onProgress: (done, total) => say({ done, total }),
      signal: abort.signal,
    });
  } catch (error) {
    const { message } = error as Error;
    if (!isWhylensError(error)) return { error: { code: 'UNEXPECTED', message } };
    const { status } = error.facts;
    return {
      error: { code: error.code, message, ...(typeof status === 'number' && { status }) },
    };
  } finally {
    port.close();
  }
}
