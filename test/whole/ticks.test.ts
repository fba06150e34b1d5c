/** A long explanation leaves the event loop free: timers fire between its runs. */
import test from 'ava';
import { explainPrediction } from '../../src/explain/explain.js';
import { CompiledModel } from '../../src/model/compiled.js';
import { startEngine } from '../../src/model/executors/choose.js';
import { valueModel } from '../helpers/value-model.js';

const MASKS = 320;
const TOGETHER = 8;

for (const engine of ['onnxruntime-web', 'tfjs'] as const) {
  test.serial(`timers and progress during ${MASKS} runs on ${engine}`, async (t) => {
    const executor = await startEngine(engine, {
      threads: 1,
      ...(engine === 'tfjs' ? { backend: 'cpu' } : {}),
    });
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
    await explainPrediction(
      model,
      { shape: sizes, data },
      {
        method: 'rise',
        masks: MASKS,
        batchSize: TOGETHER,
        targets: 0,
        onProgress: () => reports++,
      },
    );
    waiting = false;
    t.true(reports >= MASKS / TOGETHER, `${reports} reports`);
    t.true(ticks >= MASKS / TOGETHER / 4, `${ticks} ticks`);
    model.release();
  });
}
