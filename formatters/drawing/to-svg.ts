/** A drawing as an SVG file: real text, pictures inside as PNG, nothing fetched. */
import type { Picture } from '../../src/explanation.js';
import { pngAddress } from '../../src/images/png.js';
import { markup, oneLine, Markup } from '../html/escape.js';
import { directionOf } from './direction.js';
import { isKnown, widthOf } from './font.js';
import type { Image, Scene, Shape, Text } from './scene.js';

const FAMILY = "Inter, system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";

export function toSvg({ width, height, background, title, shapes }: Scene): string {
  const places = new Map<Picture, string>();
  const uses = new Map<Picture, number>();
  for (const shape of shapes) {
    if (shape.kind === 'image') uses.set(shape.picture, (uses.get(shape.picture) ?? 0) + 1);
  }
  const shared: Markup[] = [];
  for (const [picture, count] of uses) {
    if (count < 2) continue;
    const id = `picture-${places.size}`;
    places.set(picture, id);
    // one unit square, stretched where it is used
    shared.push(
      markup`<image id="${id}" width="1" height="1" preserveAspectRatio="none" href="${pngAddress(picture)}"/>\n`,
    );
  }
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  const defs = shared.length > 0 && markup`<defs>\n${shared}</defs>\n`;
  return markup`<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img" font-family="${new Markup(FAMILY)}">
<title>${oneLine(title)}</title>
${defs}<rect width="${w}" height="${h}" fill="${background}"/>
${shapes.map((shape) => markup`${element(shape, places)}\n`)}</svg>
`.source;
}

function element(shape: Shape, places: ReadonlyMap<Picture, string>): Markup {
  switch (shape.kind) {
    case 'box': {
      const { radius, opacity } = shape;
      return markup`<rect x="${n(shape.x)}" y="${n(shape.y)}" width="${n(shape.width)}" height="${n(shape.height)}"${radius !== undefined && markup` rx="${n(radius)}"`} fill="${shape.fill}"${opacity !== undefined && markup` fill-opacity="${n(opacity)}"`}/>`;
    }
    case 'line':
      return markup`<polyline points="${shape.points.map(([x, y]) => `${n(x)},${n(y)}`).join(' ')}" fill="none" stroke="${shape.stroke}" stroke-width="${n(shape.width)}" stroke-linejoin="round" stroke-linecap="round"/>`;
    case 'image':
      return image(shape, places.get(shape.picture));
    case 'text': {
      const { anchor, bold, size } = shape;
      const text = oneLine(shape.text);
      const style = { size, ...(bold !== undefined && { bold }) };
      const room = widthOf(text, style);
      if (!isKnown(text, style)) return foreign(shape, text, room);
      // the text takes the same room whatever font draws it
      return markup`<text x="${n(shape.x)}" y="${n(shape.y)}" font-size="${n(size)}"${bold === true && markup` font-weight="600"`}${anchor !== undefined && markup` text-anchor="${anchor}"`}${room > 0 && markup` textLength="${n(room)}" lengthAdjust="spacingAndGlyphs"`} fill="${shape.fill}" xml:space="preserve">${text}</text>`;
    }
  }
}

/** Letters whose widths are not known keep their form, in the middle of the room that was left for them. */
function foreign({ x, y, anchor, bold, size, fill }: Text, text: string, room: number): Markup {
  const at = anchor === undefined ? x + room / 2 : x;
  return markup`<text x="${n(at)}" y="${n(y)}" font-size="${n(size)}"${bold === true && markup` font-weight="600"`} text-anchor="${anchor === undefined || directionOf(text) === 'rtl' ? mirrored(anchor) : anchor}"${directionOf(text) === 'rtl' && markup` direction="rtl"`} fill="${fill}" xml:space="preserve">${text}</text>`;
}

/** If text runs from the right, its end is at the left. */
function mirrored(anchor: Text['anchor']): string {
  if (anchor === undefined) return 'middle';
  return anchor === 'end' ? 'start' : anchor;
}

function image({ x, y, width, height, picture }: Image, id: string | undefined): Markup {
  return id === undefined
    ? markup`<image x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" preserveAspectRatio="none" href="${pngAddress(picture)}"/>`
    : markup`<use href="#${id}" transform="translate(${n(x)} ${n(y)}) scale(${n(width)} ${n(height)})"/>`;
}

/** Hundredths are enough, and the same on every machine. */
const n = (value: number): string => String(Math.round(value * 100) / 100);
