import { ContainerModule } from 'inversify';
import { TOKENS } from '../src/container/tokens.js';
import { GradCam } from './grad-cam.js';

/** The registration list: one line an explainer. */
const EXPLAINERS = [GradCam];

export const builtInExplainers = new ContainerModule(({ bind }) => {
  for (const explainer of EXPLAINERS) bind(TOKENS.Explainer).to(explainer).inSingletonScope();
});
