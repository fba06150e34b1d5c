/** Licences of everything that users install with the package; ends with 1 where one is not known to be free. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const FREE =
  /^(MIT|MIT-0|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|Unlicense|CC0-1\.0|Python-2\.0|Zlib)$/;
/** libvips, which sharp loads as a library of its own; h5wasm carries the licences of NIST and HDF5 (of BSD kind) in a file. */
const EXCEPTIONS = [/^node_modules\/@img\/sharp-/, /^node_modules\/h5wasm$/];

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { packages } = read('package-lock.json');
const wrong = [];
let count = 0;
for (const [path, entry] of Object.entries(packages)) {
  if (path === '' || entry.dev === true || entry.link === true) continue;
  count++;
  const own = join(path, 'package.json');
  const found = entry.license ?? (existsSync(own) ? read(own).license : undefined);
  const text = typeof found === 'string' ? found : (found?.type ?? '');
  const isFree = text
    .replace(/[()]/g, '')
    .split(/ OR /i)
    .some((one) => one.split(/ AND /i).every((part) => FREE.test(part.trim())));
  if (!isFree && !EXCEPTIONS.some((known) => known.test(path))) {
    wrong.push(`${path}: ${text || 'no licence said'}`);
  }
}
process.stdout.write(`${count} production dependencies, ${wrong.length} with other licences\n`);
for (const line of wrong) process.stderr.write(`${line}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
