import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import type { RequestControl } from '../iam/access-control.ts';
import { closeServer, listenOnLoopback, loopback } from '../loopback-server.ts';
import { readServiceRequest, sendRefusal } from '../service-request.ts';
import { requestedActions } from './requested-actions.ts';
import { checkStoreFolder } from './store-folder.ts';

const maximumRequestBytes = 16 * 1024 * 1024;
const contentType = 'application/x-amz-json-1.0';

/** DynamoDB on loopback: dynalite behind a check of what the caller's role permits. */
export interface DynamoDB {
  readonly endpoint: string;
  /** Name of each table's partition key: what `dynamodb:LeadingKeys` is about. */
  readonly partitionKeys: Map<string, string>;
  close(): Promise<void>;
}

/** @param folder where the tables are kept; in memory where there is none */
export async function startDynamoDB(folder: string | undefined, control: RequestControl): Promise<DynamoDB> {
  if (folder !== undefined) await checkStoreFolder(folder);
  const store = dynalite({
    ...(folder !== undefined && { path: folder }),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  const partitionKeys = new Map<string, string>();
  const server = createServer((request, response) => {
    respond(request, response, { store, control, partitionKeys }).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  const port = await listenOnLoopback(server);
  return {
    endpoint: `http://${loopback}:${port}`,
    partitionKeys,
    async close() {
      await closeServer(server);
      // It never listened itself, but closing it is what closes the store.
      await listenOnLoopback(store);
      await new Promise<void>((resolve) => store.close(() => resolve()));
    },
  };
}

interface Service {
  readonly store: Server;
  readonly control: RequestControl;
  readonly partitionKeys: ReadonlyMap<string, string>;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { store, control, partitionKeys }: Service,
): Promise<void> {
  const read = await readServiceRequest(request, maximumRequestBytes, control);
  if ('status' in read) {
    sendRefusal(response, read, contentType);
    return;
  }
  const { accessKeyId, body } = read;
  const decision = control.decide(
    accessKeyId,
    requestedActions(operationOf(request), parsed(body), partitionKeys),
  );
  if (!decision.allowed) {
    response
      .writeHead(400, { 'content-type': contentType })
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

/** A body that does not parse names nothing that a policy could permit; dynalite responds with what is wrong with it. */
function parsed(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString());
    return value;
  } catch {
    return undefined;
  }
}
