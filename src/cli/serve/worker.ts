/** A thread of the server. */
import type { MessagePort } from 'node:worker_threads';
import { workerData } from 'piscina';
import { isWhylensError } from '../../errors.js';
import { Answering, type Answer, type AnsweringSettings } from './answering.js';
import type { Question } from './question.js';

export interface Task {
  readonly question: Question;
  /** Progress goes there. */
  readonly port?: MessagePort;
}

/** Errors lose their code on the way between threads, so they travel as data. */
export type Reply =
  | Answer
  | {
      readonly error: { readonly code: string; readonly message: string; readonly status?: number };
    };

const settings = workerData as AnsweringSettings;
let opened: Promise<Answering> | undefined;

export default async function reply({ question, port }: Task): Promise<Reply> {
  try {
    opened ??= Answering.open(settings);
    const answering = await opened;
    return await answering.answer(question, (done, total) => {
      port?.postMessage({ done, total });
    });
  } catch (error) {
    const { message } = error as Error;
    if (!isWhylensError(error)) return { error: { code: 'UNEXPECTED', message } };
    const { status } = error.facts;
    return {
      error: { code: error.code, message, ...(typeof status === 'number' && { status }) },
    };
  } finally {
    port?.close();
  }
}
