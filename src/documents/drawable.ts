/** What a browser can draw, as pictures: images, canvases, bitmaps and frames of videos. */
import { WhylensError } from '../errors.js';
import type { Picture } from '../explanation.js';
import { checkSize, MAX_PIXELS } from '../images/picture.js';

/** The size in pixels of each kind, by the name that the browser gives its class. */
const SIZES: Readonly<Record<string, readonly [width: string, height: string]>> = {
  HTMLImageElement: ['naturalWidth', 'naturalHeight'],
  HTMLCanvasElement: ['width', 'height'],
  HTMLVideoElement: ['videoWidth', 'videoHeight'],
  ImageBitmap: ['width', 'height'],
  OffscreenCanvas: ['width', 'height'],
  VideoFrame: ['displayWidth', 'displayHeight'],
};

const EMPTY: Readonly<Record<string, string>> = {
  HTMLImageElement: "it is not loaded: 'await img.decode()' first",
  HTMLVideoElement: "it shows no frame yet: wait for its event 'loadeddata'",
  ImageBitmap: 'it is closed',
  VideoFrame: 'it is closed',
};

/**
 * The pixels of an `<img>`, `<canvas>`, `<video>`, `ImageBitmap`,
 * `OffscreenCanvas` or `VideoFrame`, in RGBA; undefined for anything else.
 *
 * @throws WhylensError `INVALID_DOCUMENT` if it holds no picture or may not be read, `PICTURE_TOO_LARGE`
 */
export function readDrawable(value: object): Picture | undefined {
  // by name and not by class, since the object may come from another frame
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (!Object.hasOwn(SIZES, kind)) return undefined;
  const [width, height] = SIZES[kind].map((name) =>
    Number((value as Record<string, unknown>)[name]),
  );
  if (!(width > 0 && height > 0)) throw unreadable(kind, EMPTY[kind] ?? 'it has no pixels');
  checkSize(width, height, MAX_PIXELS);
  try {
    const context = contextOf(width, height);
    context.drawImage(value as CanvasImageSource, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, mode: 'RGBA', data };
  } catch (cause) {
    const { name, message } = cause as Error;
    const why =
      name === 'SecurityError'
        ? 'it comes from another origin, which must allow it (CORS) and needs the attribute crossorigin="anonymous"'
        : message;
    throw unreadable(kind, why, cause);
  }
}

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  return new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
}

function unreadable(kind: string, why: string, cause?: unknown): WhylensError {
  return new WhylensError('INVALID_DOCUMENT', `the pixels of the ${kind} cannot be read: ${why}`, {
    cause,
    facts: { kind },
  });
}
