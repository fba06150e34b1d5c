/** What the test page runs: the library as a page's bundle has it. */
import {
  explainPrediction,
  formatAsHtml,
  formatAsImage,
  formatAsText,
  isWhylensError,
  loadImage,
  loadModel,
  predict,
  saveImage,
} from 'whylens';

export interface Answer {
  readonly backend?: string;
  readonly shape: readonly number[];
  readonly maps: readonly (readonly number[])[];
  readonly scores: readonly number[];
  /** The formatted picture, and what a canvas gives back after it was put there: bytes as base64. */
  readonly picture: string;
  readonly canvas: string;
  readonly text: string;
  readonly html: string;
}

async function explain(
  model: string,
  labels: string,
  scene: string,
  targets: readonly number[],
): Promise<Answer> {
  const loaded = await loadModel(model, { labels, preprocess: 'tf', backend: 'wasm' });
  const expl = await explainPrediction(loaded, await loadImage(scene), { targets });
  if (expl.kind !== 'image') throw new Error(expl.kind);
  const { width, height, data } = formatAsImage(expl, { target: targets[0] });
  const context = new OffscreenCanvas(width, height).getContext('2d')!;
  context.putImageData(new ImageData(Uint8ClampedArray.from(data), width, height), 0, 0);
  loaded.dispose();
  return {
    backend: loaded.backend,
    shape: expl.targets[0].heatmap.shape,
    maps: expl.targets.map(({ heatmap }) => [...heatmap.data]),
    scores: expl.targets.map(({ score }) => score),
    picture: base64(data),
    canvas: base64(context.getImageData(0, 0, width, height).data),
    text: formatAsText(expl),
    html: formatAsHtml(expl),
  };
}

function base64(bytes: Uint8ClampedArray): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

/** A picture as plain numbers, or the code and message of the error. */
async function load(source: string | File): Promise<object> {
  try {
    const { width, height, mode, data } = await loadImage(source, { maxPixels: 5000 });
    return { width, height, mode, data: [...data] };
  } catch (error) {
    if (!isWhylensError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}

/** A model from the files of an `<input>`, labels from one of them; what it says of zeros. */
async function predictFiles(): Promise<readonly unknown[]> {
  const files = [...document.querySelector('input')!.files!];
  const labels = files.find(({ name }) => name === 'labels.json')!;
  const model = await loadModel(
    files.filter((file) => file !== labels),
    { labels, backend: 'wasm' },
  );
  const zeros = { shape: [1, 128, 128, 3], data: new Float32Array(128 * 128 * 3) };
  const expl = await explainPrediction(model, zeros);
  if (expl.kind !== 'image') throw new Error(expl.kind);
  return [model.name, model.labels?.length, expl.targets[0].label, expl.targets[0].score];
}

/** The pixels that a model is given of the same picture in every form a browser has; messages where it has none. */
async function drawables(): Promise<Readonly<Record<string, readonly number[] | string>>> {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: 3, height: 2 });
  const pixels = Uint8ClampedArray.from({ length: 24 }, (_, i) => (i % 4 === 3 ? 255 : i * 10));
  canvas.getContext('2d')!.putImageData(new ImageData(pixels, 3), 0, 0);
  const img = new Image();
  img.src = canvas.toDataURL();
  await img.decode();
  const offscreen = new OffscreenCanvas(3, 2);
  offscreen.getContext('2d')!.drawImage(canvas, 0, 0);
  const bitmap = await createImageBitmap(canvas);
  const frame = new VideoFrame(canvas, { timestamp: 0 });
  const closed = await createImageBitmap(canvas);
  closed.close();
  const documents = { img, canvas, bitmap, offscreen, frame, closed, unloaded: new Image() };
  const model = ({ data }: { data: ArrayLike<number> }) => [Array.from(data)];
  const answers: Record<string, readonly number[] | string> = {};
  for (const [name, doc] of Object.entries(documents)) {
    try {
      answers[name] = [...(await predict(model, doc, { inputShape: [2, 3, 3] })).values.data];
    } catch (error) {
      answers[name] = `${(error as { code: string }).code}: ${(error as Error).message}`;
    }
  }
  const options = { method: 'occlusion', patch: 1, inputShape: [2, 3, 3] };
  const expl = await explainPrediction(oneScore, frame, options);
  if (expl.kind !== 'image') throw new Error(expl.kind);
  frame.close();
  return { ...answers, shown: [...expl.image.data] };
}

/** The first value of each sample as its only score. */
function oneScore({ shape: [count], data }: { shape: readonly number[]; data: ArrayLike<number> }) {
  return Array.from({ length: count }, (_, n) => [data[n * 18]]);
}

async function save(name: string): Promise<void> {
  const data = Uint8ClampedArray.of(255, 0, 0, 128, 0, 255, 0, 255);
  await saveImage({ width: 2, height: 1, mode: 'RGBA', data }, name);
}

/** The backend that is taken by itself. */
async function backendOf(model: string): Promise<string | undefined> {
  const loaded = await loadModel(model);
  loaded.dispose();
  return loaded.backend;
}

Object.assign(globalThis, { backendOf, drawables, explain, load, predictFiles, save });
