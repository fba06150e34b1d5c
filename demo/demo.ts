/**
 * The demo: which pixels made the classifier say what it said of three scenes
 * with two objects each. Writes pictures and a summary to `out/`, prints their paths.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import {
  explainPrediction,
  formatAsImage,
  formatAsText,
  loadImage,
  loadModel,
  saveImage,
  topClass,
  type Picture,
} from '../src/index.js';
import { resize } from '../src/entry/images.js';
import { MODEL_FOLDER, ROOT, SCENES_FOLDER, type DemoScene } from './files.js';
import { pointsAt } from './localisation.js';
import { montage } from './montage.js';
import { explainRowAndText } from './row-and-text.js';

const OUT = 'out';
/** Edge of a picture in the overview, in pixels. */
const TILE = 256;

const model = await loadModel(join(MODEL_FOLDER, 'model.json'), {
  labels: join(MODEL_FOLDER, 'labels.json'),
  preprocess: 'tf',
});
const listing = await readFile(join(SCENES_FOLDER, 'scenes.json'), 'utf8');
await mkdir(OUT, { recursive: true });
const summary: string[] = [];
const overview: Picture[][] = [];
for (const { file, objects } of JSON.parse(listing) as DemoScene[]) {
  const picture = await loadImage(join(SCENES_FOLDER, file));
  const expl = await explainPrediction(model, picture, { targets: [topClass(), topClass(1)] });
  if (expl.kind !== 'image') throw new Error(`expected a map over the picture, got ${expl.kind}`);
  const row = [picture];
  const lines = [`${relative(ROOT, join(SCENES_FOLDER, file))}:`];
  for (const [rank, { label = '', proba = 0, heatmap }] of expl.targets.entries()) {
    const overlay = formatAsImage(expl, { target: `#${rank}` });
    const path = join(OUT, `${basename(file, '.png')}.${label.replaceAll(' ', '-')}.png`);
    await saveImage(overlay, path);
    row.push(overlay);
    const which = objects.findIndex(({ name }) => name === label);
    const where =
      which === -1
        ? 'which is not in the scene'
        : `whose peak lies ${pointsAt({ picture, objects }, which, heatmap) ? 'on' : 'beside'} the ${label}`;
    lines.push(`  ${label} ${(100 * proba).toFixed(0)} %, ${where}: ${path}`);
  }
  overview.push(row.map((tile) => resize(tile, { width: TILE, height: TILE, filter: 'lanczos' })));
  print(lines.join('\n'));
  summary.push(...lines, '', formatAsText(expl), '');
}
model.dispose();

for (const line of await explainRowAndText(OUT)) print(line);

await saveImage(montage(overview), join(OUT, 'overview.png'));
await writeFile(join(OUT, 'summary.txt'), summary.join('\n'));
print(
  `all of it as one picture: ${join(OUT, 'overview.png')}, and as text: ${join(OUT, 'summary.txt')}`,
);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
