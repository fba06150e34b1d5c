/** Decodes PNG files, large ones in a thread, so that a server can go on answering. */
import { Worker } from 'node:worker_threads';
import { WhylensError, type ErrorCode } from '../errors.js';
import type { Picture } from '../explanation.js';
import { decodePng, readPngHeader } from '../images/png.js';
import { remark, remarksOn } from '../images/remarks.js';
import { abortedError } from '../reading/abort.js';

/** Pixels from which on a thread is worth its start: about a tenth of a second. */
const WORTH_A_THREAD = 4_000_000;

export interface PngReply {
  readonly picture?: Picture;
  readonly remarks?: readonly string[];
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly facts: object };
}

export async function decodePngAside(
  bytes: Uint8Array,
  maxPixels: number,
  signal?: AbortSignal,
): Promise<Picture> {
  const { width, height } = readPngHeader(bytes);
  if (width * height < WORTH_A_THREAD || width * height > maxPixels) {
    return decodePng(bytes, { maxPixels });
  }
  let worker: Worker;
  try {
    worker = new Worker(new URL('./png-worker.js', import.meta.url), {
      workerData: { bytes, maxPixels },
    });
  } catch {
    // a bundle, or a host without threads
    return decodePng(bytes, { maxPixels });
  }
  let stop: (() => void) | undefined;
  try {
    const reply = await new Promise<PngReply | undefined>((done, failed) => {
      stop = () => failed(abortedError(signal!, 'decoding a PNG file'));
      signal?.addEventListener('abort', stop, { once: true });
      worker.once('message', done);
      // the thread itself did not start, or ran out of memory
      worker.once('error', () => done(undefined));
      worker.once('exit', () => done(undefined));
    });
    if (reply === undefined) return decodePng(bytes, { maxPixels });
    if (reply.error !== undefined) {
      const { code, message, facts } = reply.error;
      throw new WhylensError(code, message, { facts: { ...facts } });
    }
    for (const text of reply.remarks ?? []) remark(reply.picture!, text);
    return reply.picture!;
  } finally {
    if (stop !== undefined) signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}

/** What the thread does. */
export function replyTo(bytes: Uint8Array, maxPixels: number): PngReply {
  try {
    const picture = decodePng(bytes, { maxPixels });
    return { picture, remarks: remarksOn(picture) };
  } catch (error) {
    const { code = 'INVALID_PICTURE', message, facts } = error as WhylensError;
    return { error: { code, message, facts: JSON.parse(JSON.stringify(facts ?? {})) as object } };
  }
}
