/** Files beside a model that say what was done to pictures in training. */
import { isWhylensError } from '../../errors.js';
import type { PreprocessSteps } from '../../images/steps.js';
import { stepsOfProcessor, stepsOfTimm, type Fields } from './huggingface.js';
import { stepsOfTeachableMachine } from './teachable-machine.js';

/** Files that are looked for, best first, and who reads them. */
const FILES: readonly (readonly [
  string,
  (fields: Fields, name: string) => PreprocessSteps | undefined,
])[] = [
  ['preprocessor_config.json', stepsOfProcessor],
  ['config.json', stepsOfTimm],
  ['metadata.json', stepsOfTeachableMachine],
];

/** Steps and where they come from, or why there are none although there is a file. */
export interface StepsBeside {
  readonly steps?: PreprocessSteps;
  readonly why?: string;
}

/**
 * @param read gives a file beside the model, or undefined if there is none
 */
export async function stepsBeside(
  read: (name: string) => Promise<Uint8Array | undefined>,
): Promise<StepsBeside> {
  for (const [name, stepsOf] of FILES) {
    const bytes = await read(name);
    const fields = bytes === undefined ? undefined : fieldsOf(bytes);
    if (fields === undefined) continue;
    try {
      const steps = stepsOf(fields, name);
      if (steps !== undefined) return { steps, why: `${name} beside the model` };
    } catch (error) {
      if (!isWhylensError(error)) throw error;
      return { why: `none used: ${error.message}` };
    }
  }
  return {};
}

/** The sizes that steps end with, `[height, width]`; undefined if they depend on the picture. */
export function sizeAfter({
  resize,
  crop,
}: PreprocessSteps): readonly [number, number] | undefined {
  const size = crop ?? (resize !== undefined && 'width' in resize ? resize : undefined);
  return size === undefined ? undefined : [size.height, size.width];
}

/** A file that is not an object is ignored, since nobody asked for it. */
function fieldsOf(bytes: Uint8Array): Fields | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}
