/**
 * An ONNX classifier in a page. The page has two `<input type="file">`, the first for the model
 * (with its labels, if you like), the second for the picture, and a `<canvas>`; beside its script
 * lies `ort-wasm-simd-threaded.wasm` of onnxruntime-web.
 */
import { explainPrediction, formatAsImage, loadImage, loadModel } from 'whylens';

const [files, picture] = document.querySelectorAll('input');
const explain = async (): Promise<void> => {
  const model = await loadModel(files.files!);
  const expl = await explainPrediction(model, await loadImage(picture.files![0]));
  const { width, height, data } = formatAsImage(expl);
  const canvas = Object.assign(document.querySelector('canvas')!, { width, height });
  const pixels = new ImageData(Uint8ClampedArray.from(data), width, height);
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  model.dispose();
};
picture.onchange = () => void explain();
