/**
 * A page that uploads a picture and shows the answer, beside `whylens serve`:
 *
 *   whylens serve -m model.onnx --port 8080
 *   node examples/serve/page.mjs 3000 http://127.0.0.1:8080
 *
 * It serves the page and passes on what goes to /v1/, so that the browser sees one host.
 */
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { argv, stdout } from 'node:process';
import { URL } from 'node:url';

const [port = '3000', server = 'http://127.0.0.1:8080'] = argv.slice(2);
const page = await readFile(new URL('index.html', import.meta.url));

const proxy = createServer((asked, answer) => {
  if (!asked.url.startsWith('/v1/')) {
    answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    return;
  }
  const { method, headers } = asked;
  const passed = request(new URL(asked.url, server), { method, headers }, (got) => {
    answer.writeHead(got.statusCode, got.headers);
    got.pipe(answer);
  });
  passed.on('error', () => answer.writeHead(502).end());
  asked.pipe(passed);
});
proxy.listen(Number(port), '127.0.0.1', () => {
  stdout.write(`http://127.0.0.1:${proxy.address().port}\n`);
});
