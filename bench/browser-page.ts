/** What the page of `npm run bench browser` runs: one row over one forward pass of the same network, in turn. */
import * as ort from 'onnxruntime-web/wasm';
import { explainBatch, explainPrediction, loadModel, type LoadedModel } from 'whylens';
import type { Row } from './engine-rows.js';

/** Forward passes in one turn of the unit: a single one is too short for a page's clock. */
const UNIT = 5;
const WARM = 5;

export interface Setting {
  readonly network: string;
  readonly engine: 'onnxruntime-web' | 'tfjs';
  readonly backend: string;
  readonly target: number;
}

interface Opened {
  readonly model: LoadedModel;
  readonly x: { readonly shape: number[]; readonly data: Float32Array };
  readonly unit: () => Promise<void>;
  /** Milliseconds from the address to the first record. */
  readonly first: number;
  readonly engine: string;
  dispose(): Promise<void>;
}

let opened: Opened | undefined;

/** Loads the network for an engine, and for the unit; returns how long the first map took. */
async function openNetwork({ network, engine, backend, target }: Setting): Promise<object> {
  await opened?.dispose();
  const began = performance.now();
  const model = await loadModel(network, { engine, backend, threads: 1, preprocess: 'tf' });
  const shape = [1, 3, 224, 224];
  const data = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(i * i));
  const x = { shape, data };
  await explainPrediction(model, x, { targets: target });
  const first = performance.now() - began;
  const session = await ort.InferenceSession.create(network, { executionProviders: ['wasm'] });
  const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, shape) };
  opened = {
    model,
    x,
    first,
    engine: `${model.engine}${model.backend === undefined ? '' : ` (${model.backend})`}`,
    unit: async () => {
      for (let i = 0; i < UNIT; i++) await session.run(feeds);
    },
    dispose: async () => {
      model.dispose();
      await session.release();
    },
  };
  const unit = await median([opened.unit], 5);
  return { first, engine: opened.engine, forward: unit[0] / UNIT };
}

/** Milliseconds of each work, taking turns; medians. */
async function median(works: readonly (() => Promise<unknown>)[], rounds: number) {
  const taken = works.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < works.length; turn++) {
      const which = (turn + round + works.length) % works.length;
      const began = performance.now();
      await works[which]();
      if (round >= 0) taken[which].push(performance.now() - began);
    }
  }
  return taken.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]);
}

/** The row over one forward pass. */
async function time({ method, options, long = false }: Row, target: number, rounds: number) {
  const { model, x, unit } = opened!;
  const work = () => explainPrediction(model, x, { method, targets: target, ...options });
  for (let i = 0; i < (long ? 0 : WARM); i++) await work();
  const [one, whole] = await median([unit, work], rounds);
  return (UNIT * whole) / one;
}

/** Ten targets, and 32 pictures, over one of each. */
async function timeSeveral(target: number, rounds: number) {
  const { model, x } = opened!;
  const one = () => explainPrediction(model, x, { targets: target });
  const ten = () => explainPrediction(model, x, { targets: [...Array(10).keys()] });
  const docs = Array.from({ length: 32 }, () => x);
  const batch = () => explainBatch(model, docs, { targets: target, together: 32 });
  const singles = async () => {
    for (const doc of docs) await explainPrediction(model, doc, { targets: target });
  };
  const [a, b] = await median([one, ten], rounds);
  const [c, d] = await median([batch, singles], Math.max(1, Math.floor(rounds / 3)));
  return [b / a, c / d];
}

Object.assign(globalThis, { openNetwork, time, timeSeveral });
