/**
 * The strip at the top of the readme: photograph, why the one class, why the
 * other. The photograph and MobileNet lie outside this repository, in the
 * folder that `WHYLENS_SHARED` names. Run by `npm run docs:strip`.
 */
import { join } from 'node:path';
import { env } from 'node:process';
import { explainPrediction, formatAsImage, loadImage, loadModel, saveImage } from '../src/index.js';
import { resize } from '../src/entry/images.js';
import { ROOT } from './files.js';
import { montage } from './montage.js';

const SHARED = env.WHYLENS_SHARED ?? join(ROOT, '../shared');
const TILE = 280;

const model = await loadModel(join(SHARED, 'models/mobilenet_v1_0.25_224'), {
  labels: join(SHARED, 'models/imagenet_labels.json'),
  preprocess: 'tf',
});
const picture = await loadImage(join(SHARED, 'images/cat_dog.jpg'));
const targets = ['boxer', 'tiger cat'];
const expl = await explainPrediction(model, picture, { targets });
const square = Math.min(picture.width, picture.height);
const tiles = [picture, ...targets.map((target) => formatAsImage(expl, { target }))].map((tile) =>
  resize(tile, {
    width: Math.round((TILE * picture.width) / square),
    height: Math.round((TILE * picture.height) / square),
    filter: 'lanczos',
  }),
);
model.dispose();
await saveImage(montage([tiles]), join(ROOT, 'docs/images/strip.jpg'));
