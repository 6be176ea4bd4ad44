import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import type { AccessControl } from '../iam/access-control.ts';
import { accessKeyIdOf } from '../iam/access-key-id.ts';
import { closeServer, listenOnLoopback, loopback, readBody } from '../loopback-server.ts';
import { requestedActions } from './requested-actions.ts';
import { checkStoreFolder } from './store-folder.ts';

const maximumRequestBytes = 16 * 1024 * 1024;

/** DynamoDB on loopback: dynalite behind a check of what the caller's role allows. */
export class DynamoDB {
  readonly endpoint: string;
  /** Name of each table's partition key: what `dynamodb:LeadingKeys` is about. */
  readonly partitionKeys = new Map<string, string>();
  readonly #server: Server;
  readonly #dynalite: Server;

  private constructor(server: Server, store: Server, port: number, partitionKeys: Map<string, string>) {
    this.#server = server;
    this.#dynalite = store;
    this.endpoint = `http://${loopback}:${port}`;
    this.partitionKeys = partitionKeys;
  }

  /** `folder` is where the tables are kept; in memory where there is none. */
  static async start(folder: string | undefined, accessControl: AccessControl): Promise<DynamoDB> {
    if (folder !== undefined) await checkStoreFolder(folder);
    const store = dynalite({
      ...(folder !== undefined && { path: folder }),
      createTableMs: 0,
      deleteTableMs: 0,
      updateTableMs: 0,
    });
    const partitionKeys = new Map<string, string>();
    const server = createServer((request, response) => {
      answer(request, response, store, accessControl, partitionKeys).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
    return new DynamoDB(server, store, await listenOnLoopback(server), partitionKeys);
  }

  async close(): Promise<void> {
    await closeServer(this.#server);
    // It never listened itself, but closing it is what closes the store.
    await listenOnLoopback(this.#dynalite);
    await new Promise<void>((resolve) => this.#dynalite.close(() => resolve()));
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  store: Server,
  accessControl: AccessControl,
  partitionKeys: ReadonlyMap<string, string>,
): Promise<void> {
  const body = await readBody(request, maximumRequestBytes);
  if (!body) {
    response.writeHead(413).end();
    return;
  }
  const decision = accessControl.decide(
    accessKeyIdOf(request.headers.authorization),
    requestedActions(operationOf(request), parsed(body), partitionKeys),
  );
  if (!decision.allowed) {
    response
      .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
      .end(
        JSON.stringify({ __type: `com.amazon.coral.service#${decision.type}`, message: decision.message }),
      );
    return;
  }
  const { method, url, headers } = request;
  store.emit(
    'request',
    Object.assign(Readable.from(body.length > 0 ? [body] : []), { method, url, headers }),
    response,
  );
}

function operationOf(request: IncomingMessage): string {
  return String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
}

/** What does not parse asks for nothing that a policy could name; dynalite answers what is wrong with it. */
function parsed(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString());
    return value;
  } catch {
    return undefined;
  }
}
