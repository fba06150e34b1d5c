/** Pictures of every mode go into models of every number of channels that a picture can have. */
import test from 'ava';
import { isWhylensError } from '../../src/errors.js';
import { explainPrediction } from '../../src/explain/explain.js';
import type { ImageExplanation, Picture } from '../../src/explanation.js';
import { convertPicture } from '../../src/images/picture.js';
import { selectBackend } from '../../src/model/tfjs/backend.js';
import { noisePicture } from '../helpers/noise.js';
import { seedWeights, tfl } from '../helpers/tfjs.js';

const { layers } = tfl;

function withChannels(channels: number): tfl.Sequential {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ inputShape: [8, 6, channels], filters: 3, kernelSize: 3 }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
  });
  seedWeights(model);
  return model;
}

test.serial('greyscale, colour and alpha for models of 1, 3 and 4 channels', async (t) => {
  await selectBackend('cpu');
  const grey = noisePicture('L', 5, 9, 2);
  const colour = noisePicture('RGB', 5, 9, 2);
  for (const channels of [1, 3, 4]) {
    const model = withChannels(channels);
    const mapOf = async (doc: Picture) => {
      const options = { targets: [1], preprocess: 'tf' } as const;
      const expl = (await explainPrediction(model, doc, options)) as ImageExplanation;
      t.deepEqual(expl.image, doc, 'the record shows the picture as it was given');
      t.deepEqual(expl.targets[0].heatmap.shape, [6, 4]);
      return expl.targets[0].heatmap;
    };
    // the same picture in another mode is the same document
    t.deepEqual(await mapOf(convertPicture(colour, 'RGBA')), await mapOf(colour));
    t.deepEqual(await mapOf(convertPicture(grey, 'RGB')), await mapOf(grey));
    t.notDeepEqual(await mapOf(colour), await mapOf(grey));
    model.dispose();
  }
  const two = withChannels(2);
  const error = await t.throwsAsync(explainPrediction(two, colour));
  t.true(isWhylensError(error, 'INVALID_DOCUMENT'));
  t.regex(error.message, /1, 3 or 4 channels.*wants 2.*array \[1, height, width, 2\]/);
});
