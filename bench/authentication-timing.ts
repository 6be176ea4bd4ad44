/**
 * Whether the time of a refusal reveals that a client exists: requests to the token endpoint that are refused for each
 * reason, interleaved in random order, in one process. The client store is that of the Lambda function with the AWS SDK; in
 * place of DynamoDB another thread responds on loopback, as fast for an item that exists as for one that does not.
 * `npm run bench authentication-timing` prints the tables of bench/README.md.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as v from 'valibot';
import type { AssertionAlgorithm, Client } from '../src/clients/client.ts';
import { endpoint } from '../src/http/endpoint.ts';
import { tokenEndpoint } from '../src/http/endpoints/token.ts';
import { jsonLog } from '../src/log.ts';
import { clientAuthentication } from '../src/oauth/client-authentication.ts';
import { dynamodbClientStore } from '../src/storage/client-store.ts';
import { itemKinds } from '../src/storage/item-kinds.ts';
import { jwtBy, partnerKey } from '../test/oauth/client-keys.ts';
import { memoryStage } from '../test/oauth/stage.ts';

/** Requests of each kind, in the tables of unknown clients; the tables of other reasons have a fifth. */
const allRounds = Number(process.env['BENCH_ROUNDS'] ?? 10_000);
/** The rounds are compared in so many parts, whose spread is the noise. */
const parts = 20;
/** In microseconds. */
const permitted = 30;

const GetItem = v.object({ Key: v.object({ pk: v.object({ S: v.string() }) }) });

/** Responds to `GetItem` in place of DynamoDB. */
async function standIn(items: ReadonlyMap<string, string>) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { Key } = v.parse(GetItem, JSON.parse(Buffer.concat(chunks).toString()));
      const item = items.get(Key.pk.S);
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(item ?? '{}');
    });
  });
  server.keepAliveTimeout = 60_000;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  parentPort?.postMessage(server.address(), []);
}

type Form = Readonly<Record<string, string>>;
/** Requests of one kind, each of which is refused with `invalid_client`. The first two kinds must not differ at all. */
type Kinds = Readonly<Record<string, () => Promise<Form> | Form>>;

const log = jsonLog({ write: () => {} });
const id = () => randomUUID().replaceAll('-', '');

async function measure(title: string, clients: readonly Client[], kinds: Kinds, rounds = allRounds) {
  const items = clients.map((client) => {
    const item = marshall(
      { pk: itemKinds.client.prefix + client.id, ...client },
      { removeUndefinedValues: true },
    );
    return [itemKinds.client.prefix + client.id, JSON.stringify({ Item: item })] as const;
  });
  const worker = new Worker(new URL(import.meta.url), { workerData: items });
  const [address] = await once(worker, 'message');
  const { port } = v.parse(v.object({ port: v.number() }), address);
  const dynamodb = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  const handler = endpoint({
    dialect: 'rfc6749',
    stage: 'bench',
    log,
    handle: tokenEndpoint({
      ...stage.tokens,
      authenticateClient: clientAuthentication({
        ...stage.authentication,
        clients: dynamodbClientStore(dynamodb, 'clients'),
      }),
      log,
    }),
  });

  const names = Object.keys(kinds);
  const times = new Map(names.map((name): [string, number[]] => [name, []]));
  const warmUp = 300;
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const name of shuffled(names)) {
      const event = eventOf((await kinds[name]?.()) ?? {});
      const start = process.hrtime.bigint();
      const { statusCode } = await handler(event);
      const microseconds = Number(process.hrtime.bigint() - start) / 1_000;
      if (statusCode !== 401) throw new Error(`${name}: ${statusCode}`);
      if (round >= 0) times.get(name)?.push(microseconds);
    }
  }
  dynamodb.destroy();
  await worker.terminate();

  const [known = '', control = ''] = names;
  const noise = spread(times, known, control, rounds / parts);
  console.log(`\n| ${title} | median, µs | difference, µs |\n| --- | ---: | ---: |`);
  for (const name of names) {
    const of = median(times.get(name) ?? []);
    const difference = of - median(times.get(known) ?? []);
    console.log(`| ${name} | ${of.toFixed(1)} | ${name === known ? '' : difference.toFixed(1)} |`);
    if (Math.abs(difference) > Math.max(permitted, noise))
      failures.push(`${title}, ${name}: ${difference.toFixed(1)} µs`);
  }
  console.log(
    `\nNoise of the control: ${noise.toFixed(1)} µs, twice the standard error over ${parts} parts.`,
  );
}

/** Twice the standard error of the difference between the medians of two kinds, over the parts. */
function spread(
  times: ReadonlyMap<string, readonly number[]>,
  one: string,
  other: string,
  length: number,
): number {
  const differences = Array.from({ length: parts }, (_, part) => {
    const [a = NaN, b = NaN] = [one, other].map((name) =>
      median((times.get(name) ?? []).slice(part * length, (part + 1) * length)),
    );
    return a - b;
  });
  const mean = differences.reduce((sum, value) => sum + value, 0) / parts;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (parts - 1);
  return 2 * Math.sqrt(variance / parts);
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

function shuffled(names: readonly string[]): string[] {
  const rest = [...names];
  return names.map(() => rest.splice(randomInt(rest.length), 1)[0] ?? '');
}

const eventOf = (form: Form) =>
  ({
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    rawPath: '/oauth/token',
    body: Buffer.from(new URLSearchParams({ grant_type: 'client_credentials', ...form }).toString()).toString(
      'base64',
    ),
    isBase64Encoded: true,
    requestContext: { requestId: 'bench' },
  }) as unknown as APIGatewayProxyEventV2;

const failures: string[] = [];
const stage = await memoryStage('bench');

async function secrets() {
  const register = async (changes: Partial<Client> = {}) => {
    const { client, secret = '' } = await stage.register({ clientId: id() });
    return { client: { ...client, ...changes }, secret };
  };
  const [known, control, disabled] = [
    await register(),
    await register(),
    await register({ status: 'disabled' }),
  ];
  const expired = await register();
  const expiredClient = {
    ...expired.client,
    secrets: expired.client.secrets.map((one) => ({ ...one, expiresAt: stage.time.now - 1 })),
  };
  const keyed = await stage.register({ clientId: id(), keys: [(await partnerKey('ES256')).publicKey] });
  const wrong = '0'.repeat(64);
  const form = (client_id: string, client_secret: string) => () => ({ client_id, client_secret });
  const clients = [known.client, control.client, disabled.client, expiredClient, keyed.client];
  const base = {
    'known client, wrong secret': form(known.client.id, wrong),
    'control: another known client, wrong secret': form(control.client.id, wrong),
  };
  await measure('client_secret_post', clients, { ...base, 'unknown client': form(id(), wrong) });
  await measure(
    'client_secret_post, other reasons',
    clients,
    {
      ...base,
      'disabled client, right secret': form(disabled.client.id, disabled.secret),
      'expired secret': form(expiredClient.id, expired.secret),
      'client of another method': form(keyed.client.id, wrong),
    },
    allRounds / 5,
  );
}

async function assertions(alg: AssertionAlgorithm) {
  const key = await partnerKey(alg, 'key-of-the-partner');
  const register = async (count = 1) =>
    (
      await stage.register({
        clientId: id(),
        keys: Array.from({ length: count }, (_, index) => ({
          ...key.publicKey,
          kid: index === 0 ? key.publicKey.kid : `${index}`,
        })),
      })
    ).client;
  const [known, control, three] = [await register(), await register(), await register(3)];
  const disabled = { ...(await register()), status: 'disabled' as const };
  const secret = (await stage.register({ clientId: id() })).client;
  const form = async (sub: string, header: Readonly<Record<string, unknown>> = {}) => {
    const claims = { iss: sub, sub, aud: stage.issuer, exp: stage.time.now + 60, jti: randomUUID() };
    const [head, payload, signature = ''] = (await jwtBy(key, claims, header)).split('.');
    const { length } = Buffer.from(signature, 'base64url');
    return () => ({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${head}.${payload}.${wrongSignature(length)}`,
    });
  };
  const clients = [known, control, three, disabled, secret];
  const base = {
    'known client, wrong signature': await form(known.id),
    'control: another known client, wrong signature': await form(control.id),
  };
  await measure(`private_key_jwt, ${alg}`, clients, { ...base, 'unknown client': await form(id()) });
  await measure(
    `private_key_jwt, ${alg}, other reasons`,
    clients,
    {
      ...base,
      'unknown client, no kid': await form(id(), { kid: undefined }),
      'known client, unknown kid': await form(known.id, { kid: 'key-of-nobody-here' }),
      'client with three keys, no kid': await form(three.id, { kid: undefined }),
      'disabled client, wrong signature': await form(disabled.id),
      'client of another method': await form(secret.id),
    },
    allRounds / 5,
  );
}

/** Random numbers that are small enough for a signature of any algorithm, so that each is computed to the end. */
function wrongSignature(length: number): string {
  const bytes = randomBytes(length);
  bytes[0] = 0;
  bytes[length - 1] = 0;
  return bytes.toString('base64url');
}

if (isMainThread) {
  const only = process.env['BENCH_ONLY'];
  if (only === undefined || only === 'secret') await secrets();
  for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
    if (only === undefined || only === alg) await assertions(alg);
  }
  if (failures.length > 0) {
    console.log(`\nMore than ${permitted} µs and the noise of the control: ${failures.join('; ')}`);
    process.exitCode = 1;
  }
} else {
  await standIn(new Map(v.parse(v.array(v.tuple([v.string(), v.string()])), workerData)));
}
