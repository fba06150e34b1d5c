/**
 * The command in few files, in `build/command`: finding and reading 700 modules takes Node a third
 * of the time in which the command explains a picture. Threads, and what belongs to the package's
 * folder, are still found from the modules of `build/src`.
 */
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const OUT = resolve(ROOT, 'build', 'command');
/** Of the packages those made of very many modules; the others stay where they are. */
const TAKEN_IN = [
  'inversify',
  '@inversifyjs/',
  'reflect-metadata',
  '@noble/hashes',
  'string-width',
  'd3-',
];

await build({
  entryPoints: { main: resolve(ROOT, 'build/src/cli/main.js') },
  outdir: OUT,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  logLevel: 'warning',
  plugins: [packagesLeftOut(), addressesKept()],
});

function packagesLeftOut() {
  return {
    name: 'packages-left-out',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path, kind, importer }) => {
        if (kind === 'entry-point') return undefined;
        // what a package taken in needs comes with it
        const within = importer.includes(`${sep}node_modules${sep}`);
        const isTaken = within || TAKEN_IN.some((name) => path.startsWith(name));
        return isTaken ? undefined : { path, external: true };
      });
    },
  };
}

/** `import.meta.url` goes on meaning the module's own file. */
function addressesKept() {
  return {
    name: 'addresses-kept',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]build[\\/].*\.js$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const from = relative(OUT, path).split(sep).join('/');
        const own = `new URL(${JSON.stringify(from)}, import.meta.url).href`;
        return { contents: text.replaceAll('import.meta.url', own), loader: 'js' };
      });
    },
  };
}
