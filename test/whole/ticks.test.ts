/** A long explanation leaves the event loop free: timers fire between its runs. */
import test from 'ava';
import { explainPrediction } from '../../src/explain/explain.js';
import { CompiledModel } from '../../src/model/compiled.js';
import { isWhylensError } from '../../src/errors.js';
import { startEngine } from '../../src/model/executors/choose.js';
import type { Executor } from '../../src/model/executors/executor.js';
import { valueModel } from '../helpers/value-model.js';

const MASKS = 4000;
const TOGETHER = 16;

for (const engine of ['onnxruntime', 'onnxruntime-web', 'tfjs'] as const) {
  test.serial(`timers, progress and abort during ${MASKS} runs on ${engine}`, async (t) => {
    let executor: Executor;
    try {
      executor = await startEngine(engine, {
        threads: 1,
        ...(engine === 'tfjs' ? { backend: 'wasm' } : {}),
      });
    } catch (error) {
      t.log(`NOT CHECKED: ${engine} does not load here: ${String(error)}`);
      t.pass();
      return;
    }
    const model = new CompiledModel(valueModel(), executor);
    const [{ shape }] = model.describe().inputs;
    const sizes = [1, ...(shape as number[])];
    const data = Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, (_, i) =>
      Math.sin(i),
    );
    let ticks = 0;
    let reports = 0;
    let waiting = true;
    // a turn of the loop is counted when a timer fires in it
    const tick = (): void => {
      ticks++;
      if (waiting) setTimeout(tick, 0);
    };
    setTimeout(tick, 0);
    const doc = { shape: sizes, data };
    const options = { method: 'rise', masks: MASKS, batchSize: TOGETHER, targets: 0 } as const;
    await explainPrediction(model, doc, { ...options, onProgress: () => reports++ });
    waiting = false;
    t.true(reports >= MASKS / TOGETHER, `${reports} reports`);
    t.true(ticks >= MASKS / TOGETHER / 4, `${ticks} ticks`);
    // a timer that fires in between can stop it
    const cut = new AbortController();
    let seen = 0;
    setTimeout(() => cut.abort(), 0);
    const error = await t.throwsAsync(
      explainPrediction(model, doc, { ...options, signal: cut.signal, onProgress: () => seen++ }),
    );
    t.true(isWhylensError(error, 'ABORTED'), String(error));
    t.true(seen < MASKS / TOGETHER / 2, `${seen} reports before it stopped`);
    model.release();
  });
}
