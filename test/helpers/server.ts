/** A server of this machine that answers as a test says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

export interface TestServer {
  readonly base: string;
  readonly port: number;
  /** What was asked for, with what follows the question mark. */
  readonly asked: string[];
}

export async function serve(
  t: ExecutionContext,
  answer: (path: string, response: ServerResponse, request: IncomingMessage) => void,
): Promise<TestServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    response.on('error', () => undefined);
    answer(request.url!, response, request);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { base: `http://127.0.0.1:${port}`, port, asked };
}
