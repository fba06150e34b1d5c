/** A plugin that adds nothing: it counts what the engines of its thread hold, and writes it where `WHYLENS_BENCH_PROBE` says. */
import { renameSync, writeFileSync } from 'node:fs';
import { isMainThread, threadId } from 'node:worker_threads';
import { engine, memory } from '@tensorflow/tfjs-core';
import { ContainerModule } from 'whylens/plugin';
import { importOnnxRuntimeNode } from '../../src/model/executors/onnxruntime/node.js';

export interface Held {
  readonly sessions: number;
  readonly tensors: number;
}

let sessions = 0;
const where = process.env.WHYLENS_BENCH_PROBE;
if (!isMainThread && where !== undefined) {
  await countSessions().catch(() => undefined);
  setInterval(() => {
    // that engine may never have been asked for
    const tensors = Object.keys(engine().registry).length === 0 ? 0 : memory().numTensors;
    const held: Held = { sessions, tensors };
    const path = `${where}-${threadId}`;
    writeFileSync(`${path}.new`, JSON.stringify(held));
    renameSync(`${path}.new`, path);
  }, 250).unref();
}

/** Sessions that were made and not released. */
async function countSessions(): Promise<void> {
  const found = await importOnnxRuntimeNode();
  if (!('runtime' in found)) return;
  const { InferenceSession } = found.runtime as unknown as {
    InferenceSession: { create: (...given: unknown[]) => Promise<{ release(): Promise<void> }> };
  };
  const create = InferenceSession.create.bind(InferenceSession);
  InferenceSession.create = async (...given) => {
    const session = await create(...given);
    sessions++;
    const release = session.release.bind(session);
    session.release = () => {
      sessions--;
      return release();
    };
    return session;
  };
}

export default new ContainerModule(() => undefined);
