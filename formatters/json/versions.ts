/** Which layouts of the stored form there are, and the way from each to the next. */
import { WhylensError } from '../../src/errors.js';
import type { Picture } from '../../src/explanation.js';
import { fromBase64, toBase64 } from '../../src/images/base64.js';
import { encodePng } from '../../src/images/png.js';

export const SCHEMA = 'whylens/explanation';
/** Grows when a reader of the last version would misread a record; a new optional field is not a reason. */
export const VERSION = 1;

type Stored = Readonly<Record<string, unknown>>;

/** `MIGRATIONS[n]` turns version `n` into version `n + 1`. */
const MIGRATIONS: readonly ((stored: Stored) => Stored)[] = [fromVersion0];

/** The record's own fields in the present layout. */
export function migrate(stored: unknown): Stored {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) {
    throw foreign('it is not an object');
  }
  let record = stored as Stored;
  const name = record.version === 0 ? record.format : record.schema;
  const wanted = record.version === 0 ? 'whylens-explanation' : SCHEMA;
  if (name !== wanted) throw foreign(`its 'schema' is not '${SCHEMA}'`);
  const { version } = record;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0) {
    throw foreign(`its 'version' is not a whole number of at least 0`);
  }
  if (version > VERSION) {
    throw new WhylensError(
      'UNSUPPORTED_VERSION',
      `this explanation is stored in version ${version}, this program reads versions 0 to ${VERSION}; read it with a newer whylens`,
      { facts: { version, newest: VERSION } },
    );
  }
  for (let at = version; at < VERSION; at++) record = MIGRATIONS[at](record);
  const { schema: _schema, version: _version, ...rest } = record;
  return rest;
}

/**
 * Version 0 is the draft before the first release: the name under `format`,
 * arrays as plain numbers without `dtype`, pictures as base64 of their raw
 * samples, and the name `probability` instead of `proba`.
 */
function fromVersion0({ format: _format, ...record }: Stored): Stored {
  return { ...(upgrade0(record, 0) as Stored), schema: SCHEMA, version: 1 };
}

function upgrade0(value: unknown, depth: number): unknown {
  if (depth > 1000) throw foreign('it nests deeper than 1000 levels');
  if (Array.isArray(value)) return value.map((item) => upgrade0(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const stored = value as Stored;
  if (Array.isArray(stored.shape) && Array.isArray(stored.data) && Object.keys(stored).length === 2)
    return { ...stored, dtype: 'float32' };
  if (typeof stored.mode === 'string' && typeof stored.data === 'string') return picture0(stored);
  return Object.fromEntries(
    Object.entries(stored).map(([name, item]) => {
      // a mask of a target and the parameters keep their layout
      if (name === 'parameters' || name === 'definition') return [name, item];
      return [name === 'probability' ? 'proba' : name, upgrade0(item, depth + 1)];
    }),
  );
}

function picture0({ width, height, mode, data }: Stored): Stored {
  const bytes = fromBase64(data as string);
  if (bytes === undefined) throw foreign('the samples of its picture are not base64');
  try {
    const samples = new Uint8ClampedArray(bytes.buffer);
    const png = encodePng({ width, height, mode, data: samples } as Picture);
    return { width, height, mode, png: toBase64(png) };
  } catch (error) {
    throw foreign(`its picture is damaged (${(error as Error).message})`, error);
  }
}

function foreign(why: string, cause?: unknown): WhylensError {
  return new WhylensError(
    'INVALID_EXPLANATION',
    `a stored explanation is needed, as formatAsJson writes it, but ${why}`,
    { cause },
  );
}
