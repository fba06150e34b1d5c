/** Draws the demo's three scenes and writes them with their true boxes to demo/scenes. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { encodePng } from '../src/images/png.js';
import { ROOT, SCENES_FOLDER, type DemoScene } from './files.js';
import { makeScene } from './scenes.js';
import { loadSprites } from './sprites.js';

/** Training never sees scenes of this seed. */
const SEED = 2026;
/** Chosen by their looks, before there was a model. */
const INDICES = [3, 15, 23];
/** Larger than what the model sees, as photographs are. */
const SCALE = 3;

await mkdir(SCENES_FOLDER, { recursive: true });
const sprites = await loadSprites();
const scenes: DemoScene[] = [];
for (const index of INDICES) {
  const { picture, objects } = makeScene(sprites, SEED, index, { scale: SCALE });
  const file = `${objects.map(({ name }) => name.replaceAll(' ', '-')).join('-and-')}.png`;
  await writeFile(join(SCENES_FOLDER, file), encodePng(picture));
  scenes.push({ file, objects });
  console.log(join(relative(ROOT, SCENES_FOLDER), file));
}
const listing = `${JSON.stringify(scenes, undefined, 2)}\n`;
await writeFile(join(SCENES_FOLDER, 'scenes.json'), listing);
