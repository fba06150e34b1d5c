/** A gallery of many documents with few pictures, and what a browser needs for it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { galleryPage } from '../../src/cli/batch/gallery.js';
import type { TableLine } from '../../src/cli/batch/tables.js';
import { writePicture } from './command.js';

const PICTURES = 25;
const LABELS = ['cat', 'dog', 'tiger cat, a cat', 'lynx'];
/** One of so many failed. */
const FAILED_EVERY = 250;

/** Writes `gallery.html` and its pictures into the folder; gives its path. */
export async function writeGallery(folder: string, count: number): Promise<string> {
  for (let i = 0; i < PICTURES; i++) {
    await writePicture(join(folder, `p${i}.png`), (x, y) => (x + i) % 9 > y % 7, [48, 36]);
  }
  const path = join(folder, 'gallery.html');
  await writeFile(path, await galleryPage('many', lines(count)));
  return path;
}

async function* lines(count: number): AsyncGenerator<TableLine> {
  for (let index = 0; index < count; index++) {
    const failed = index % FAILED_EVERY === FAILED_EVERY - 1;
    yield await Promise.resolve({
      index,
      document: `photos/picture-${String(index).padStart(5, '0')}.png`,
      state: failed ? 'failed' : 'done',
      outputs: failed ? [] : [`p${index % PICTURES}.png`],
      error: failed ? 'INVALID_PICTURE' : null,
      message: failed ? 'it begins like no picture' : null,
      warnings: [],
      ...(!failed && {
        label: LABELS[index % LABELS.length],
        score: (index * 7919) % count,
        probability: ((index * 7919) % count) / count,
      }),
    });
  }
}

/** Sets one of the controls; gives the milliseconds until the page has drawn itself anew. */
export function choose(page: Page, id: string, value: string | boolean): Promise<number> {
  return page.evaluate(
    ([control, wanted]) => {
      const element = document.getElementById(String(control)) as HTMLInputElement;
      const start = performance.now();
      if (typeof wanted === 'boolean') element.checked = wanted;
      else element.value = String(wanted);
      element.dispatchEvent(new Event('input'));
      const drawn = () => performance.now() - start;
      return new Promise<number>((done) => {
        requestAnimationFrame(() => requestAnimationFrame(() => done(drawn())));
      });
    },
    [id, value] as const,
  );
}
