/** A plain function as a model, for `--model`: how bright the left, right and lower parts are. */
import type { NdArray } from 'whylens';

export default function sides({
  shape: [count, height, width, channels],
  data,
}: NdArray): number[][] {
  return Array.from({ length: count }, (_, n) => {
    const mean = (inside: (y: number, x: number) => boolean) => {
      let sum = 0;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          for (let c = 0; c < channels && inside(y, x); c++) {
            sum += data[((n * height + y) * width + x) * channels + c];
          }
        }
      }
      return sum / (height * width * channels);
    };
    return [
      mean((_, x) => x < width / 2),
      mean((_, x) => x >= width / 2),
      mean((y) => y >= height / 2),
    ];
  });
}

export const labels = ['left', 'right', 'below'];
export const inputShape = [4, 6, 3];
export const preprocess = 'unit';
