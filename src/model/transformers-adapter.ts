import { injectable } from 'inversify';
import type { InferenceSession } from 'onnxruntime-common';
import type { AdaptOptions, KnownOfModel, ModelAdapter } from '../container/plugin.js';
import { isWhylensError } from '../errors.js';
import { sizeAfter } from './beside/steps.js';
import { stepsOfProcessor, type Fields } from './beside/huggingface.js';
import type { Inferred } from './infer.js';
import type { ExplainableModel } from './interface.js';

/** What is used of a model of transformers.js. */
interface TransformersModel {
  readonly config: Fields;
  readonly sessions: Readonly<Record<string, InferenceSession>>;
}

/** What is used of its pipeline. */
interface TransformersPipeline {
  readonly task: string;
  readonly model: TransformersModel;
  readonly processor?: {
    readonly image_processor?: Fields & { readonly config?: Fields };
    readonly feature_extractor?: Fields & { readonly config?: Fields };
  } | null;
}

const TASK = 'image-classification';
const INPUT = 'pixel_values';
const FALLBACK_SIDE = 224;

/** An image classifier of transformers.js: its pipeline, or the model in it. It shows its predictions. */
@injectable()
export class TransformersAdapter implements ModelAdapter {
  readonly id = 'transformers-js';
  readonly recognizes = 'an image-classification pipeline or model of transformers.js';

  recognize(model: unknown): boolean {
    return modelOf(model) !== undefined;
  }

  knows(model: unknown): KnownOfModel {
    const { config } = modelOf(model)!;
    const labels = labelsOf(config);
    const inferred: { labels?: string; preprocess?: string } = {};
    if (labels !== undefined) inferred.labels = 'the configuration of the model';
    const fields = processorOf(model);
    if (fields === undefined) return { labels, inferred };
    try {
      const preprocess = stepsOfProcessor(fields, 'the processor of the pipeline');
      return {
        labels,
        preprocess,
        inferred: { ...inferred, preprocess: 'the processor of the pipeline' },
      };
    } catch (error) {
      if (!isWhylensError(error)) throw error;
      const why: Inferred = { ...inferred, preprocess: `none used: ${error.message}` };
      return { labels, inferred: why };
    }
  }

  async adapt(model: unknown, options: AdaptOptions): Promise<ExplainableModel> {
    const { SessionModel } = await import('./session-model.js');
    const { config, sessions } = modelOf(model)!;
    const session = sessions.model;
    return new SessionModel(describedSession(session, config, sideOf(model)), {
      name: options.name ?? nameOf(config),
      activation: options.outputActivation ?? 'linear',
      channelsFirst: true,
      ...(options.inputShape === undefined ? {} : { inputShape: options.inputShape }),
      why: "transformers.js shows no layers and keeps no file. Load the model's folder instead: loadModel(folder), with config.json, preprocessor_config.json and onnx/model.onnx",
    });
  }
}

function modelOf(value: unknown): TransformersModel | undefined {
  // both are functions with fields
  if ((typeof value !== 'function' && typeof value !== 'object') || value === null)
    return undefined;
  const pipeline = value as Partial<TransformersPipeline>;
  if (pipeline.task !== undefined && pipeline.task !== TASK) return undefined;
  const model = (pipeline.task === undefined ? value : pipeline.model) as
    Partial<TransformersModel> | undefined;
  const session = model?.sessions?.model as Partial<InferenceSession> | undefined;
  const isOne =
    typeof model?.config === 'object' &&
    typeof session?.run === 'function' &&
    session.inputNames?.includes(INPUT) === true &&
    session.outputNames?.includes('logits') === true;
  return isOne ? (model as TransformersModel) : undefined;
}

/** The numbers of its `preprocessor_config.json`. */
function processorOf(value: unknown): Fields | undefined {
  const { processor } = value as Partial<TransformersPipeline>;
  const found = processor?.image_processor ?? processor?.feature_extractor;
  return found?.config ?? found;
}

function labelsOf({ id2label }: Fields): string[] | undefined {
  if (typeof id2label !== 'object' || id2label === null) return undefined;
  const names = Object.entries(id2label as Record<string, string>);
  return names.sort(([a], [b]) => Number(a) - Number(b)).map(([, name]) => name);
}

function nameOf(config: Fields): string {
  const [name = config.model_type] = [config._name_or_path, config.name_or_path].filter(
    (one) => typeof one === 'string' && one !== '',
  );
  return typeof name === 'string' ? name : 'transformers.js model';
}

/** Height and width that the network is fed: its own where they are fixed, else as the processor or the configuration tell. */
function sideOf(value: unknown): readonly [number, number] {
  const { config, sessions } = modelOf(value)!;
  // older versions of the library describe no inputs
  const described = sessions.model.inputMetadata as InferenceSession.ValueMetadata[] | undefined;
  const own = described?.find(({ name }) => name === INPUT);
  const [, , height, width] = own?.isTensor === true ? own.shape : [];
  if (isSize(height) && isSize(width)) return [height, width];
  const fields = processorOf(value);
  if (fields !== undefined) {
    try {
      const size = sizeAfter(stepsOfProcessor(fields, 'the processor'));
      if (size !== undefined) return size;
    } catch (error) {
      if (!isWhylensError(error)) throw error;
    }
  }
  const { image_size: size } = config;
  if (Array.isArray(size)) return [Number(size[0]), Number(size.at(-1))];
  return typeof size === 'number' ? [size, size] : [FALLBACK_SIDE, FALLBACK_SIDE];
}

/** An open size may be a huge number. */
const isSize = (size: unknown): size is number =>
  Number.isSafeInteger(size) && Number(size) > 0 && Number(size) < 2 ** 20;

/** Exports leave sizes open that the processor fixes. */
function describedSession(
  session: InferenceSession,
  config: Fields,
  [height, width]: readonly [number, number],
): InferenceSession {
  const classes = labelsOf(config)?.length ?? 'classes';
  const channels = typeof config.num_channels === 'number' ? config.num_channels : 3;
  const type = { isTensor: true, type: 'float32' } as const;
  return {
    inputNames: [INPUT],
    outputNames: ['logits'],
    inputMetadata: [{ ...type, name: INPUT, shape: ['batch', channels, height, width] }],
    outputMetadata: [{ ...type, name: 'logits', shape: ['batch', classes] }],
    run: (feeds: InferenceSession.FeedsType, names: readonly string[]) => session.run(feeds, names),
    release: () => Promise.resolve(),
  } as unknown as InferenceSession;
}
