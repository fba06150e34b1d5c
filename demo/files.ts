/** Where the demo's files lie, and what is in them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SceneObject } from './scenes.js';

/** The project's folder, seen from the compiled file. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const MODEL_FOLDER = join(ROOT, 'demo/model');
export const SCENES_FOLDER = join(ROOT, 'demo/scenes');

/** One entry of `scenes/scenes.json`. */
export interface DemoScene {
  /** Name of the picture beside it. */
  readonly file: string;
  /** Boxes in pixels of the picture. */
  readonly objects: readonly SceneObject[];
}
