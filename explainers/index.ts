import { ContainerModule } from 'inversify';
import type { Explainer } from '../src/container/plugin.js';
import { TOKENS } from '../src/container/tokens.js';
import { AblationCam } from './ablation-cam.js';
import { Cam } from './cam.js';
import { Deconvnet } from './deconvnet.js';
import { Dff } from './dff.js';
import { EigenCam } from './eigen-cam.js';
import { EigenGradCam } from './eigen-grad-cam.js';
import { Fem } from './fem.js';
import { FinerCam } from './finer-cam.js';
import { GradCamPlusPlus } from './grad-cam++.js';
import { GradCamElementwise } from './grad-cam-elementwise.js';
import { FullGrad } from './full-grad.js';
import { GradCam } from './grad-cam.js';
import { GradientXInput } from './gradient-x-input.js';
import { GuidedBackprop } from './guided-backprop.js';
import { GuidedGradCam } from './guided-grad-cam.js';
import { HiresCam } from './hires-cam.js';
import { IntegratedGradients } from './integrated-gradients.js';
import { KernelShap } from './kernel-shap.js';
import { KpcaCam } from './kpca-cam.js';
import { LayerCam } from './layer-cam.js';
import { Lime } from './lime.js';
import { MultiLayer } from './multi-layer.js';
import { Occlusion } from './occlusion.js';
import { RandomCam } from './random-cam.js';
import { RefineCam } from './refine-cam.js';
import { Rise } from './rise.js';
import { Saliency } from './saliency.js';
import { ScoreCam } from './score-cam.js';
import { SegEigenCam } from './seg-eigen-cam.js';
import { ShapleyCam } from './shapley-cam.js';
import { Smooth } from './smooth.js';
import { Tta } from './tta.js';
import { XGradCam } from './x-grad-cam.js';

/** The registration list: one line an explainer. */
const EXPLAINERS: (new () => Explainer)[] = [
  // class activation maps
  GradCam,
  Cam,
  GradCamPlusPlus,
  XGradCam,
  HiresCam,
  GradCamElementwise,
  LayerCam,
  ScoreCam,
  AblationCam,
  EigenCam,
  EigenGradCam,
  SegEigenCam,
  KpcaCam,
  Fem,
  ShapleyCam,
  FinerCam,
  RefineCam,
  RandomCam,
  Dff,
  // gradient family
  Saliency,
  GradientXInput,
  IntegratedGradients,
  FullGrad,
  GuidedBackprop,
  Deconvnet,
  GuidedGradCam,
  // perturbation family: any model that predicts
  Occlusion,
  Rise,
  Lime,
  KernelShap,
  // wrappers
  MultiLayer,
  Smooth,
  Tta,
];

export const builtInExplainers = new ContainerModule(({ bind }) => {
  for (const explainer of EXPLAINERS) bind(TOKENS.Explainer).to(explainer).inSingletonScope();
});
