/** The thread that reads HDF5 files (see `h5-aside.ts`). */
import { isWhylensError } from '../../errors.js';
import type { H5Job, H5Reply } from './h5-aside.js';
import { isArray, readH5Tree, type H5Group } from './h5-tree.js';

const { parentPort } = process.getBuiltinModule('node:worker_threads');

const answer = (reply: H5Reply, transfer: readonly ArrayBuffer[] = []): void =>
  parentPort!.postMessage(reply, [...transfer]);

async function read({ bytes, name }: H5Job): Promise<void> {
  try {
    const tree = await readH5Tree(bytes, name);
    answer({ tree }, [...new Set(buffersOf(tree))]);
  } catch (error) {
    if (!isWhylensError(error)) throw error;
    answer({ error: { code: error.code, message: error.message } });
  }
}

/** Numbers go over as they are; nothing else holds these buffers. */
function buffersOf({ children }: H5Group): ArrayBuffer[] {
  return [...children.values()].flatMap((child) =>
    isArray(child) ? [child.data.buffer as ArrayBuffer] : buffersOf(child),
  );
}

// the library takes a while to start: that is not the file's doing
const { default: library } = await import('h5wasm');
await library.ready;
parentPort!.on('message', (job: H5Job) => void read(job));
answer('ready');
