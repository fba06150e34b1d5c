/** A program of a user's: a model from its files, several methods, every formatter. Prints nothing itself. */
import { join } from 'node:path';
import {
  explainPrediction,
  formatAsDict,
  formatAsFigure,
  formatAsHtml,
  formatAsImage,
  formatAsJson,
  formatAsSvg,
  formatAsTable,
  formatAsText,
  isWhylensError,
  loadModel,
  saveImage,
  type ImageExplanation,
} from 'whylens';
import { createPicture } from 'whylens/images';

const [, , folder, backend] = process.argv;
const model = await loadModel(folder, backend === '' ? {} : { backend });
const doc = createPicture(
  9,
  7,
  'RGB',
  Uint8Array.from({ length: 189 }, (_, i) => (i * 37) % 256),
);
for (const method of ['grad-cam', 'layer-cam', 'saliency', 'occlusion', 'score-cam']) {
  const expl = (await explainPrediction(model, doc, {
    method,
    targets: [0, 1],
  })) as ImageExplanation;
  await saveImage(formatAsImage(expl), join(folder, `${method}.png`));
  // a call through the union of their types is more than the compiler takes
  const formats: readonly ((record: ImageExplanation) => unknown)[] = [
    formatAsDict,
    formatAsFigure,
    formatAsHtml,
    formatAsJson,
    formatAsSvg,
    formatAsTable,
    formatAsText,
  ];
  for (const format of formats) format(expl);
}
try {
  await explainPrediction(model, doc, { layer: 'nothing' });
  process.exitCode = 3;
} catch (error) {
  if (!isWhylensError(error, 'UNKNOWN_LAYER')) process.exitCode = 4;
}
model.dispose();
