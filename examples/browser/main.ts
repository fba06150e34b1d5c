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
  const figures = expl.targets.map(({ target, label, score, proba }, rank) => {
    const { width, height, data } = formatAsImage(expl, { target: `#${rank}` });
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    const pixels = new ImageData(Uint8ClampedArray.from(data), width, height);
    canvas.getContext('2d')!.putImageData(pixels, 0, 0);
    const caption = document.createElement('figcaption');
    const says = proba === undefined ? score.toFixed(2) : `${(100 * proba).toFixed(0)} %`;
    caption.textContent = `${label ?? `class ${target}`}: ${says}`;
    const figure = document.createElement('figure');
    figure.append(canvas, caption);
    return figure;
  });
  maps.replaceChildren(...figures);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  status.textContent = `${expl.method} on the ${model.backend ?? model.engine} backend, ${seconds} s`;
}

async function start(): Promise<void> {
  let model = await loadModel(MODEL, { labels: LABELS, preprocess: 'tf' });
  let picture: ImageSource = FIRST_PICTURE;
  const again = (): void => {
    show(model, picture).catch(complain);
  };
  const take = async (dropped: File): Promise<void> => {
    if (isModel(dropped)) {
      const next = await loadModel([dropped]);
      model.dispose();
      model = next;
    } else picture = dropped;
    again();
  };
  file.addEventListener('change', () => {
    const chosen = file.files?.[0];
    if (chosen !== undefined) take(chosen).catch(complain);
  });
  // a model of one file, or a picture, may be dropped anywhere
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const dropped = event.dataTransfer?.files[0];
    if (dropped !== undefined) take(dropped).catch(complain);
  });
  method.addEventListener('change', again);
  again();
}

/** ONNX, Keras, or a zip of a model's folder. */
function isModel({ name }: File): boolean {
  return /\.(onnx|keras|h5|zip)$/i.test(name);
}

function complain(error: unknown): void {
  // messages of the library are written for people
  status.textContent = isWhylensError(error) ? error.message : `Failed: ${String(error)}`;
}

start().catch(complain);
