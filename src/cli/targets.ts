/** The targets that a command line means: `--target`, of which `--output`, over which `--mask`. */
import type { Registry } from '../container/registry.js';
import { documentSeen } from '../documents/model-input.js';
import { WhylensError } from '../errors.js';
import { withModel } from '../explain/prepare.js';
import type { Target } from '../explanation.js';
import { convertPicture } from '../images/picture.js';
import { resize } from '../images/resample.js';
import type { ModelDescription, OutputInfo } from '../model/interface.js';
import { classTarget, maskTarget, topClass } from '../model/targets.js';
import type { ExplainFlags } from './flags/explain.js';
import { loadPicture } from './images.js';
import type { Io } from './io.js';
import type { OpenModel } from './model.js';
import { parseTarget } from './target-expression.js';

/** Brighter pixels of a mask count. */
const HALF = 127;

export async function targetsFor(
  flags: ExplainFlags,
  opened: OpenModel,
  registry: Registry,
  io: Io,
): Promise<readonly Target[] | 'all' | undefined> {
  const { target: texts } = flags;
  if (texts?.length === 1 && texts[0] === 'all') return placed('all', flags, opened, registry, io);
  const named = texts?.map((text) => parseTarget(text, opened.model.labels));
  return placed(named, flags, opened, registry, io);
}

/** Where targets are looked for: flags of all commands that have targets. */
export type PlaceFlags = Pick<ExplainFlags, 'output' | 'mask' | 'engine' | 'backend'>;

/** Targets at the output and over the mask that the command line names, the top class where it names none. */
export async function placed(
  named: readonly Target[] | 'all' | undefined,
  { output, mask, engine, backend }: PlaceFlags,
  { model, options }: OpenModel,
  registry: Registry,
  io: Io,
): Promise<readonly Target[] | 'all' | undefined> {
  if (output === undefined && mask === undefined) return named;
  const { description } = await withModel(
    model,
    { ...options, engine, backend },
    registry,
    ({ description: found }) => Promise.resolve({ description: found }),
  );
  const found = outputNamed(description, output);
  const targets =
    named === 'all'
      ? unitsOf(found)
      : (named ?? [topClass()]).map((target) => ofOutput(target, output));
  if (mask === undefined) return targets;
  const weights = await maskOf(mask, found, model.preprocess, io);
  return targets.map((target) => masked(target, weights));
}

function outputNamed({ name, outputs }: ModelDescription, output: string | undefined): OutputInfo {
  const found = output === undefined ? outputs[0] : outputs.find((one) => one.name === output);
  if (found !== undefined) return found;
  throw new WhylensError(
    'INVALID_TARGET',
    `the model '${name}' has no output '${output}'; its outputs are ${outputs.map((one) => one.name).join(', ')}. (--output names an output of the model; the file to write is --out)`,
    { facts: { output } },
  );
}

/** Targets that name no output of their own are those of this one. */
function ofOutput(target: Target, output: string | undefined): Target {
  if (output === undefined) return target;
  if (target.kind === 'weighted') {
    const terms = target.terms.map((term) => ({ ...term, target: ofOutput(term.target, output) }));
    return { ...target, terms };
  }
  return { ...target, output: target.output ?? output };
}

function unitsOf({ name, shape }: OutputInfo): Target[] {
  const count = shape.at(-1);
  if (shape.length !== 1 || typeof count !== 'number') {
    throw new WhylensError(
      'INVALID_TARGET',
      `--target all needs an output of one number a class, output '${name}' has shape [${shape.map((size) => size ?? '?').join(', ')}]; name classes`,
    );
  }
  return Array.from({ length: count }, (_, index) => classTarget(index, name));
}

interface Mask {
  readonly shape: readonly [number, number];
  readonly data: readonly number[];
}

/** The picture as weights over the output's places: 1 where it is bright. */
async function maskOf(
  path: string,
  { name, shape }: OutputInfo,
  preprocess: OpenModel['model']['preprocess'],
  io: Io,
): Promise<Mask> {
  const [height, width] = shape;
  if (shape.length !== 3 || typeof height !== 'number' || typeof width !== 'number') {
    throw new WhylensError(
      'INVALID_TARGET',
      `--mask needs an output [height, width, classes] of known size, output '${name}' has shape [${shape.map((size) => size ?? '?').join(', ')}]`,
      { facts: { output: name } },
    );
  }
  const picture = await loadPicture({ path, name: path }, io);
  // the model sees the same part of the mask as of the picture
  const seen = documentSeen({ kind: 'image', picture: convertPicture(picture, 'L') }, preprocess);
  const grey = seen.kind === 'image' ? seen.picture : picture;
  const { data } = resize(grey, { width, height, filter: 'nearest' });
  const weights = Array.from(data, (value) => (value > HALF ? 1 : 0));
  if (!weights.includes(1)) {
    throw new WhylensError(
      'INVALID_TARGET',
      `the mask '${path}' is dark everywhere at the size of output '${name}', ${width}×${height}; the region that is meant must be bright in it`,
      { facts: { file: path } },
    );
  }
  return { shape: [height, width], data: weights };
}

function masked(target: Target, mask: Mask): Target {
  if (target.kind === 'class') return maskTarget(target.index, mask, target.output);
  throw new WhylensError(
    'USAGE',
    `--mask goes with a class: --target 3 or --target road, got a target of kind '${target.kind}'`,
  );
}
