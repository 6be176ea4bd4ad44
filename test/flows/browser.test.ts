import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterThisFile } from '../after-this-test.ts';
import { order } from './order.ts';
import { registerPartner } from './partners.ts';
import { selfSignedCertificate } from './self-signed-certificate.ts';
import { localStages } from './stages.ts';
import { projectFolder } from './start-stages.ts';
import { bearer, postJson } from './wire.ts';

const { sandbox, commercelayer } = localStages();
assert.ok(commercelayer);

const installed = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== '' && existsSync(path),
);
if (installed === undefined) {
  process.stdout.write(
    'The browser tests are skipped: no Chromium is installed (CHROMIUM names another path)\n',
  );
}

/** `auth.` is how the vendor's client begins the host of every authorization server. */
const authHost = 'auth.example.test';

const closers: (() => unknown)[] = [];
afterThisFile(async () => {
  for (const close of closers.toReversed()) await close();
});

async function serve(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  return address.port;
}

/** Serves the page of the examples, and Commerce Layer's client as a module beside it. */
async function servePages(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from '@commercelayer/js-auth'`, resolveDir: projectFolder },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
    '/sales-channel.html': [
      'text/html',
      readFileSync(join(projectFolder, 'examples/sales-channel.html'), 'utf8'),
    ],
    '/js-auth.js': ['text/javascript', outputFiles[0]?.text ?? ''],
    '/empty.html': ['text/html', '<!doctype html><link rel="icon" href="data:," />'],
  };
  const port = await serve(
    createServer(({ url = '' }, response) => {
      const [type, text] = files[new URL(url, 'http://localhost').pathname] ?? [];
      response.writeHead(type === undefined ? 404 : 200, { 'content-type': type ?? 'text/plain' }).end(text);
    }),
  );
  return `http://127.0.0.1:${port}`;
}

/** Passes requests on to a stage as they are, as CloudFront and API Gateway do behind HTTPS. */
const passOnTo =
  (stageUrl: string): RequestListener =>
  (request, response) => {
    const { method, url, headers } = request;
    const onward = httpRequest(
      new URL(url ?? '/', stageUrl),
      { ...(method && { method }), headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(onward);
  };

const onChromium = installed === undefined ? describe.skip : describe;

onChromium('page of another origin in Chromium', () => {
  let browser: Browser;
  let pages: string;
  let otherPages: string;
  let channel: string;
  beforeAll(async () => {
    pages = await servePages();
    otherPages = await servePages();
    const tlsPort = await serve(
      createTlsServer(selfSignedCertificate(authHost), passOnTo(commercelayer.url)),
    );
    browser = await chromium.launch({
      executablePath: installed ?? '',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-sync',
        '--disable-background-networking',
        '--disable-component-update',
        // Commerce Layer's client makes its URL of a domain and has no option for another. Playwright's `page.route`
        // would respond to preflights by itself, so the name is resolved to the stage instead. No other name exists.
        `--host-resolver-rules=MAP ${authHost}:443 127.0.0.1:${tlsPort},MAP * ~NOTFOUND,EXCLUDE 127.0.0.1`,
      ],
    });
    closers.push(() => browser.close());
    const options = [
      ['--kind', 'sales_channel', '--allowed-origin', pages, '--scope', 'market:*'],
      ['--scope', 'marketplace.order:read', '--scope', 'marketplace.order:create'],
      ['--claim', 'trading_partner_ids=partner-1'],
    ].flat();
    channel = (await registerPartner(sandbox, { options })).clientId;
    // A program without an origin, not a page, orders what the page reads.
    const { body } = await postJson(`${sandbox.url}/oauth/token`, {
      grant_type: 'client_credentials',
      client_id: channel,
      scope: 'market:all marketplace.order:create',
    });
    const ordered = await postJson(
      `${sandbox.url}/api/v1/marketplace/subscriptions`,
      order('sub-1'),
      bearer(body['access_token']),
    );
    assert.equal(ordered.status, 201, ordered.text);
  });

  async function open(url: string): Promise<Page> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  /** What the page of the examples shows. */
  async function shown(origin: string, settings: Record<string, string>): Promise<string[]> {
    const page = await open(`${origin}/sales-channel.html?${String(new URLSearchParams(settings))}`);
    await page.waitForSelector('body[data-done]');
    const text = await page.textContent('#output');
    return (text ?? '').trim().split('\n');
  }

  test('reads metadata and keys, gets a token with fetch, and calls the API', async () => {
    const lines = await shown(pages, { url: sandbox.url, client_id: channel });
    expect(lines).toStrictEqual([
      `issuer "${sandbox.issuer}"`,
      'keys 2',
      'scope "market:id:xYZkjABcde marketplace.order:read"',
      expect.stringMatching(
        /^subscription \{"subscriptionNumber":"S-\d{12}","externalSubscriptionId":"sub-1"/,
      ),
    ]);
  });

  test('reads why it gets no token: its origin is not one of the client', async () => {
    const lines = await shown(otherPages, { url: sandbox.url, client_id: channel });
    expect(lines.at(-1)).toBe(
      `error ${JSON.stringify(`400 ${JSON.stringify({ error: 'unauthorized_client', error_description: 'This client may not be used by web pages of this origin.' })}`)}`,
    );
  });

  test('reads why the API refuses its token, and the challenge', async () => {
    const page = await open(`${pages}/empty.html`);
    const refused = await page.evaluate(async (url) => {
      const response = await fetch(url, { headers: { authorization: 'Bearer a.b.c' } });
      return [response.status, response.headers.get('www-authenticate')];
    }, `${sandbox.url}/rest/v1/users/MAG1`);
    expect(refused).toStrictEqual([
      401,
      expect.stringMatching(/^Bearer realm="sandbox", error="invalid_token"/),
    ]);
  });

  test("gets a token with Commerce Layer's own client, which verifies it with the keys of the stage", async () => {
    const client = commercelayer.clients.find(({ kind }) => kind === 'sales_channel') ?? assert.fail();
    const page = await open(`${pages}/empty.html`);
    const verified = await page.evaluate(
      async ({ clientId, jwks, module }) => {
        const { authenticate, jwtIsSalesChannel, jwtVerify } = await import(module);
        const { accessToken, expiresIn, scope } = await authenticate('client_credentials', {
          domain: 'example.test',
          clientId,
          scope: 'market:id:xYZkjABcde',
        });
        const { keys } = (await (await fetch(jwks)).json()) as { keys: { kid: string }[] };
        const [header] = accessToken.split('.');
        const { kid } = JSON.parse(atob(header));
        const jwk = keys.find((key) => key.kid === kid);
        const { payload } = await jwtVerify(accessToken, { jwk });
        return { expiresIn, scope, isSalesChannel: jwtIsSalesChannel(payload), clientId: payload.client_id };
      },
      {
        clientId: client.clientId,
        jwks: `https://${authHost}/.well-known/jwks.json`,
        module: `${pages}/js-auth.js`,
      },
    );
    expect(verified).toStrictEqual({
      expiresIn: 14_400,
      scope: 'market:id:xYZkjABcde',
      isSalesChannel: true,
      clientId: client.clientId,
    });
  });

  test("reads an error of a stage with Commerce Layer's own client", async () => {
    const page = await open(`${pages}/empty.html`);
    const { errors } = await page.evaluate(async (module) => {
      const { authenticate } = await import(module);
      return authenticate('client_credentials', {
        domain: 'example.test',
        clientId: 'unknown',
        scope: 'market:all',
      });
    }, `${pages}/js-auth.js`);
    expect(errors).toStrictEqual([expect.objectContaining({ title: 'invalid_client', status: 401 })]);
  });
});
