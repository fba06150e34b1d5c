import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { explainPredictions } from '../../src/explain/explain.js';
import { encodePng } from '../../src/images/png.js';
import { loadImages } from '../../src/node/load-images.js';

const grey = (value: number) =>
  encodePng({ width: 2, height: 1, mode: 'L', data: Uint8ClampedArray.of(value, 255 - value) });

test('the pictures of a folder, by name, and what is not a picture left alone', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'whylens-'));
  try {
    await t.throwsAsync(async () => loadImages(folder).next(), { message: /holds no picture/ });
    await writeFile(join(folder, 'b.png'), grey(20));
    await writeFile(join(folder, 'a.PNG'), grey(10));
    await writeFile(join(folder, '.c.png'), 'hidden');
    await writeFile(join(folder, 'notes.txt'), 'x');
    const first: number[] = [];
    for await (const picture of loadImages(folder)) first.push(picture.data[0]);
    t.deepEqual(first, [10, 20]);
    // a folder is explained picture by picture
    const sums: number[] = [];
    const model = ({ shape, data }: { shape: readonly number[]; data: Float32Array }) =>
      Array.from({ length: shape[0] }, (_, n) => [data[n * 2], data[n * 2 + 1]]);
    const options = { method: 'occlusion', inputShape: [1, 2, 1], targets: 0, patch: 1, stride: 1 };
    for await (const explanation of explainPredictions(model, loadImages(folder), options)) {
      if (explanation.kind === 'image') sums.push(explanation.targets[0].score);
    }
    t.deepEqual(sums, [10, 20]);
  } finally {
    await rm(folder, { recursive: true });
  }
  await t.throwsAsync(async () => loadImages(join(folder, 'gone')).next(), {
    message: /cannot read the folder/,
  });
});
