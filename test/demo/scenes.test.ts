import test from 'ava';
import { CLASSES, DISTRACTORS } from '../../demo/classes.js';
import { pointsAt } from '../../demo/localisation.js';
import { seededRandom } from '../../demo/random.js';
import { insideBox, makeScene, SCENE_SIZE, type Box, type Scene } from '../../demo/scenes.js';
import { loadSprites, spriteFor, type SpriteSet } from '../../demo/sprites.js';

const sprites = await loadSprites();

test('the same seed and index give the same scene, another one another scene', async (t) => {
  const scene = makeScene(sprites, 5, 3);
  t.deepEqual(makeScene(await loadSprites(), 5, 3), scene);
  t.notDeepEqual(makeScene(sprites, 5, 4).picture.data, scene.picture.data);
  t.notDeepEqual(makeScene(sprites, 6, 3).picture.data, scene.picture.data);
});

test('scenes are RGB pictures of two different objects in boxes that do not touch', (t) => {
  for (let i = 0; i < 50; i++) {
    const { picture, objects } = makeScene(sprites, 1, i);
    t.is(picture.mode, 'RGB');
    t.is(picture.data.length, SCENE_SIZE * SCENE_SIZE * 3);
    t.is(new Set(objects.map(({ index }) => index)).size, 2);
    for (const { index, name, box } of objects) {
      t.is(name, CLASSES[index].name);
      t.true(box.left >= 0 && box.top >= 0 && box.right <= SCENE_SIZE && box.bottom <= SCENE_SIZE);
      t.true(box.right - box.left >= 10 && box.bottom - box.top >= 10, JSON.stringify(box));
    }
    const [a, b] = objects.map(({ box }) => box);
    t.true(a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top);
  }
});

test('a box is tight around its object', (t) => {
  // the same scene with class 0 invisible differs exactly where its object is
  const clear = sprites.classes[0].map(({ size, data }) => ({
    size,
    data: new Float32Array(data.length),
  }));
  const without: SpriteSet = { ...sprites, classes: [clear, ...sprites.classes.slice(1)] };
  let seen = 0;
  for (let i = 0; seen < 5; i++) {
    const scene = makeScene(sprites, 2, i);
    const which = scene.objects.findIndex(({ index }) => index === 0);
    if (which < 0) continue;
    seen++;
    const found = difference(scene, makeScene(without, 2, i));
    const { box } = scene.objects[which];
    // the rim that is covered by less than half is left out of the box
    for (const side of ['left', 'top'] as const) {
      t.true(box[side] >= found[side] && box[side] <= found[side] + 2, side);
    }
    for (const side of ['right', 'bottom'] as const) {
      t.true(box[side] <= found[side] && box[side] >= found[side] - 2, side);
    }
  }
});

test('the same scene drawn larger has the same objects in the same places', (t) => {
  const small = makeScene(sprites, 5, 3);
  const large = makeScene(sprites, 5, 3, { scale: 3 });
  t.is(large.picture.width, 3 * SCENE_SIZE);
  for (const [i, { name, box }] of large.objects.entries()) {
    t.is(name, small.objects[i].name);
    for (const side of ['left', 'top', 'right', 'bottom'] as const) {
      t.true(Math.abs(box[side] / 3 - small.objects[i].box[side]) < 1.5, side);
    }
  }
  t.is(makeScene(sprites, 5, 3, { objects: 1 }).objects.length, 1);
});

test('every class appears about equally often', (t) => {
  const counts = CLASSES.map(() => 0);
  for (let i = 0; i < 600; i++) {
    for (const index of seededRandom(9, i).sample([...counts.keys()], 2)) counts[index]++;
  }
  t.true(Math.min(...counts) > 70 && Math.max(...counts) < 130, counts.join());
});

test('no distractor is a class, and drawings are never enlarged where a larger one exists', (t) => {
  const codes = new Set(CLASSES.map(({ code }) => code));
  t.false(DISTRACTORS.some(({ code }) => codes.has(code)));
  t.is(spriteFor(sprites.classes[0], 30).size, 32);
  t.is(spriteFor(sprites.classes[0], 1000).size, 256);
});

test('a map points at an object when its peak is in that box and in no other', (t) => {
  const box = (left: number, top: number): Box => ({
    left,
    top,
    right: left + 32,
    bottom: top + 32,
  });
  const scene: Scene = {
    picture: makeScene(sprites, 1, 1).picture,
    objects: [
      { index: 0, name: 'cat', box: box(0, 64) },
      { index: 1, name: 'dog', box: box(64, 0) },
    ],
  };
  // 2 rows of 4 cells, each 32 wide and 64 high; centres at y = 32 and 96
  const peakAt = (cell: number): { shape: number[]; data: Float32Array } => {
    const data = new Float32Array(8).fill(-3);
    data[cell] = -1;
    return { shape: [2, 4], data };
  };
  t.false(pointsAt(scene, 0, peakAt(0)));
  t.false(pointsAt(scene, 0, peakAt(2)));
  t.false(pointsAt(scene, 0, peakAt(4)), 'y = 96 is just below the box');
  const lower = { ...scene, objects: [{ ...scene.objects[0], box: box(0, 65) }, scene.objects[1]] };
  t.true(pointsAt(lower, 0, peakAt(4)));
  t.false(pointsAt(lower, 1, peakAt(4)));
  t.false(insideBox(box(0, 64), 32, 70), 'the right edge is outside');
});

function difference(a: Scene, b: Scene): Box {
  let [left, top, right, bottom] = [SCENE_SIZE, SCENE_SIZE, 0, 0];
  a.picture.data.forEach((value, i) => {
    if (value === b.picture.data[i]) return;
    const pixel = Math.floor(i / 3);
    const [x, y] = [pixel % SCENE_SIZE, Math.floor(pixel / SCENE_SIZE)];
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
  });
  return { left, top, right, bottom };
}
