/** What the test page runs: the library as a page's bundle has it. */
import {
  explainPrediction,
  formatAsHtml,
  formatAsImage,
  formatAsText,
  loadImage,
  loadModel,
} from 'whylens';

export interface Answer {
  readonly backend?: string;
  readonly shape: readonly number[];
  readonly maps: readonly (readonly number[])[];
  readonly scores: readonly number[];
  /** The formatted picture, and what a canvas gives back after it was put there. */
  readonly picture: readonly number[];
  readonly canvas: readonly number[];
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
    picture: [...data],
    canvas: [...context.getImageData(0, 0, width, height).data],
    text: formatAsText(expl),
    html: formatAsHtml(expl),
  };
}

Object.assign(globalThis, { explain });
