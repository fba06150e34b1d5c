/** `metadata.json` of Teachable Machine: labels, size, and its own way to numbers. Pure. */
import type { PreprocessSteps } from '../../images/steps.js';
import type { Fields } from './huggingface.js';

/** The number by which the tool divides: its range ends at 1.008. */
const SCALE = 127;
/** The size if the file names none. */
const SIZE = 224;

/**
 * What the tool does with a picture, or undefined for another `metadata.json`:
 * the central square, brought to the size of the model, over 127 minus 1.
 */
export function stepsOfTeachableMachine(metadata: Fields): PreprocessSteps | undefined {
  const { packageName, imageSize, labels } = metadata;
  const isOurs = typeof packageName === 'string' && /teachablemachine.image/.test(packageName);
  const side = Number.isSafeInteger(imageSize) && Number(imageSize) > 0 ? Number(imageSize) : SIZE;
  if (!isOurs && !(imageSize !== undefined && Array.isArray(labels))) return undefined;
  return {
    resize: { shortest: side },
    crop: { width: side, height: side },
    scale: SCALE,
    mean: [1],
    deviation: [1],
  };
}
