/**
 * Tokens a second of the token endpoint, from an API Gateway event to its response, against the rate of bare
 * `crypto.sign` with the same key, on one core. The store is in memory; everything else is what the Lambda
 * function runs. `npm run bench` prints the table of bench/README.md.
 */
import { createPrivateKey, sign } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { functionLog } from '../src/function-log.ts';
import { endpoint } from '../src/http/endpoint.ts';
import { tokenEndpoint } from '../src/http/endpoints/token.ts';
import { signingAlgorithmNames, signingAlgorithms } from '../src/keys/algorithms.ts';
import type { SigningAlgorithmName } from '../src/keys/algorithms.ts';
import { memoryStage } from '../test/oauth/stage.ts';

const seconds = Number(process.env['BENCH_SECONDS'] ?? 2);
const rounds = 5;

// Log lines are made as in Lambda, and discarded.
const { log, observe } = functionLog({ stage: 'bench', output: { write: () => {} } });

async function measure(operation: () => unknown): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  const start = performance.now();
  let count = 0;
  while (performance.now() < end) {
    for (let i = 0; i < 20; i += 1) await operation();
    count += 20;
  }
  return count / ((performance.now() - start) / 1_000);
}

async function compare(algorithm: SigningAlgorithmName) {
  const stage = await memoryStage('bench', algorithm);
  const { client, secret } = await stage.register();
  const handle = tokenEndpoint({ ...stage.tokens, log });
  const handler = observe(endpoint({ dialect: 'rfc6749', stage: 'bench', log, handle }));
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: client.id,
    client_secret: secret ?? '',
    scope: 'orders:read',
  });
  const event = {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    rawPath: '/oauth/token',
    body: Buffer.from(form.toString()).toString('base64'),
    isBase64Encoded: true,
    requestContext: { requestId: 'bench' },
  } as unknown as APIGatewayProxyEventV2;
  const response = await handler(event);
  if (response.statusCode !== 200) throw new Error(response.body);
  const token: string = JSON.parse(response.body ?? '').access_token;

  const { digest, options } = signingAlgorithms[algorithm];
  const key = { key: createPrivateKey({ key: stage.signingKey, format: 'jwk' }), ...options };
  const signingInput = Buffer.from(token.slice(0, token.lastIndexOf('.')));

  const bare: number[] = [];
  const tokens: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await measure(() => sign(digest, signingInput, key)));
    tokens.push(await measure(() => handler(event)));
  }
  return { algorithm, bare: median(bare), tokens: median(tokens) };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

console.log('| algorithm | crypto.sign a second | tokens a second | ratio |\n| --- | ---: | ---: | ---: |');
for (const algorithm of signingAlgorithmNames) {
  const { bare, tokens } = await compare(algorithm);
  console.log(
    `| ${algorithm} | ${bare.toFixed(0)} | ${tokens.toFixed(0)} | ${((100 * tokens) / bare).toFixed(0)} % |`,
  );
}
