import type { IncomingMessage, Server } from 'node:http';
import { LocalFailure } from './failure.ts';

export const loopback = '127.0.0.1';

/** Listens on loopback and returns the port: the wanted one, or a free one for 0. */
export async function listenOnLoopback(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new LocalFailure(
              `Port ${port} is taken: end what listens there, or choose another (npm start -- --help)`,
            )
          : new LocalFailure(`Cannot listen on port ${port}: ${error.message}`),
      );
    });
    server.listen(port, loopback, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

const graceMilliseconds = 1_000;

/** Closes idle connections at once, and the others after their response or a second. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  // This ends the idle connections.
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const impatience = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  await closed;
  clearTimeout(impatience);
}

/** The whole body, or undefined where it is longer than `limit` bytes: then the rest is thrown away. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
  }
  return length <= limit ? Buffer.concat(chunks) : undefined;
}
