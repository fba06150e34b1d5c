/** The OpenAPI document, made of the same declarations as the command's flags. */
import type { Explainer, Formatter } from '../../container/plugin.js';
import { describeOption, type OptionSpec, type OptionSpecs } from '../../options.js';

interface Described {
  readonly explainers: ReadonlyMap<string, Explainer>;
  readonly formatters: ReadonlyMap<string, Formatter>;
  readonly models: readonly string[];
  readonly version: string;
  readonly metrics: readonly string[];
}

type Schema = Record<string, unknown>;

export function openApi({ explainers, formatters, models, version, metrics }: Described): Schema {
  const methods = [...explainers.values()];
  const answer = {
    200: {
      description: 'The explanation, in the form that Accept asks for.',
      content: {
        'application/json': { schema: { type: 'object' } },
        'image/png': { schema: { type: 'string', format: 'binary' } },
        'image/svg+xml': { schema: { type: 'string' } },
        'text/html': { schema: { type: 'string' } },
        'text/plain': { schema: { type: 'string' } },
      },
    },
    202: { description: 'A job was begun: Location says where it is.' },
    ...problems(400, 401, 406, 413, 415, 422, 503, 504),
  };
  const fields: Record<string, Schema> = {
    model: { type: 'string', enum: models, description: 'Default: the first.' },
    image: {
      type: 'string',
      format: 'binary',
      description: 'A picture file; in JSON as base64. Addresses are not fetched.',
    },
    text: { type: 'string' },
    row: { description: 'A row of a table: an object by feature name, or a list.' },
    seed: { type: 'integer' },
  };
  const how: Record<string, Schema> = {
    method: {
      type: 'string',
      enum: methods.map(({ id }) => id),
      description: 'The method that explains. Default: by the kind of model.',
    },
    options: {
      description: 'Options of the method.',
      anyOf: methods.map((method) => ({
        title: method.id,
        type: 'object',
        additionalProperties: false,
        properties: schemasOf({ ...method.options, ...method.rows?.options }),
      })),
    },
    target: {
      description:
        "What is explained: a class index, a label, 'tiger cat - bull mastiff', 'top 2', 'all'; or several.",
      anyOf: [
        { type: 'string' },
        { type: 'integer' },
        { type: 'array', items: { type: ['string', 'integer'] } },
      ],
    },
    layer: { type: 'string' },
    score: { type: 'string', enum: ['logit', 'output'], default: 'logit' },
  };
  const form: Record<string, Schema> = {
    as: {
      type: 'string',
      enum: [...formatters.keys()],
      description: 'The formatter. Default: as Accept says.',
    },
    format: {
      description: 'Options of the formatter.',
      anyOf: [...formatters.values()].map(({ id, options }) => ({
        title: id,
        type: 'object',
        additionalProperties: false,
        properties: schemasOf(options),
      })),
    },
  };
  const post = (
    summary: string,
    properties: Record<string, Schema>,
    responses: object,
  ): Schema => ({
    post: {
      summary,
      requestBody: {
        required: true,
        content: Object.fromEntries(
          ['multipart/form-data', 'application/json'].map((type) => [
            type,
            { schema: { type: 'object', additionalProperties: false, properties } },
          ]),
        ),
      },
      responses,
    },
  });
  const get = (summary: string, more: object = {}): Schema => ({
    get: {
      summary,
      responses: { 200: { description: 'Found.', content: { 'application/json': {} } }, ...more },
    },
  });
  const jobId = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
  return {
    openapi: '3.1.0',
    info: { title: 'whylens', version, description: 'Why did the model say that?' },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Problem: {
          type: 'object',
          properties: {
            type: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'integer' },
            detail: { type: 'string' },
            code: { type: 'string' },
          },
        },
      },
    },
    paths: {
      '/v1/explain': post('Explain a prediction.', { ...fields, ...how, ...form }, answer),
      '/v1/predict': post(
        'The top classes of a document.',
        { ...fields, top: { type: 'integer', minimum: 1, default: 5 } },
        answer,
      ),
      '/v1/evaluate': post(
        'Explain a prediction, and measure how good the explanation is.',
        {
          ...fields,
          ...how,
          metrics: { type: 'array', items: { type: 'string', enum: metrics } },
        },
        answer,
      ),
      '/v1/models': get('The models.'),
      '/v1/models/{id}/layers': {
        parameters: [jobId],
        ...get('The layers of a model, and which is the default.', problems(404)),
      },
      '/v1/methods': get('The methods, with their options.'),
      '/v1/jobs/{id}': {
        parameters: [jobId],
        ...get('How far a job is; once it is done, its answer.', problems(404)),
        delete: {
          summary: 'Abort a job, or forget its answer.',
          responses: { 204: { description: 'Gone.' }, ...problems(404) },
        },
      },
      '/v1/jobs/{id}/events': {
        parameters: [jobId],
        get: {
          summary: 'Progress of a job as server-sent events.',
          responses: {
            200: { description: 'Events.', content: { 'text/event-stream': {} } },
            ...problems(404),
          },
        },
      },
    },
  };
}

function problems(...statuses: readonly number[]): Record<number, object> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: 'A problem (RFC 9457), with the error code of the library.',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    ]),
  );
}

/** One JSON schema for each option; options that only code can give are left out. */
export function schemasOf(options: OptionSpecs): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([, spec]) => spec.type !== 'value' || spec.parse !== undefined)
      .map(([name, spec]) => [name, schemaOf(spec)]),
  );
}

function schemaOf(spec: OptionSpec): Schema {
  const common = {
    description: `${spec.help} (${describeOption(spec)})`,
    ...(spec.default !== undefined &&
      typeof spec.default !== 'function' && { default: spec.default }),
  };
  switch (spec.type) {
    case 'number':
      return {
        type: spec.integer === true ? 'integer' : 'number',
        ...(spec.min !== undefined && { minimum: spec.min }),
        ...(spec.max !== undefined && { maximum: spec.max }),
        ...common,
      };
    case 'boolean':
      return { type: 'boolean', ...common };
    case 'choice':
      return { type: 'string', enum: spec.choices, ...common };
    case 'string':
      return { type: 'string', ...common };
    case 'list':
      return { type: 'array', items: { type: spec.of }, ...common };
    case 'value':
      return common;
  }
}
