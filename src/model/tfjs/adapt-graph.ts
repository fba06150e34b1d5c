import type { AdaptOptions } from '../../container/plugin.js';
import { isWhylensError } from '../../errors.js';
import { CompiledModel } from '../compiled.js';
import { tfjsExecutor } from '../executors/tfjs/executor.js';
import type { ModelGraph } from '../graph/model-graph.js';
import type { ExplainableModel } from '../interface.js';
import { readTfjsGraph } from '../readers/tfjs-graph/read.js';
import type { GraphModel } from './graph-model.js';
import { graphPredictions } from './graph-predictions.js';
import { liveGraph } from './live-graph.js';
import type { Shape } from '../graph/primitives.js';
import { movedModel, staysHere } from './moved.js';

/** A live graph model, read and run again by the executor of TensorFlow.js. */
export async function adaptGraphModel(
  model: unknown,
  options: AdaptOptions,
): Promise<ExplainableModel> {
  const native = model as GraphModel;
  const { name = 'graph model', inputShape, backend } = options;
  const file = liveGraph(native);
  const read = (shape?: readonly number[]): ModelGraph =>
    readTfjsGraph(file, { name, inputShape: shape });
  let graph: ModelGraph;
  try {
    graph = read(inputShape);
  } catch (error) {
    const onlyHere = staysHere(options) || options.engine === 'auto';
    if (!isWhylensError(error, 'UNSUPPORTED_OPERATION') || !onlyHere) throw error;
    return graphPredictions(native, { name, backend, inputShape, reason: error });
  }
  const isFree = graph.inputs.length === 1 && graph.inputs[0].shape !== undefined;
  if (!staysHere(options)) {
    const from = [name, inputShape?.join()];
    const atSizes = ([shape]: readonly Shape[]) => read(shape);
    return movedModel(native, options, from, () => graph, isFree ? atSizes : undefined);
  }
  const executor = await tfjsExecutor(backend === undefined ? {} : { backend });
  return new CompiledModel(graph, executor, {
    ...(isFree ? { atSizes: ([shape]) => read(shape) } : {}),
  });
}
