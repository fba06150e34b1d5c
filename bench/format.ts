/** The image formatter at two sizes, beside the milliseconds Pillow takes for the same (0.9 and 41 on the machine where it was measured). */
import { formatAsImage, type ImageExplanation, type Picture } from '../src/index.js';
import { ms, sideBySide } from './measure.js';

function example(width: number, height: number): ImageExplanation {
  const data = new Uint8ClampedArray(width * height * 4).map((_, i) =>
    i % 4 === 3 ? 255 : (i * 31) % 256,
  );
  const image: Picture = { width, height, mode: 'RGBA', data };
  const heatmap = {
    shape: [7, 7],
    data: Float32Array.from({ length: 49 }, (_, i) => Math.sin(i) + 0.3),
  };
  return {
    kind: 'image',
    estimator: 'bench',
    method: 'grad-cam',
    description: '',
    isRegression: false,
    parameters: {},
    warnings: [],
    image,
    targets: [{ target: 0, score: 1, heatmap }],
  };
}

export async function run(): Promise<void> {
  const small = example(224, 224);
  const large = example(1920, 1080);
  const times = await sideBySide(
    {
      small: () => formatAsImage(small),
      'small, jet': () =>
        formatAsImage(small, { colormap: 'jet', alphaLimit: 0.4, resamplingFilter: 'bilinear' }),
      large: () => formatAsImage(large),
    },
    40,
  );
  console.log(`formatAsImage 224×224, defaults          ${ms(times.small)}  (goal 0.9)`);
  console.log(`formatAsImage 224×224, jet, bilinear     ${ms(times['small, jet'])}  (Pillow 0.64)`);
  console.log(`formatAsImage 1920×1080, defaults        ${ms(times.large)}  (goal 41)`);
}
