/** A model adapter as somebody outside would write it: it takes `{ engine: 'fake', network }`. */
import {
  ContainerModule,
  injectable,
  TOKENS,
  type ExplainableModel,
  type ModelAdapter,
} from 'whylens/plugin';

@injectable()
export class FakeAdapter implements ModelAdapter {
  readonly id = 'fake';
  readonly recognizes = "an object { engine: 'fake', network }";

  recognize(model: unknown): boolean {
    return (model as { engine?: unknown } | null)?.engine === 'fake';
  }

  async adapt(model: unknown): Promise<ExplainableModel> {
    return (model as { network: ExplainableModel }).network;
  }
}

export default new ContainerModule(({ bind }) => {
  bind(TOKENS.ModelAdapter).to(FakeAdapter).inSingletonScope();
});
