/** A formatter as somebody outside would write it: the strongest place of each map, in a sentence. */
import { type Explanation, type ImageExplanation } from 'whylens';
import { ContainerModule, injectable, TOKENS, type Formatter } from 'whylens/plugin';

@injectable()
export class PeakFormatter implements Formatter<string> {
  readonly id = 'peak';
  readonly description = 'The strongest place of each map.';
  readonly kinds = ['image'] as const;
  readonly extensions = ['peak'];
  readonly options = {
    shout: { type: 'boolean', default: false, help: 'in capital letters' },
  } as const;

  format(explanation: Explanation, options: Readonly<Record<string, unknown>>): string {
    const text = (explanation as ImageExplanation).targets
      .map(({ target, heatmap: { data, shape } }) => {
        const at = data.indexOf(Math.max(...data));
        return `target ${target} peaks in row ${Math.floor(at / shape[1])}, column ${at % shape[1]}`;
      })
      .join('\n');
    return options.shout === true ? text.toUpperCase() : text;
  }
}

export default new ContainerModule(({ bind }) => {
  bind(TOKENS.Formatter).to(PeakFormatter).inSingletonScope();
});
