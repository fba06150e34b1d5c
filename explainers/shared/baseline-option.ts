/** The option that says what replaces the parts that are taken away, shared by all methods that take parts away. */
import type { ExplainContext } from '../../src/container/plugin.js';
import type { NdArray } from '../../src/explanation.js';
import {
  BASELINE_EXPECTS,
  baselineOf,
  isBaseline,
  parseBaseline,
} from '../../src/maths/baseline.js';
import { sampleOf } from '../../src/maths/ndarray.js';
import type { OptionSpecs, OptionValues } from '../../src/options.js';

/** Spread into the options of a perturbation method; the default is the sample's mean colour. */
export const BASELINE_OPTIONS = {
  baseline: {
    type: 'value',
    expects: BASELINE_EXPECTS,
    check: isBaseline,
    parse: parseBaseline,
    default: 'mean',
    help: "what replaces the parts that are taken away: the sample's mean colour, black, white, blur, a number",
  },
} as const satisfies OptionSpecs;

/** One baseline a sample, each like the sample. */
export function baselinesOf(
  context: ExplainContext<OptionValues<typeof BASELINE_OPTIONS>>,
): NdArray[] {
  const { baseline } = context.options;
  const samples = context.inputs[context.input];
  return context.targets.map((_, n) =>
    baselineOf(baseline, sampleOf(samples, n), context.inputRange),
  );
}
