/** What a thread of the server does: it holds the models and answers questions about them. */
import { createContainer, registryOf } from '../../container/container.js';
import type { Registry } from '../../container/registry.js';
import { isWhylensError, WhylensError } from '../../errors.js';
import { evaluateExplanation } from '../../evaluate/evaluate.js';
import type { Metric } from '../../evaluate/metrics.js';
import { explainPrediction } from '../../explain/explain.js';
import type { ExplainOptions } from '../../explain/explain-options.js';
import { predict } from '../../explain/predict.js';
import { registryFor, withModel } from '../../explain/prepare.js';
import type { Explanation } from '../../explanation.js';
import { chooseLayer } from '../../model/layers.js';
import { loadImage } from '../../node/load-image.js';
import { parseOption, validateOptions, type OptionSpecs } from '../../options.js';
import { bytesOf } from '../batch/write-outputs.js';
import { cleanJson } from '../clean.js';
import { layerReference } from '../flags/explain.js';
import { openModel, type ModelFlags, type OpenModel } from '../model.js';
import { loadPluginFile } from '../plugins.js';
import { formatterOf } from '../rendering.js';
import { parseTarget } from '../target-expression.js';
import type { Question } from './question.js';

/** One model that the server offers. */
export interface Offered {
  readonly id: string;
  readonly path: string;
}

export interface AnsweringSettings {
  readonly models: readonly Offered[];
  readonly flags: ModelFlags;
  readonly plugins: readonly string[];
  readonly maxPixels: number;
}

/** How whoever asked follows the answer, and ends it. */
interface Watched {
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly type: string;
  readonly body: Uint8Array;
}

export class Answering {
  private readonly opened = new Map<string, Promise<OpenModel>>();

  private constructor(
    private readonly settings: AnsweringSettings,
    private readonly container: ReturnType<typeof createContainer>,
    private readonly registry: Registry,
  ) {}

  static async open(settings: AnsweringSettings): Promise<Answering> {
    const container = createContainer();
    for (const plugin of settings.plugins) await loadPluginFile(container, plugin);
    return new Answering(settings, container, registryOf(container));
  }

  /** Throws the errors of the library. */
  async answer(question: Question, watched: Watched): Promise<Answer> {
    const opened = await this.model(question.model);
    if (question.what === 'layers') return this.layers(opened);
    const document = await this.document(question);
    if (question.what === 'predict') {
      const { top, warnings } = await predict(opened.model, document, {
        ...opened.options,
        container: this.container,
        top: question.top,
        signal: watched.signal,
      });
      return json({ kind: 'prediction', model: question.model, top: top[0], warnings });
    }
    const explanation = await explainPrediction(
      opened.model,
      document,
      this.optionsOf(question, opened, watched),
    );
    if (question.what === 'evaluate') {
      const evaluation = await evaluateExplanation(opened.model, document, explanation, {
        container: this.container,
        ...(question.metrics !== undefined && { metrics: question.metrics as Metric[] }),
        seed: question.seed,
        ...watched,
      });
      return json(evaluation);
    }
    return this.formatted(explanation, question);
  }

  private async model(id: string): Promise<OpenModel> {
    const offered = this.settings.models.find((one) => one.id === id);
    if (offered === undefined) {
      throw new WhylensError('MODEL_LOAD', `there is no model '${id}' here`, {
        facts: { status: 404 },
      });
    }
    let opened = this.opened.get(id);
    if (opened === undefined) {
      const { signal } = new AbortController();
      opened = openModel(offered.path, { ...this.settings.flags, quiet: true }, { signal });
      this.opened.set(id, opened);
      // a model that failed to load is tried again by the next request
      opened.catch(() => this.opened.delete(id));
    }
    return opened;
  }

  private async document({ image, text, row }: Question): Promise<unknown> {
    if (image !== undefined) return loadImage(image, { maxPixels: this.settings.maxPixels });
    return text ?? row;
  }

  private optionsOf(question: Question, opened: OpenModel, watched: Watched): ExplainOptions {
    const { method, options = {}, targets, layer, score, seed } = question;
    const { labels } = opened.model;
    return {
      ...(method === undefined ? {} : this.ownOptions(method, options)),
      ...opened.options,
      container: this.container,
      ...(method !== undefined && { method }),
      ...(targets !== undefined && {
        targets:
          targets.length === 1 && targets[0] === 'all'
            ? 'all'
            : targets.map((target) => parseTarget(target, labels)),
      }),
      ...(layer !== undefined && { layer: layerReference(layer) }),
      ...(score !== undefined && { score }),
      ...(seed !== undefined && { seed }),
      ...watched,
    };
  }

  private ownOptions(
    method: string,
    given: Readonly<Record<string, unknown>>,
  ): Record<string, unknown> {
    const explainer = this.registry.explainerFor(method, given);
    return optionsFrom(`method '${method}'`, explainer.options, given);
  }

  private async formatted(explanation: Explanation, question: Question): Promise<Answer> {
    const { as, format = {} } = question;
    const formatter = this.registry.formatter(as);
    const { options } = formatterOf([formatter], explanation.kind);
    const chosen = optionsFrom(`formatter '${as}'`, options, format);
    const content = formatter.format(explanation, chosen);
    if (as === 'json' && typeof content !== 'string') return json(content);
    const body = await bytesOf(content, 'png');
    return { type: TYPES[as] ?? 'application/octet-stream', body };
  }

  private async layers({ model, options }: OpenModel): Promise<Answer> {
    const registry = registryFor({ container: this.container });
    return withModel(model, options, registry, ({ description }) => {
      const { name, inputs, outputs, layers } = description;
      let chosen: string | null = null;
      try {
        chosen = chooseLayer(description).path;
      } catch (error) {
        if (!isWhylensError(error, 'UNSUITABLE_LAYER')) throw error;
      }
      const shown = layers
        .filter(({ internal }) => internal !== true)
        .map(({ path, kind, shape, parameters }) => ({ path, kind, shape, parameters }));
      return Promise.resolve(json({ name, inputs, outputs, layers: shown, defaultLayer: chosen }));
    });
  }
}

/** In a form every value is a text; in JSON it can be a number or a boolean. */
function optionsFrom(
  owner: string,
  specs: OptionSpecs,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const parsed = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      typeof value === 'string' && Object.hasOwn(specs, name)
        ? parseOption(owner, name, specs[name], value)
        : value,
    ]),
  );
  return validateOptions(owner, specs, parsed);
}

const TYPES: Readonly<Record<string, string>> = {
  image: 'image/png',
  figure: 'image/png',
  svg: 'image/svg+xml',
  html: 'text/html; charset=utf-8',
  text: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
};

function json(value: unknown): Answer {
  return {
    type: 'application/json; charset=utf-8',
    body: new TextEncoder().encode(`${cleanJson(value)}\n`),
  };
}
