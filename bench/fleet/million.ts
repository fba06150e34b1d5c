/** What a million explanations cost, by method: hours of one processor, from reading a picture to the bytes of a PNG. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explainPrediction, formatAsImage, loadImage, loadModel } from '../../src/index.js';
import { encodePng } from '../../src/images/png.js';
import { mobileNet } from '../made-networks.js';
import { median, subject, type Part } from './shared.js';

const METHODS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'grad-cam': {},
  'layer-cam': {},
  'eigen-cam': {},
  'ablation-cam': {},
  saliency: {},
  'guided-grad-cam': {},
  'full-grad': {},
  'smooth, 25 of saliency': { method: 'smooth', of: 'saliency', n: 25 },
  'integrated-gradients, 50 steps': { method: 'integrated-gradients', steps: 50 },
  'occlusion, 225 places': { method: 'occlusion', patch: 28, stride: 14 },
  'score-cam': {},
  'rise, 1000 masks': { method: 'rise', masks: 1000 },
  'lime, 500 samples': { method: 'lime', samples: 500 },
};
const SECONDS = 3;

export async function million({ folder, quick }: Part): Promise<void> {
  const { name: first, file, picture, preprocess, target } = subject();
  const bytes = new Uint8Array(await readFile(picture));
  const how = { threads: 1, engine: 'auto' } as const;
  const models = {
    [first]: () => loadModel(file, { ...how, preprocess }),
    // weights from a seed: the time is that of trained ones
    ...(!quick && {
      'MobileNet V1 1.0': async () => {
        const path = join(folder, 'mobilenet.onnx');
        await writeFile(path, mobileNet());
        return loadModel(path, { ...how, preprocess: 'tf' });
      },
    }),
  };
  console.log('\na million explanations, hours of one processor (one thread, ms of one beside it)');
  for (const [name, open] of Object.entries(models)) {
    const model = await open();
    for (const [label, { method = label, ...options }] of Object.entries(METHODS)) {
      const times: number[] = [];
      const end = performance.now() + 1000 * (quick ? 1 : SECONDS);
      do {
        const start = process.cpuUsage();
        const explanation = await explainPrediction(model, await loadImage(bytes), {
          method: String(method),
          targets: target,
          ...options,
        });
        encodePng(formatAsImage(explanation));
        const { user, system } = process.cpuUsage(start);
        times.push((user + system) / 1000);
      } while (performance.now() < end || times.length < 3);
      const ms = median(times.slice(1));
      console.log(
        `${name.padEnd(18)} ${label.padEnd(32)} ${((ms * 1e6) / 3.6e6).toPrecision(3).padStart(7)}  (${ms.toFixed(1)} ms)`,
      );
    }
    model.dispose();
  }
}
