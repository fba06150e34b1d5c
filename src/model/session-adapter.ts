import { injectable } from 'inversify';
import type { InferenceSession } from 'onnxruntime-common';
import type { AdaptOptions, ModelAdapter } from '../container/plugin.js';
import type { ExplainableModel } from './interface.js';

/** A live session of ONNX Runtime, which shows its predictions and nothing else. */
@injectable()
export class SessionAdapter implements ModelAdapter {
  readonly id = 'onnx-session';
  readonly recognizes = 'an InferenceSession of ONNX Runtime';

  recognize(model: unknown): boolean {
    const candidate = model as Partial<Record<keyof InferenceSession, unknown>> | null;
    return (
      typeof candidate === 'object' &&
      candidate !== null &&
      typeof candidate.run === 'function' &&
      Array.isArray(candidate.inputNames) &&
      Array.isArray(candidate.inputMetadata)
    );
  }

  async adapt(model: unknown, options: AdaptOptions): Promise<ExplainableModel> {
    const { SessionModel } = await import('./session-model.js');
    return new SessionModel(model as InferenceSession, {
      name: options.name ?? 'session',
      activation: options.outputActivation,
      inputShape: options.inputShape,
      why: 'it is a session, which shows no layers. Load its file with loadModel instead',
    });
  }
}
