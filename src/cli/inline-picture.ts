/** A picture as the escape sequence that draws it between the lines of a terminal. */
import type { Picture } from '../explanation.js';
import { convertPicture } from '../images/picture.js';
import { encodePng } from '../images/png.js';
import { resize } from '../images/resample.js';
import type { Graphics } from './terminal.js';

/** kitty takes its data in pieces of at most this many characters. */
const KITTY_CHUNK = 4096;
/** Terminals do not say how wide a column is; usually it has about this many pixels. */
const COLUMN_PIXELS = 8;

/** @param columns width to draw it at, the height follows */
export async function inlinePicture(
  picture: Picture,
  graphics: Graphics,
  columns: number,
): Promise<string> {
  switch (graphics) {
    case 'kitty':
      return kitty(encodePng(picture), columns);
    case 'iterm2': {
      const { image } = await import('ansi-escapes');
      return image(encodePng(picture), { width: columns, preserveAspectRatio: true });
    }
    case 'sixel': {
      const { image2sixel } = await import('sixel');
      const width = columns * COLUMN_PIXELS;
      const height = Math.max(1, Math.round((picture.height * width) / picture.width));
      const sized = resize(convertPicture(picture, 'RGBA'), { width, height, filter: 'bilinear' });
      return image2sixel(sized.data, width, height, 256, 1);
    }
  }
}

/** The kitty graphics protocol: transmit a PNG and show it, without an answer on stdin. */
function kitty(png: Uint8Array, columns: number): string {
  const data = Buffer.from(png).toString('base64');
  const parts: string[] = [];
  for (let at = 0; at < data.length; at += KITTY_CHUNK) {
    const more = at + KITTY_CHUNK < data.length ? 1 : 0;
    const control = at === 0 ? `a=T,f=100,q=2,c=${columns},m=${more}` : `q=2,m=${more}`;
    parts.push(`\u001b_G${control};${data.slice(at, at + KITTY_CHUNK)}\u001b\\`);
  }
  return parts.join('');
}
