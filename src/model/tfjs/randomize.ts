import { seededRandom } from '../../maths/random.js';
import { valueAt, type Program } from './program.js';
import { Weight } from './weight.js';

/**
 * The program with the weights of some layers drawn anew: normal numbers with
 * each array's own mean and standard deviation, so that magnitudes stay as they
 * were and only what was learnt is gone (Adebayo 2018).
 */
export function randomizedProgram(
  program: Program,
  layers: readonly string[],
  seed: number,
): Program {
  const values = new Set(layers.map((path) => valueAt(program, path)));
  const chosen = new Set(
    program.steps.flatMap(({ outputs, path }) =>
      outputs.some((value) => values.has(value)) ? [path] : [],
    ),
  );
  // the parts of a layer carry its path and a colon
  const belongs = (path: string) => chosen.has(path) || chosen.has(path.replace(/:[^:/]*$/, ''));
  const random = seededRandom(seed);
  const draw = (weight: Weight): Weight => {
    const data = weight.data();
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const spread = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
    const drawn = Float32Array.from(data, () => mean + spread * random.normal());
    return Weight.from(weight.shape, () => drawn);
  };
  const steps = program.steps.map((step) =>
    belongs(step.path) && step.op.randomized !== undefined
      ? { ...step, op: step.op.randomized(draw) }
      : step,
  );
  return { ...program, steps };
}
