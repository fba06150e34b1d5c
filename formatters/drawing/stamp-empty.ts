/** A picture says so if its map shows nothing, so that it is not taken for one that was forgotten. */
import type { Picture } from '../../src/explanation.js';
import { convertPicture } from '../../src/images/picture.js';
import { greatest } from '../../src/maths/extremes.js';

/** Columns of a letter, five a letter from A on and the colon, the lowest bit on top: few bytes, unlike outlines of a typeface. */
const LETTERS =
  '7e1111117e7f494949363e414141227f4141221c7f494949417f090909013e4149497a7f0808087f00417f41002040413f01' +
  '7f081422417f404040407f020c027f7f0408107f3e4141413e7f090909063e4151215e7f09192946464949493101017f0101' +
  '3f4040403f1f2040201f3f4038403f6314081463070870080761514945430036360000';
const KNOWN = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ:';
const [ADVANCE, LINE] = [6, 10];
const PAPER = [20, 22, 26, 255] as const;
const INK = [255, 255, 255, 255] as const;

/** A copy of the picture with a bar at its foot that says so; a picture too small for letters is crossed out. */
export function stampEmpty(picture: Picture, note: string): Picture {
  const { width, height } = picture;
  const stamped = convertPicture(picture, 'RGBA').data.slice();
  const result: Picture = { width, height, mode: 'RGBA', data: stamped };
  const fit = layout(note, width, height);
  if (fit === undefined) cross(result);
  else drawBar(result, fit);
  return result;
}

interface Layout {
  readonly lines: readonly string[];
  readonly scale: number;
}

/** The longest text that fits, as large as a third of the height allows. */
function layout(note: string, width: number, height: number): Layout | undefined {
  const texts = [
    [`empty map: ${note}`],
    ['empty map', note],
    ['empty map', ...halves(note)],
    ['empty map'],
    ['empty'],
  ];
  for (const lines of texts) {
    const longest = greatest(lines.map((line) => line.length)) * ADVANCE + 3;
    const scale = Math.floor(
      Math.min(width / longest, height / 3 / (lines.length * LINE), Math.max(1, width / 240)),
    );
    if (scale >= 1) return { lines, scale };
  }
  return undefined;
}

function halves(note: string): string[] {
  const words = note.split(' ');
  const half = Math.ceil(words.length / 2);
  return [words.slice(0, half).join(' '), words.slice(half).join(' ')];
}

function drawBar(picture: Picture, { lines, scale }: Layout): void {
  const { width, height } = picture;
  const top = height - (lines.length * LINE + 1) * scale;
  for (let y = top; y < height; y++) for (let x = 0; x < width; x++) put(picture, x, y, PAPER);
  lines.forEach((line, row) => {
    [...line.toUpperCase()].forEach((letter, i) => {
      const index = KNOWN.indexOf(letter);
      if (index < 0) return;
      for (let column = 0; column < 5; column++) {
        const at = (index * 5 + column) * 2;
        const bits = parseInt(LETTERS.slice(at, at + 2), 16);
        for (let dot = 0; dot < 7; dot++) {
          if (((bits >> dot) & 1) === 0) continue;
          const [x, y] = [2 + i * ADVANCE + column, row * LINE + 2 + dot];
          for (let dy = 0; dy < scale; dy++) {
            for (let dx = 0; dx < scale; dx++) {
              put(picture, x * scale + dx, top + y * scale + dy, INK);
            }
          }
        }
      }
    });
  });
}

function cross(picture: Picture): void {
  const { width, height } = picture;
  for (let i = 0; i < Math.max(width, height); i++) {
    const x = Math.floor((i * width) / Math.max(width, height));
    const y = Math.floor((i * height) / Math.max(width, height));
    put(picture, x, y, i % 2 === 0 ? INK : PAPER);
    put(picture, width - 1 - x, y, i % 2 === 0 ? INK : PAPER);
  }
}

function put({ width, data }: Picture, x: number, y: number, colour: readonly number[]): void {
  data.set(colour, (y * width + x) * 4);
}
