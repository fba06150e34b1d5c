import test from 'ava';
import { randomCam } from '../../explainers/random-cam.js';
import { randomCamMap } from '../../src/maths/cam.js';
import { seededRandom } from '../../src/maths/random.js';
import { closeTo, mapOf } from '../helpers/close.js';
import { mapsOf } from '../helpers/context.js';
import { fakeClassifier, fakeInputs } from '../helpers/fake-model.js';

test('channels weighted with the numbers of the seed, uniform in [−1, 1]', (t) => {
  const random = seededRandom(5);
  const [a, b] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
  const A = { shape: [1, 2, 2], data: Float32Array.of(2, 1, 4, -1) };
  closeTo(t, randomCamMap(A, 5), mapOf([[2 * a + b, 4 * a - b]]));
  // one place a channel shows the weights themselves
  const one = (seed: number) =>
    randomCamMap({ shape: [1, 1], data: Float32Array.of(1) }, seed).data[0];
  const drawn = Array.from({ length: 400 }, (_, seed) => one(seed));
  t.true(Math.min(...drawn) >= -1 && Math.min(...drawn) < -0.95);
  t.true(Math.max(...drawn) <= 1 && Math.max(...drawn) > 0.95);
  t.true(Math.abs(drawn.reduce((x, y) => x + y, 0) / 400) < 0.1);
});

test('the seed is the context’s', async (t) => {
  const model = fakeClassifier();
  const inputs = fakeInputs([6, 8, 3]);
  const of = async (seed: number) => (await mapsOf(randomCam, model, inputs, { seed })).maps[0][0];
  t.deepEqual(await of(1), await of(1));
  t.notDeepEqual((await of(1)).data, (await of(2)).data);
});
