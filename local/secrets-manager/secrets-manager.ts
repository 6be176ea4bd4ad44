import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { RequestControl } from '../iam/access-control.ts';
import { arn } from '../identity.ts';
import { closeServer, listenOnLoopback, loopback } from '../loopback-server.ts';
import { readServiceRequest, sendRefusal } from '../service-request.ts';
import { operations } from './operations.ts';
import type { InvokeRotation, RunningRotations } from './rotation.ts';
import { rotateSecret } from './rotation.ts';
import { secretStore } from './secret-store.ts';
import type { SecretStore } from './secret-store.ts';
import { ServiceError } from './service-error.ts';

interface SecretsManagerOptions {
  /** File that keeps the secrets; in memory where there is none. */
  readonly file: string | undefined;
  readonly control: RequestControl;
  readonly invokeRotation: InvokeRotation;
}

const maximumRequestBytes = 1024 * 1024;
const contentType = 'application/x-amz-json-1.1';

/** Secrets Manager on loopback, in the AWS JSON 1.1 protocol. */
export interface SecretsManager {
  readonly endpoint: string;
  close(): Promise<void>;
}

export async function startSecretsManager({
  file,
  control,
  invokeRotation,
}: SecretsManagerOptions): Promise<SecretsManager> {
  const store = secretStore(file);
  const running: RunningRotations = new Set();
  const rotate: Rotate = (secret, input) =>
    rotateSecret({ store, running, invoke: invokeRotation }, secret, input);
  const server = createServer((request, response) => {
    respond(request, response, { store, control, rotate }).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  const port = await listenOnLoopback(server);
  return { endpoint: `http://${loopback}:${port}`, close: () => closeServer(server) };
}

type Rotate = Parameters<(typeof operations)[string]>[1]['rotate'];

interface Service {
  readonly store: SecretStore;
  readonly control: RequestControl;
  readonly rotate: Rotate;
}

async function respond(request: IncomingMessage, response: ServerResponse, service: Service): Promise<void> {
  const read = await readServiceRequest(request, maximumRequestBytes, service.control);
  if ('status' in read) {
    sendRefusal(response, read, contentType);
    return;
  }
  const { accessKeyId, body } = read;
  const send = (status: number, content: unknown) => {
    response.writeHead(status, { 'content-type': contentType }).end(JSON.stringify(content));
  };
  const operationName = String(request.headers['x-amz-target'] ?? '').replace(/^secretsmanager\./, '');
  try {
    const input: unknown = JSON.parse(body.toString());
    const decision = service.control.decide(accessKeyId, [
      { action: `secretsmanager:${operationName}`, resource: secretArn(service.store, input) },
    ]);
    if (!decision.allowed) {
      send(400, { __type: decision.type, Message: decision.message });
      return;
    }
    const operation = Object.hasOwn(operations, operationName) ? operations[operationName] : undefined;
    if (!operation)
      throw new ServiceError('UnknownOperationException', `${operationName} is not served locally`);
    send(200, await operation(input, service));
  } catch (error) {
    if (error instanceof ServiceError) send(400, { __type: error.type, Message: error.message });
    else if (error instanceof SyntaxError) send(400, { __type: 'SerializationException' });
    else throw error;
  }
}

/** The resource that a request is about, as policies name it; one that is not there has an ARN too. */
function secretArn(store: SecretStore, input: unknown): string {
  if (typeof input !== 'object' || input === null) return '*';
  const named = 'SecretId' in input ? input.SecretId : 'Name' in input ? input.Name : undefined;
  if (typeof named !== 'string') return '*';
  return (
    store.find(named)?.ARN ??
    (named.startsWith('arn:') ? named : arn('secretsmanager', `secret:${named}-??????`))
  );
}
