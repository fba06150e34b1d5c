/**
 * The documentation as a site: `npm run docs:site` writes it to `out/site`.
 * It is built from the same pages that are read in the repository, asks no
 * other host for anything, and searches in the browser.
 */
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath, URL } from 'node:url';

const DOCS = fileURLToPath(new URL('..', import.meta.url));
const { repository } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);
const SOURCE = repository?.url?.replace(/^git\+/, '').replace(/\.git$/, '');

/** Heading of a page. */
const titleOf = (path) => /^# (.*)$/m.exec(readFileSync(`${DOCS}/${path}`, 'utf8'))?.[1] ?? path;
const entry = (path) => ({
  text: titleOf(path),
  link: `/${path.replace(/README\.md$/, '').replace(/\.md$/, '')}`,
});
const pagesIn = (folder) =>
  readdirSync(`${DOCS}/${folder}`)
    .filter((name) => name.endsWith('.md') && name !== 'index.md')
    .sort()
    .map((name) => `${folder}/${name}`);
const START = ['your-model.md', 'choosing.md', 'gallery.md', 'troubleshooting.md'];
const COMING = readdirSync(DOCS).filter((name) => name.startsWith('from-'));
const OTHERS = readdirSync(DOCS)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .filter((name) => ![...START, ...COMING].includes(name))
  .sort();

export default {
  title: 'whylens',
  description: 'Why did the model say that?',
  srcDir: '.',
  outDir: '../out/site',
  cacheDir: '../out/site-cache',
  base: env.WHYLENS_SITE_BASE ?? '/',
  rewrites: { 'README.md': 'index.md' },
  // the site opens without a server-side search and without fonts from elsewhere
  themeConfig: {
    search: { provider: 'local' },
    sidebar: [
      { text: 'Start', items: START.map(entry) },
      { text: 'Coming from', items: COMING.map(entry) },
      { text: 'Reference', items: OTHERS.map(entry) },
      {
        text: 'Methods',
        collapsed: true,
        items: [{ text: 'All methods', link: '/methods/' }, ...pagesIn('methods').map(entry)],
      },
    ],
    outline: [2, 3],
  },
  // data that a page links to, beside the page
  buildEnd: ({ outDir }) =>
    copyFileSync(join(DOCS, 'evaluation.json'), join(outDir, 'evaluation.json')),
  markdown: {
    config(md) {
      // files outside docs/ are in the repository, not on the site
      md.core.ruler.push('repository-links', ({ tokens, env: { relativePath = '' } }) => {
        for (const { children } of tokens) {
          for (const token of children ?? []) {
            const href = token.type === 'link_open' ? token.attrGet('href') : null;
            if (href === null || /^([a-z]+:|#|\/)/.test(href)) continue;
            const target = new URL(href, `file:///docs/${relativePath}`).pathname;
            if (target === '/docs/README.md')
              token.attrSet('href', href.replace('README.md', 'index.md'));
            if (target.startsWith('/docs/')) continue;
            if (SOURCE === undefined) token.attrSet('href', '#');
            else token.attrSet('href', `${SOURCE}/tree/main${target}`);
          }
        }
      });
    },
  },
};
