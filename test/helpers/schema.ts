/**
 * The JSON Schema of stored explanations, made from the TypeScript types of
 * the record and of the stored arrays and pictures. The committed
 * `schema/explanation.schema.json` must equal it.
 */
import { createGenerator, type Schema } from 'ts-json-schema-generator';
import { SCHEMA, VERSION } from '../../formatters/json/versions.js';

type Definitions = Record<string, Schema & { properties?: Record<string, Schema> }>;

export function explanationSchema(): Schema {
  const record = definitionsOf('src/explanation.ts', 'Explanation');
  const stored = {
    ...definitionsOf('formatters/json/bytes.ts', 'StoredArray'),
    ...definitionsOf('formatters/json/bytes.ts', 'StoredPicture'),
  };
  const { NdArray: _array, Picture: _picture, Heatmap: _heatmap, ...rest } = record;
  const definitions: Definitions = {
    ...rest,
    NdArray: stored.StoredArray,
    Heatmap: { $ref: '#/definitions/NdArray' },
    Picture: stored.StoredPicture,
    PictureMode: stored.PictureMode,
  };
  const kinds = (definitions.Explanation.anyOf ?? []) as Schema[];
  for (const { $ref } of kinds) {
    const kind = definitions[decodeURIComponent(String($ref).slice('#/definitions/'.length))];
    kind.properties = {
      schema: { type: 'string', const: SCHEMA },
      version: { type: 'number', const: VERSION },
      ...kind.properties,
    };
    kind.required = ['schema', 'version', ...(kind.required ?? [])];
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A stored explanation of whylens',
    $ref: '#/definitions/Explanation',
    definitions: Object.fromEntries(
      Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  };
}

function definitionsOf(path: string, type: string): Definitions {
  const schema = createGenerator({
    path,
    type,
    tsconfig: 'tsconfig.json',
    skipTypeCheck: true,
    additionalProperties: false,
    topRef: true,
    expose: 'export',
    sortProps: false,
  }).createSchema(type);
  return (schema.definitions ?? {}) as Definitions;
}
