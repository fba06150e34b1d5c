import { injectable } from 'inversify';
import type { AdaptOptions, ModelAdapter } from '../../container/plugin.js';
import type { ExplainableModel } from '../interface.js';

/** TensorFlow.js layers models: functional, Sequential, nested. */
@injectable()
export class TfjsLayersAdapter implements ModelAdapter {
  readonly id = 'tfjs-layers';
  readonly recognizes = 'a TensorFlow.js layers model (tf.LayersModel or tf.Sequential)';

  recognize(model: unknown): boolean {
    const candidate = model as {
      layers?: unknown;
      predict?: unknown;
      getClassName?: unknown;
    } | null;
    return (
      typeof candidate === 'object' &&
      candidate !== null &&
      Array.isArray(candidate.layers) &&
      typeof candidate.predict === 'function' &&
      typeof candidate.getClassName === 'function'
    );
  }

  async adapt(model: unknown, options: AdaptOptions): Promise<ExplainableModel> {
    // tfjs is only loaded once a model of its kind is there
    const { adaptKerasModel } = await import('./adapt-keras.js');
    return adaptKerasModel(model, options);
  }
}
