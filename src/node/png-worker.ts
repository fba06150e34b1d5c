/** The thread in which a large PNG file is decoded. */
import { parentPort, workerData } from 'node:worker_threads';
import { replyTo } from './png-aside.js';

const { bytes, maxPixels } = workerData as { bytes: Uint8Array; maxPixels: number };
const reply = replyTo(bytes, maxPixels);
parentPort?.postMessage(
  reply,
  reply.picture === undefined ? [] : [reply.picture.data.buffer as ArrayBuffer],
);
