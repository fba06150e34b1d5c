/**
 * An ONNX classifier in Node: node onnx.js model.onnx cat.jpg cat-map.png
 * Labels, size and range are read from a Hugging Face folder; of a file alone, say them to `loadModel`.
 */
import { explainPrediction, formatAsImage, loadImage, loadModel, saveImage } from 'whylens';

const [path, picture, out] = process.argv.slice(2);
const model = await loadModel(path);
const expl = await explainPrediction(model, await loadImage(picture));
await saveImage(formatAsImage(expl), out);
model.dispose();
