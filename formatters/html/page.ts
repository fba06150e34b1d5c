/** The frame of a page: one file that makes no requests, and a policy that forbids them. */
import { sha256 } from '@noble/hashes/sha2';
import { toBase64 } from '../../src/images/base64.js';
import { markup, Markup, oneLine } from './escape.js';

export interface Page {
  readonly title: string;
  readonly css: string;
  /** Left out if nothing on the page moves. */
  readonly script?: string;
  readonly body: Markup;
}

/**
 * The document. Its policy allows the one style sheet and the one script by
 * their hashes and pictures from `data:` addresses; everything else, requests
 * of any kind included, is forbidden.
 */
export function renderPage({ title, css, script, body }: Page): string {
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `style-src ${hashOf(css)}`,
    script === undefined ? "script-src 'none'" : `script-src ${hashOf(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return markup`${head(title, policy)}
<style>${raw(css)}</style>
</head>
<body>
${body}${script !== undefined && markup`\n<script>${raw(script)}</script>`}
</body>
</html>
`.source;
}

const head = (title: string, policy: string): Markup => markup`${raw('<!doctype html>')}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="whylens">
<title>${oneLine(title)}</title>`;

/** Text of this library's own that must not be escaped. */
const raw = (text: string): Markup => new Markup(text);

/** What a policy calls an inline style sheet or script that it trusts. */
export const hashOf = (text: string): string =>
  `'sha256-${toBase64(sha256(new TextEncoder().encode(text)))}'`;
