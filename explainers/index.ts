import { ContainerModule } from 'inversify';
import { TOKENS } from '../src/container/tokens.js';
import { ablationCam } from './ablation-cam.js';
import { cam } from './cam.js';
import { counterfactual } from './counterfactual.js';
import { deconvnet } from './deconvnet.js';
import { dff } from './dff.js';
import { eigenCam } from './eigen-cam.js';
import { eigenGradCam } from './eigen-grad-cam.js';
import { fem } from './fem.js';
import { finerCam } from './finer-cam.js';
import { gradCamPlusPlus } from './grad-cam++.js';
import { gradCamElementwise } from './grad-cam-elementwise.js';
import { fullGrad } from './full-grad.js';
import { gradCam } from './grad-cam.js';
import { gradientXInput } from './gradient-x-input.js';
import { guidedBackprop } from './guided-backprop.js';
import { guidedGradCam } from './guided-grad-cam.js';
import { hiresCam } from './hires-cam.js';
import { integratedGradients } from './integrated-gradients.js';
import { kernelShap } from './kernel-shap.js';
import { kpcaCam } from './kpca-cam.js';
import { layerCam } from './layer-cam.js';
import { lime } from './lime.js';
import { limeTabular } from './lime-tabular.js';
import { limeText } from './lime-text.js';
import { linear } from './linear.js';
import { multiLayer } from './multi-layer.js';
import { occlusion } from './occlusion.js';
import { randomCam } from './random-cam.js';
import { refineCam } from './refine-cam.js';
import { rise } from './rise.js';
import { saliency } from './saliency.js';
import { scoreCam } from './score-cam.js';
import { segEigenCam } from './seg-eigen-cam.js';
import { shapleyCam } from './shapley-cam.js';
import type { kernelShapRows } from './shared/tabular/kernel-shap-rows.js';
import { smoothing } from './smooth.js';
import { partitionShap } from './partition-shap.js';
import { permutationShap } from './permutation-shap.js';
import { textGradients } from './text-gradients.js';
import { textOcclusion } from './text-occlusion.js';
import { treePath } from './tree-path.js';
import { treeShap } from './tree-shap.js';
import { testTimeAugmentation } from './tta.js';
import { xGradCam } from './x-grad-cam.js';

/** The registration list: one line for each explainer. */
const EXPLAINERS = [
  // class activation maps
  gradCam,
  cam,
  gradCamPlusPlus,
  xGradCam,
  hiresCam,
  gradCamElementwise,
  layerCam,
  scoreCam,
  ablationCam,
  eigenCam,
  eigenGradCam,
  segEigenCam,
  kpcaCam,
  fem,
  shapleyCam,
  finerCam,
  refineCam,
  randomCam,
  dff,
  // gradient family
  saliency,
  gradientXInput,
  integratedGradients,
  fullGrad,
  guidedBackprop,
  deconvnet,
  guidedGradCam,
  // perturbation family: any model that predicts
  occlusion,
  rise,
  lime,
  kernelShap,
  // rows and texts
  linear,
  treePath,
  treeShap,
  permutationShap,
  partitionShap,
  limeTabular,
  limeText,
  textOcclusion,
  textGradients,
  counterfactual,
  // wrappers
  multiLayer,
  smoothing,
  testTimeAugmentation,
] as const;

/** Any of them, with its id and the options that it declares: the types of calls come from here. */
export type BuiltInExplainer = (typeof EXPLAINERS)[number];

/** Options of methods that explain pictures and also rows, by id. */
export interface RowSides {
  readonly 'kernel-shap': (typeof kernelShapRows)['options'];
}

export const builtInExplainers = new ContainerModule(({ bind }) => {
  for (const explainer of EXPLAINERS) bind(TOKENS.Explainer).toConstantValue(explainer);
});
