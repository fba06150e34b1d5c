/**
 * Every method on the same scene, as small pictures and a page:
 * `docs/images/gallery/` and `docs/gallery.md`. Run by `npm run docs:gallery`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContainer, registryOf } from '../src/container/container.js';
import { explainPrediction, formatAsImage, loadImage, loadModel, saveImage } from '../src/index.js';
import { resize } from '../src/entry/images.js';
import { MODEL_FOLDER, ROOT, SCENES_FOLDER } from './files.js';

const SCENE = 'banana-and-dog.png';
const TARGETS = ['dog', 'banana'];
const TILE = 160;
const FOLDER = 'docs/images/gallery';

const model = await loadModel(join(MODEL_FOLDER, 'model.json'), {
  labels: join(MODEL_FOLDER, 'labels.json'),
  preprocess: 'tf',
});
const picture = await loadImage(join(SCENES_FOLDER, SCENE));
const { explainers } = registryOf(createContainer());
await mkdir(join(ROOT, FOLDER), { recursive: true });

const rows: string[] = [];
for (const { id, documents } of explainers.values()) {
  if (!documents.includes('image')) continue;
  const expl = await explainPrediction(model, picture, { method: id, targets: TARGETS });
  const cells: string[] = [];
  // a method that finds concepts has no map for each target: its one picture stands for both
  const targets = expl.kind === 'image' ? TARGETS : [undefined];
  for (const target of targets) {
    const name = `${id.replaceAll('+', 'p')}${target === undefined ? '' : `-${target}`}.jpg`;
    const drawn = formatAsImage(expl, target === undefined ? {} : { target });
    const tile = resize(drawn, { width: TILE, height: TILE, filter: 'lanczos' });
    await saveImage(tile, join(ROOT, FOLDER, name));
    const alt = target === undefined ? `${id}: concepts` : `${id}: why ${target}`;
    cells.push(`![${alt}](images/gallery/${name})`);
  }
  rows.push(
    `| [\`${id}\`](methods/${encodeURI(id)}.md) | ${cells[0]} | ${cells[1] ?? 'the same picture'} |`,
  );
}
model.dispose();
await saveImage(
  resize(picture, { width: TILE, height: TILE, filter: 'lanczos' }),
  join(ROOT, FOLDER, 'scene.jpg'),
);

await writeFile(
  join(ROOT, 'docs/gallery.md'),
  `# Gallery

Every picture method on the same scene, with its defaults, for the two classes that are in it. The scene and the classifier are those of the [demo](../demo/README.md). \`npm run docs:gallery\` makes this page.

![The scene: a banana and a dog](images/gallery/scene.jpg)

Pictures that look convincing are not proof: [which method to trust](evaluation.md) has measurements.

| method | why dog? | why banana? |
|---|---|---|
${rows.join('\n')}
`,
);
