import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { writeFileWhole } from '../../node/write-file.js';
import { readDocuments, requireAbout } from '../batch/folder.js';
import { galleryPage } from '../batch/gallery.js';
import { jobHash } from '../batch/settings.js';
import { tableLines } from '../batch/tables.js';
import type { CommandContext } from '../commands.js';
import { addTalkOptions } from '../flags/shared.js';
import { Messages } from '../io.js';

interface GalleryFlags {
  readonly title?: string;
  readonly quiet?: boolean;
}

/** `whylens gallery out/`: one page over the results of a batch. */
export function define(command: Command, context: CommandContext): void {
  command
    .argument('<folder>', 'The folder of a batch.')
    .option('--title <text>', "The page's title. Default: the folder's name.");
  addTalkOptions(command);
  context.addLongHelp(command, EXAMPLES);
  command.action(async (folder: string, flags: GalleryFlags) => {
    const about = await requireAbout(folder);
    const documents = await readDocuments(folder, about);
    const lines = tableLines(folder, documents, jobHash(about.settings, about.modelHash));
    const title = flags.title ?? basename(resolve(folder));
    const path = join(folder, 'gallery.html');
    await writeFileWhole(path, await galleryPage(title, lines));
    new Messages(context.io, flags).note(path);
  });
}

const EXAMPLES = `
Examples:
  $ whylens batch -m model.onnx photos/ -o out/
  $ whylens gallery out/`;
