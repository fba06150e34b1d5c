/**
 * The rooms and the doors between them. Reads like the paragraph it holds:
 *
 *   cli → node → explain → documents, container, model, record;
 *   evaluate → explain; explainers → model (interface only), maths, record;
 *   formatters → display, images, maths, explanation;
 *   images, maths, reading, explanation, errors import nothing of the project but each other.
 *   Only model/tfjs and model/executors/tfjs import tfjs; only node and cli import `node:` modules or sharp.
 */

/** Names and plain checks that every room may use: errors, the record, declared options. */
const BASE = [
  '^src/errors',
  '^src/explanation',
  '^src/options',
  '^src/did-you-mean',
  '^src/mistaken',
  '^src/graphemes',
];
/** What a plugin is: its types and the tokens it binds to. */
const PLUGIN = ['^src/container/plugin', '^src/container/tokens'];
/** The model as explainers see it; engines and readers live in folders below. */
const MODEL_INTERFACE = [
  '^src/model/[^/]+$',
  '^src/model/tabular/(cut-warning|functions|interface|read-rows|view)[.]ts$',
];
/** Pure functions over numbers and pictures, and reading within limits. */
const GROUND = ['^src/images/', '^src/maths/', '^src/reading/'];
const LIBRARIES = ['(^|/)node_modules/'];

/** `room` may import itself and what is listed, nothing else. */
const only = (room, path, allowed, comment) => ({
  name: `${room}-imports-only`,
  comment,
  severity: 'error',
  from: { path },
  to: { pathNot: [path, ...allowed] },
});

const LIBRARY_CODE = '^(src|explainers|formatters)/';

module.exports = {
  forbidden: [
    only(
      'images-maths-explanation-errors',
      '^src/(images|maths|reading)/|^src/(did-you-mean|explanation|errors|graphemes|mistaken|options)[.]ts$',
      LIBRARIES,
      'The ground floor knows nothing of models, containers or files.',
    ),
    only(
      'explainers',
      '^explainers/',
      [...BASE, ...PLUGIN, ...MODEL_INTERFACE, '^src/(maths|builders)/', ...LIBRARIES],
      'An explainer sees the model interface and pure functions, never an engine, a picture or a colour.',
    ),
    only(
      'formatters',
      '^formatters/',
      [...BASE, ...PLUGIN, ...GROUND, ...LIBRARIES],
      'A formatter reads the record and nothing else; it cannot reach a model.',
    ),
    only(
      'display',
      '^formatters/display/',
      [...BASE, ...GROUND],
      'How a raw value becomes colour and strength, for every formatter; it knows no record of any kind.',
    ),
    only(
      'documents',
      '^src/documents/',
      [...BASE, ...MODEL_INTERFACE, ...GROUND, ...LIBRARIES],
      'A document is read without knowing who explains it.',
    ),
    only(
      'model',
      '^src/model/',
      [...BASE, ...PLUGIN, ...GROUND, '^src/documents/', ...LIBRARIES],
      'A model knows no explainer, no formatter and no way to explain.',
    ),
    only(
      'explain',
      '^src/explain/',
      [
        ...BASE,
        ...MODEL_INTERFACE,
        ...GROUND,
        '^src/(container|documents)/',
        '^formatters/index[.]ts$',
        ...LIBRARIES,
      ],
      'The pipeline puts rooms together; it computes nothing and knows no method and no engine.',
    ),
    only(
      'evaluate',
      '^src/evaluate/',
      [
        ...BASE,
        ...MODEL_INTERFACE,
        ...GROUND,
        '^src/(explain|documents|container)/',
        '^explainers/shared/',
        ...LIBRARIES,
      ],
      'Putting explanations to the test goes through the same pipeline as explaining.',
    ),
    only(
      'container',
      '^src/container/',
      [
        ...BASE,
        ...MODEL_INTERFACE,
        '^src/documents/document[.]ts$',
        '^explainers/index[.]ts$',
        '^formatters/index[.]ts$',
        ...LIBRARIES,
      ],
      'The container knows the registration lists and the shapes of plugins.',
    ),
    {
      name: 'nothing-imports-the-command',
      severity: 'error',
      from: { path: LIBRARY_CODE, pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'only-cli-and-the-entry-import-node',
      comment: 'What needs a file system stays out of everything that runs in a browser.',
      severity: 'error',
      from: { path: LIBRARY_CODE, pathNot: ['^src/(cli|node)/', '^src/index[.]ts$'] },
      to: { path: '^src/node/' },
    },
    {
      name: 'only-node-and-cli-import-node-modules-or-sharp',
      severity: 'error',
      from: { path: LIBRARY_CODE, pathNot: '^src/(cli|node)/' },
      to: { path: '(^|/)node_modules/(sharp|cli-progress|commander)/' },
    },
    {
      name: 'only-node-and-cli-import-node-builtins',
      severity: 'error',
      from: { path: LIBRARY_CODE, pathNot: '^src/(cli|node)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-model-tfjs-imports-tfjs',
      severity: 'error',
      from: { path: LIBRARY_CODE, pathNot: '^src/model/(tfjs|executors/tfjs)/' },
      to: { path: 'node_modules/@tensorflow/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'Types may refer to each other, running code may not.',
      severity: 'error',
      from: { path: LIBRARY_CODE },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@tensorflow/tfjs-node$' },
    },
    {
      name: 'published-code-uses-published-dependencies',
      severity: 'error',
      from: { path: LIBRARY_CODE },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg'],
        dependencyTypesNot: ['type-only', 'npm-peer'],
      },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^build/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
};
