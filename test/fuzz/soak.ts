/**
 * `npm run soak -- [--minutes 3] [--seed 1]`: explains and predicts with every kind
 * of model while aborts, throws and disposals come at random moments, and counts
 * what stays behind: tensors, handles, memory, rejections that nobody heard.
 */
import { parseArgs } from 'node:util';
import { engine } from '@tensorflow/tfjs-core';
import { isWhylensError } from '../../src/errors.js';
import { explainPrediction, loadModel, predict } from '../../src/index.js';
import { hasSeed, MODELS } from './kinds.js';
import { chance } from './mutate.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string', default: '1' } },
});
const ROUND = 40;
/** Bytes that a process may hold more after the first rounds: heaps grow in steps. */
const GROWTH = 200 * 2 ** 20;
const METHODS = ['grad-cam', 'saliency', 'occlusion', 'rise', 'integrated-gradients', 'smooth'];
const NETWORKS = ['layers', 'graph', 'onnx', 'keras'].filter(hasSeed);

const problems: string[] = [];
process.on('unhandledRejection', (error) => problems.push(`nobody heard: ${String(error)}`));
const { below, pick } = chance(Number(values.seed));
const later = (): Promise<void> => new Promise((done) => setTimeout(done, below(60)));

async function once(kind: string): Promise<string> {
  const model = await loadModel(MODELS[kind]() as never);
  const shape = model.inputShape!.map((size) => size ?? 6);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => below(256));
  const doc = { shape: [1, ...shape], data };
  const control = new AbortController();
  const how = pick(['plain', 'abort', 'throw', 'reject', 'dispose', 'twice'] as const);
  const options = {
    signal: control.signal,
    preprocess: 'unit' as const,
    ...(how === 'throw' && {
      onProgress: () => {
        throw new Error('progress');
      },
    }),
    ...(how === 'reject' && { onProgress: () => Promise.reject(new Error('progress')) }),
  };
  const method = pick(METHODS);
  const work: Promise<unknown> =
    below(4) === 0
      ? predict(model, doc, options as never)
      : explainPrediction(model, doc, { ...options, method } as never);
  const ended = work.then(
    () => 'done',
    (error: unknown) => {
      if (isWhylensError(error)) return error.code;
      problems.push(`${kind} ${method} ${how}: ${String((error as Error)?.stack ?? error)}`);
      return 'untyped';
    },
  );
  if (how !== 'plain') await later();
  if (how === 'abort') control.abort();
  if (how === 'dispose' || how === 'twice') model.dispose();
  if (how === 'twice') model.dispose();
  const said = await ended;
  model.dispose();
  return `${how}: ${said}`;
}

interface Counted {
  readonly tensors: number;
  readonly handles: number;
  readonly rss: number;
}
function counted(): Counted {
  return {
    tensors: engine().state.numTensors,
    handles: process
      .getActiveResourcesInfo()
      .filter((name) => !/Timeout|Immediate|TTY|Pipe/.test(name)).length,
    rss: process.memoryUsage.rss(),
  };
}

const told = new Map<string, number>();
const end = performance.now() + Number(values.minutes) * 60_000;
let base: Counted | undefined;
let last = counted();
let rounds = 0;
while (performance.now() < end || rounds < 3) {
  for (let i = 0; i < ROUND; i++) {
    const how = await once(pick(NETWORKS));
    told.set(how, (told.get(how) ?? 0) + 1);
  }
  // sessions of disposed models are let go of when their last run has ended
  await new Promise((done) => setTimeout(done, 200));
  (globalThis as { gc?: () => void }).gc?.();
  last = counted();
  rounds++;
  process.stdout.write(`round ${rounds}: ${JSON.stringify(last)}\n`);
  // what is loaded once and kept is there by now
  if (rounds === 2) base = last;
}
if (last.tensors > base!.tensors) problems.push(`${last.tensors - base!.tensors} tensors stay`);
if (last.handles > base!.handles) problems.push(`${last.handles - base!.handles} handles stay`);
if (last.rss > base!.rss + GROWTH) problems.push(`${last.rss - base!.rss} bytes stay`);
process.stdout.write(`${JSON.stringify(Object.fromEntries([...told].sort()), null, 1)}\n`);
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(problems.length === 0 ? 'soak: pass\n' : `soak: FAIL, ${problems.length}\n`);
process.exit(problems.length === 0 ? 0 : 1);
