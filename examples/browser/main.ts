/**
 * A page that explains a picture where it lies: nothing is sent anywhere. Drop
 * a picture on it, or a model: an ONNX or Keras file, alone or together with a
 * file of labels. `node examples/browser/serve.mjs` bundles and serves it; copy
 * this folder, put your own model and labels in, and change the two addresses.
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
  type LoadModelOptions,
} from 'whylens';

const MODEL = 'model/model.json';
const LABELS = 'model/labels.json';
const FIRST_PICTURE = 'scenes/banana-and-dog.png';

const file = document.querySelector<HTMLInputElement>('#file')!;
const range = document.querySelector<HTMLSelectElement>('#range')!;
const method = document.querySelector<HTMLSelectElement>('#method')!;
const status = document.querySelector<HTMLElement>('#status')!;
const notes = document.querySelector<HTMLElement>('#notes')!;
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
  // what the model's files did not tell, and was guessed
  notes.textContent = expl.warnings.join(' ');
}

async function start(): Promise<void> {
  let model = await loadModel(MODEL, { labels: LABELS, preprocess: 'tf' });
  let picture: ImageSource = FIRST_PICTURE;
  const again = (): void => {
    show(model, picture).catch(complain);
  };
  let files: readonly File[] = [];
  /** The model that was dropped takes the place of the one before. */
  const load = async (): Promise<void> => {
    const preprocess = (range.value || undefined) as LoadModelOptions['preprocess'];
    const next = await loadModel(files, { preprocess, labels: files.find(isLabels) });
    model.dispose();
    model = next;
  };
  const take = async (dropped: readonly File[]): Promise<void> => {
    if (dropped.length === 0) return;
    status.textContent = 'Loading…';
    if (dropped.some(isModel)) {
      files = dropped;
      await load();
    } else picture = dropped[0];
    again();
  };
  file.addEventListener('change', () => {
    take([...file.files!]).catch(complain);
  });
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    take([...event.dataTransfer!.files]).catch(complain);
  });
  range.addEventListener('change', () => {
    if (files.length > 0) load().then(again, complain);
  });
  method.addEventListener('change', again);
  again();
}

/** ONNX, Keras, TensorFlow.js with its weights, or a zip of a model's folder. */
function isModel({ name }: File): boolean {
  return /\.(onnx|keras|h5|zip)$|^model\.json$/i.test(name);
}

/** A file of names under any name; those that belong to a model are found by `loadModel`. */
function isLabels({ name }: File): boolean {
  return /label|class|names|synset/i.test(name) && /\.(json|txt)$/i.test(name);
}

function complain(error: unknown): void {
  // messages of the library are written for people
  status.textContent = isWhylensError(error) ? error.message : `Failed: ${String(error)}`;
}

start().catch(complain);
