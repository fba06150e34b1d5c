import { ContainerModule } from 'inversify';
import { TOKENS } from '../src/container/tokens.js';
import { GradCam } from './grad-cam.js';
import { Deconvnet } from './deconvnet.js';
import { GradientXInput } from './gradient-x-input.js';
import { GuidedBackprop } from './guided-backprop.js';
import { GuidedGradCam } from './guided-grad-cam.js';
import { IntegratedGradients } from './integrated-gradients.js';
import { Saliency } from './saliency.js';

/** The registration list: one line an explainer. */
const EXPLAINERS = [
  GradCam,
  // gradient family
  Saliency,
  GradientXInput,
  IntegratedGradients,
  GuidedBackprop,
  Deconvnet,
  GuidedGradCam,
];

export const builtInExplainers = new ContainerModule(({ bind }) => {
  for (const explainer of EXPLAINERS) bind(TOKENS.Explainer).to(explainer).inSingletonScope();
});
