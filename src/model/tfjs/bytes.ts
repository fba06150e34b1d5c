/** Where the files of a model come from: a folder, an address, a list of files. */
import { WhylensError } from '../../errors.js';
import { withEnding } from '../files/ending.js';
import { refuseOtherFormats } from '../files/other-formats.js';
import { fetchBounded, nameOfAddress, type Fail } from '../../reading/fetch.js';
import { isAllowedHost } from '../../reading/hosts.js';
import { DEFAULT_LIMITS, type ReadLimits } from '../../reading/limits.js';

/** The model file and the files beside it. */
export interface ByteSource {
  /** Name of the model file, for messages. */
  readonly name: string;
  /** Name of the model if its file does not tell. */
  readonly title: string;
  /** True where each call of `model` gives bytes that nobody else holds. */
  readonly fresh?: boolean;
  model(): Promise<Uint8Array>;
  /** A file named relative to the model file; `MODEL_LOAD` if it is missing or longer than `maxBytes`. */
  sibling(path: string, maxBytes?: number): Promise<Uint8Array>;
  /**
   * A file beside the model that may or may not be there. Nothing is fetched for
   * it: at an address there is never one, unless its name is given.
   */
  optional(name: string): Promise<Uint8Array | undefined>;
}

/** One file of a list: a browser's `File` (also with a folder in `webkitRelativePath`), or a name with bytes. */
export type ModelFile =
  | { readonly name: string; readonly bytes: Uint8Array | ArrayBuffer }
  | {
      readonly name: string;
      readonly webkitRelativePath?: string;
      arrayBuffer(): Promise<ArrayBuffer>;
    };

/** A model in one piece: a page's `File` or `Blob`, a name with bytes, or bytes alone. */
export type WholeFile = ModelFile | Blob | ArrayBuffer | Uint8Array;

export function isWholeFile(source: unknown): source is WholeFile {
  if (source instanceof ArrayBuffer || source instanceof Uint8Array) return true;
  if (typeof source !== 'object' || source === null) return false;
  return typeof (source as Partial<Blob>).arrayBuffer === 'function' || 'bytes' in source;
}

/** Its name tells what it is; without one, its content. */
export async function wholeSource(file: WholeFile): Promise<ByteSource> {
  if ('name' in file && typeof file.name === 'string') return filesSource([file]);
  const bytes =
    file instanceof ArrayBuffer
      ? new Uint8Array(file)
      : file instanceof Uint8Array
        ? file
        : await bytesOf(file as ModelFile);
  const name = await withEnding('model', bytes);
  return filesSource([{ name, bytes }]);
}

/** Files that the caller holds; the model is `model.json`, the only `.onnx`, the only `.json` among them, or the only file. */
export function filesSource(files: readonly ModelFile[]): ByteSource {
  const names = files.map(pathOf);
  const json = names.filter((name) => name.endsWith('.json'));
  const main = json.filter((name) => baseName(name) === 'model.json');
  const networks = names.filter((name) => isOnnx(name) || isKeras(name));
  const usual = networks.filter((name) => baseName(name) === 'model.onnx');
  const single = usual.length === 1 ? usual : networks;
  const alone = names.length === 1 ? names : [];
  const [found] =
    main.length === 1 ? main : single.length === 1 ? single : json.length === 1 ? json : alone;
  if (found === undefined) {
    names.forEach(refuseOtherFormats);
    throw new WhylensError(
      'MODEL_LOAD',
      `a list of files must hold one .onnx, .keras or .h5 file, or one model.json and its weight files, got ${names.join(', ') || 'no files'}`,
      { facts: { files: names } },
    );
  }
  const read = async (name: string): Promise<Uint8Array> => bytesOf(files[names.indexOf(name)]);
  return {
    name: found,
    title: titleOf(found),
    model: () => read(found),
    sibling: async (path) => {
      const exact = folderOf(found) + path;
      const name =
        names.find((candidate) => candidate === exact) ??
        names.find((candidate) => baseName(candidate) === baseName(path));
      if (name === undefined) throw missing(path, found, `the files given are ${names.join(', ')}`);
      return read(name);
    },
    optional: async (file) => {
      const folder = folderOf(found);
      // exporters put the network into a folder `onnx` of the model's
      const places = [folder + file, folder.replace(/(^|[\\/])onnx[\\/]$/, '$1') + file];
      const name = names.find((candidate) => places.includes(candidate));
      return name === undefined ? undefined : read(name);
    },
  };
}

/**
 * Files at an address, fetched. Weights come from the model's own origin; the part after its
 * question mark (a key, a signature) is sent nowhere else.
 */
export function fetchSource(url: URL, limits: ReadLimits = DEFAULT_LIMITS): ByteSource {
  return {
    name: nameOfAddress(url),
    title: titleOf(url.pathname),
    fresh: true,
    model: () => fetchBounded(url, limits, unfetched('model file', url)),
    sibling: (path, maxBytes = limits.maxBytes) => {
      if (!URL.canParse(path, url)) throw missing(path, nameOfAddress(url), 'it is not an address');
      const address = new URL(path, url);
      const fail = unfetched('weight file', address);
      if (!/^https?:$/.test(address.protocol)) throw fail('weights are fetched by http or https');
      const isOwn = address.origin === url.origin;
      if (!isOwn && !isAllowedHost(address, limits.allowHosts)) {
        throw fail(
          `the model file of ${url.host} names another host, which is not asked; allowHosts: ['${address.host}'] allows it`,
        );
      }
      if (isOwn && address.search === '') address.search = url.search;
      return fetchBounded(address, { ...limits, maxBytes }, fail);
    },
    optional: () => Promise.resolve(undefined),
  };
}

function unfetched(what: string, url: URL): Fail {
  return (reason, details) =>
    new WhylensError('MODEL_LOAD', `cannot fetch the ${what} ${nameOfAddress(url)}: ${reason}`, {
      ...details,
      facts: { ...details?.facts, file: nameOfAddress(url) },
    });
}

/** The error for a weight file that is named but not there. */
export function missing(
  path: string,
  model: string,
  detail: string,
  cause?: unknown,
): WhylensError {
  return new WhylensError(
    'MODEL_LOAD',
    `weight file '${path}', which ${model} names, is missing: ${detail}. Put it beside the model file`,
    { cause, facts: { file: path, model } },
  );
}

/** `mobilenet` for `…/mobilenet/model.json`, `…/mobilenet/onnx/model.onnx` and `mobilenet.json`. */
export function titleOf(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => part !== '');
  // exporters put the network into a folder `onnx` of the model's
  if (parts.length > 2 && parts.at(-2) === 'onnx' && parts.at(-1) === 'model.onnx') {
    return parts.at(-3)!;
  }
  const own = (parts.pop() ?? '').replace(/\.(json|onnx)$/, '');
  return own === 'model' ? (parts.pop() ?? own) : own;
}

/** By its name, also at an address. */
export function isOnnx(name: string): boolean {
  return /\.onnx$/i.test(name.replace(/[?#].*$/, ''));
}

/** By its name: what `model.save` of Keras writes. */
export function isKeras(name: string): boolean {
  return /\.(keras|h5|hdf5)$/i.test(name.replace(/[?#].*$/, ''));
}

/** What a file of a list holds. */
export async function bytesOf(file: ModelFile): Promise<Uint8Array> {
  // new browsers give every File a method `bytes`
  if (!('bytes' in file) || typeof file.bytes === 'function') {
    return new Uint8Array(await (file as unknown as Blob).arrayBuffer());
  }
  const { bytes } = file;
  if (!(bytes instanceof Uint8Array)) return new Uint8Array(bytes);
  // a Buffer of Node looks like one, but its slices are no copies
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function pathOf(file: ModelFile): string {
  const folder = (file as { webkitRelativePath?: string }).webkitRelativePath;
  return folder === undefined || folder === '' ? file.name : folder;
}

function baseName(path: string): string {
  return path.slice(folderOf(path).length);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
