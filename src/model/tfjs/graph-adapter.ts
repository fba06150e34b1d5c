import { injectable } from 'inversify';
import type { AdaptOptions, ModelAdapter } from '../../container/plugin.js';
import type { ExplainableModel } from '../interface.js';

/** TensorFlow.js graph models: SavedModel, hub and frozen exports. Layers are graph nodes. */
@injectable()
export class TfjsGraphAdapter implements ModelAdapter {
  readonly id = 'tfjs-graph';
  readonly recognizes = 'a TensorFlow.js graph model (tf.GraphModel)';

  recognize(model: unknown): boolean {
    const candidate = model as {
      execute?: unknown;
      executeAsync?: unknown;
      executor?: { graph?: unknown } | null;
      outputs?: unknown;
    } | null;
    return (
      typeof candidate === 'object' &&
      candidate !== null &&
      typeof candidate.execute === 'function' &&
      typeof candidate.executeAsync === 'function' &&
      candidate.executor?.graph !== undefined &&
      Array.isArray(candidate.outputs)
    );
  }

  async adapt(model: unknown, options: AdaptOptions): Promise<ExplainableModel> {
    // tfjs is only loaded once a model of its kind is there
    const { adaptGraphModel } = await import('./adapt-graph.js');
    return adaptGraphModel(model, options);
  }
}
