/**
 * A complete explainer of one's own, to copy and change. Compiled, it is a plugin:
 *
 *   whylens explain -m model.json -i cat.png --plugin ./custom-explainer.js \
 *     --method grid-occlusion --opt rows=6
 *
 * or, from code:
 *
 *   const container = createContainer();
 *   container.load(plugin);
 *   await explainPrediction(model, picture, { container, method: 'grid-occlusion' });
 *
 * TypeScript needs `experimentalDecorators`; with plain JavaScript leave `@injectable()` out.
 */
import { type NdArray } from 'whylens';
import {
  concreteTarget,
  ContainerModule,
  injectable,
  ndSamples,
  scoreOf,
  TOKENS,
  type Explained,
  type ExplainContext,
  type Explainer,
  type Samples,
} from 'whylens/plugin';

/** Every option once: type, range, default and help; the command and the checks derive from it. */
const OPTIONS = {
  rows: {
    type: 'number',
    default: 4,
    min: 1,
    max: 64,
    integer: true,
    help: 'cells from top to bottom',
  },
  columns: {
    type: 'number',
    default: 4,
    min: 1,
    max: 64,
    integer: true,
    help: 'cells from left to right',
  },
  fill: { type: 'number', default: 0, help: 'value that hides a cell, as the model sees it' },
} as const;

/**
 * Hides the picture cell by cell and says how much the score falls: positive
 * where the cell spoke for the target. The map is `[rows, columns]`, in units of the score.
 */
@injectable()
export class GridOcclusion implements Explainer {
  readonly id = 'grid-occlusion';
  readonly family = 'perturbation';
  readonly description = 'How much the score falls when a cell of the picture is hidden.';
  readonly reference = 'an example';
  readonly cost = '1 + rows × columns forward';
  /** Nothing but predictions: any function will do as a model. */
  readonly needs = {};
  readonly documents = ['image', 'array'] as const;
  readonly options = OPTIONS;

  async explain({
    model,
    inputs,
    targets,
    score,
    options,
    batch,
  }: ExplainContext): Promise<Explained> {
    const { rows, columns, fill } = options as { rows: number; columns: number; fill: number };
    // the unchanged documents: their outputs go into the record, and `top class` becomes a class
    const { outputs } = await model.run({ inputs: inputs.map(ndSamples), ...batch });
    const maps: NdArray[][] = [];
    for (let n = 0; n < targets.length; n++) {
      // one call for all variants; the model splits it by its memory budget
      const hidden = await model.run({
        inputs: [hide(inputs[0], n, rows, columns, fill)],
        ...batch,
      });
      maps.push(
        targets[n].map((wanted) => {
          const target = concreteTarget(wanted, outputs, n);
          const whole = scoreOf(target, outputs, n, score);
          const fall = (cell: number) => whole - scoreOf(target, hidden.outputs, cell, score);
          return {
            shape: [rows, columns],
            data: Float32Array.from({ length: rows * columns }, (_, cell) => fall(cell)),
          };
        }),
      );
    }
    return { kind: 'maps', outputs, maps };
  }
}

/** Sample `n` once for every cell, that cell filled; written only when the model asks for it. */
function hide(input: NdArray, n: number, rows: number, columns: number, fill: number): Samples {
  const [, height, width, channels] = input.shape;
  const size = height * width * channels;
  const row = (y: number) => Math.floor((y * rows) / height);
  const column = (x: number) => Math.floor((x * columns) / width);
  return {
    count: rows * columns,
    shape: [height, width, channels],
    write(cell, into) {
      into.set(input.data.subarray(n * size, (n + 1) * size));
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          if (row(y) * columns + column(x) !== cell) continue;
          into.fill(fill, (y * width + x) * channels, (y * width + x + 1) * channels);
        }
      }
    },
  };
}

export default new ContainerModule(({ bind }) => {
  bind(TOKENS.Explainer).to(GridOcclusion).inSingletonScope();
});
