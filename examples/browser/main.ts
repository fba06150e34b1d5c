/**
 * A page that explains a picture where it lies: nothing is sent anywhere.
 * `node examples/browser/serve.mjs` bundles and serves it; copy this folder,
 * put your own model and labels in, and change the two addresses below.
 */
import {
  explainPrediction,
  formatAsImage,
  isWhylensError,
  loadImage,
  loadModel,
  topClass,
  type ImageSource,
  type LoadedModel,
} from 'whylens';

const MODEL = 'model/model.json';
const LABELS = 'model/labels.json';
const FIRST_PICTURE = 'scenes/banana-and-dog.png';

const file = document.querySelector<HTMLInputElement>('#file')!;
const method = document.querySelector<HTMLSelectElement>('#method')!;
const status = document.querySelector<HTMLElement>('#status')!;
const maps = document.querySelector<HTMLElement>('#maps')!;

/** Explains the chosen picture and shows one map for each of the two likeliest classes. */
async function show(model: LoadedModel, source: ImageSource): Promise<void> {
  status.textContent = 'Explaining…';
  const began = performance.now();
  const expl = await explainPrediction(model, await loadImage(source), {
    method: method.value,
    targets: [topClass(), topClass(1)],
  });
  if (expl.kind !== 'image') throw new Error(`expected a map over the picture, got ${expl.kind}`);
  const figures = expl.targets.map(({ label, proba = 0 }, rank) => {
    const { width, height, data } = formatAsImage(expl, { target: `#${rank}` });
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    const pixels = new ImageData(Uint8ClampedArray.from(data), width, height);
    canvas.getContext('2d')!.putImageData(pixels, 0, 0);
    const caption = document.createElement('figcaption');
    caption.textContent = `${label}: ${(100 * proba).toFixed(0)} %`;
    const figure = document.createElement('figure');
    figure.append(canvas, caption);
    return figure;
  });
  maps.replaceChildren(...figures);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  status.textContent = `${expl.method} on the ${model.backend} back end, ${seconds} s`;
}

async function start(): Promise<void> {
  const model = await loadModel(MODEL, { labels: LABELS, preprocess: 'tf' });
  const again = (): void => {
    show(model, file.files?.[0] ?? FIRST_PICTURE).catch(complain);
  };
  file.addEventListener('change', again);
  method.addEventListener('change', again);
  again();
}

function complain(error: unknown): void {
  // messages of the library are written for people
  status.textContent = isWhylensError(error) ? error.message : `Failed: ${String(error)}`;
}

start().catch(complain);
