import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import type { Stage } from '../../cli/stage.ts';
import { matchClientSecret } from '../../src/clients/client-secret.ts';
import { testDatabase } from '../contract/tables.ts';
import { emptyStage, now, secretKey } from './stage-under-test.ts';
import { answered, assertIncludes, errorOf, typed } from './typed.ts';

const database = await testDatabase();
afterAll(() => database.close());

const create = ['client', 'create', '--stage', 'sandbox', '--name', 'Acme orders'];
const withScope = [...create, '--scope', 'orders:read'];
const Created = v.looseObject({ clientId: v.string(), clientSecret: v.string() });
const imported = '9f86d081884c7d659a2feaa0c55ad015';

const authenticates = async (stage: Stage, clientId: string, secret: string) =>
  matchClientSecret(secretKey, await stage.clients.findNow(clientId), [secret], now) !== undefined;

test('a client gets an id and a secret that authenticates it', async () => {
  const stage = await emptyStage(database);
  const ran = await typed([...withScope, '--default-scope', 'orders:read', '--json'], { stage });
  expect(ran.code).toBe(0);
  expect(ran.stderr).toBe('');
  const { clientId, clientSecret, ...client } = answered(Created, ran);
  expect(await authenticates(stage, clientId, clientSecret)).toBe(true);
  assertIncludes(client, {
    name: 'Acme orders',
    kind: 'integration',
    status: 'enabled',
    scopes: ['orders:read'],
    defaultScopes: ['orders:read'],
    grants: ['client_credentials'],
    createdAt: '2026-05-04T03:02:01Z',
  });
});

test('as text, the secret is there once, with how to get a first token', async () => {
  const stage = await emptyStage(database);
  const { stdout, stderr } = await typed([...create, '--scope', 'market:id:*', '--client-id', 'acme'], {
    stage,
  });
  expect(stderr).toBe('');
  const secret = /^client_secret +([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? '';
  expect(stdout.split(secret).length - 1).toBe(1);
  expect(await authenticates(stage, 'acme', secret)).toBe(true);
  expect(stdout).toMatch(/shown once: store it now/);
  expect(stdout).toContain(
    'curl -u acme -d grant_type=client_credentials --data-urlencode scope=market:id:1 http://127.0.0.1:4001/oauth/token',
  );
});

describe('an id and a secret are imported, and the secret is not repeated', () => {
  const piped: [string, string, string][] = [
    ['line', `${imported}\n`, imported],
    ['bare', imported, imported],
    ['windows', `${imported}\r\n`, imported],
    ['spaces', ` ${imported} \n`, ` ${imported} `],
  ];

  test.each(piped)('%s', async (clientId, stdin, secret) => {
    const stage = await emptyStage(database);

    const ran = await typed([...withScope, '--client-id', clientId, '--secret-stdin'], { stage, stdin });
    assert.equal(ran.code, 0, ran.stderr);
    assert.ok(!ran.stdout.includes(imported) && !ran.stderr.includes(imported));
    assert.ok(await authenticates(stage, clientId, secret), clientId);
  });
});

test('a secret is typed at the keyboard without being shown', async () => {
  const stage = await emptyStage(database);
  const ran = await typed([...withScope, '--client-id', 'acme', '--secret-stdin'], {
    stage,
    stdin: `${imported}\n`,
    keyboard: true,
  });
  assert.equal(ran.code, 0, ran.stderr);
  expect(ran.stderr).toMatch(/^Secret \(it is not shown\): /);
  assert.ok(!ran.stdout.includes(imported) && !ran.stderr.includes(imported));
  expect(await authenticates(stage, 'acme', imported)).toBe(true);
});

test('no secret, and one that is easy to guess, are refused', async () => {
  const stage = await emptyStage(database);
  const none = await typed([...withScope, '--secret-stdin'], { stage, stdin: '\n' });
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(/no secret on standard input/);

  const weak = await typed([...withScope, '--secret-stdin', '--json'], { stage, stdin: 'hunter2\n' });
  expect(weak.code).toBe(1);
  expect(errorOf(weak)).toMatch(/easy to guess/);
  expect(weak.stderr).not.toContain('hunter2');
  expect(await stage.clients.list()).toStrictEqual([]);
});

test('a secret in an argument is no option, and is not repeated', async () => {
  for (const words of [['--secret', 'hunter2'], ['--client-secret=hunter2'], ['--secret-stdin', 'hunter2']]) {
    const ran = await typed([...withScope, ...words]);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');
    assert.ok(!ran.stderr.includes('hunter2'), ran.stderr);
  }
  expect((await typed([...withScope, '--secret', 'x'])).stderr).toMatch(/Pipe it in, with --secret-stdin/);
});

test('a sales channel has no secret, unless it is asked for', async () => {
  const stage = await emptyStage(database);
  const kind = [...withScope, '--kind', 'sales_channel'];
  const bare = await typed([...kind, '--client-id', 'shop'], { stage });
  expect(bare.stdout).toMatch(/^secrets +none$/m);
  expect(bare.stdout).not.toContain('client_secret ');
  expect(bare.stdout).toContain('curl -d client_id=shop -d grant_type=client_credentials');

  const secured = answered(Created, await typed([...kind, '--with-secret', '--json'], { stage }));
  expect(await authenticates(stage, secured.clientId, secured.clientSecret)).toBe(true);

  const integration = await typed([...withScope, '--with-secret'], { stage });
  expect(integration.code).toBe(2);
  expect(integration.stderr).toMatch(/--with-secret is for --kind sales_channel and for --public-key/);
});

test('an account gets three session keys and no more', async () => {
  const stage = await emptyStage(database);
  const who = ['--first-name', 'Ada', '--last-name', 'Lovelace', '--email', 'ada@example.com'];
  await typed(['account', 'create', '--stage', 'sandbox', ...who, '--mage-id', 'MAG7'], { stage });
  const key = [...create, '--account', 'MAG7'];
  const first = await typed(key, { stage });
  assert.equal(first.code, 0, first.stderr);
  expect(first.stdout).toMatch(/^client_id +AQ[A-Z0-9]{8}$/m);
  expect(first.stdout).toMatch(/-d '{"grant_type":"session"}' http:\S+\/rest\/v1\/app\/session\/token$/m);
  expect(answered(Created, await typed([...key, '--json'], { stage }))['mageId']).toBe('MAG7');
  expect((await typed(key, { stage })).code).toBe(0);

  const fourth = await typed([...key, '--json'], { stage });
  expect(fourth.code).toBe(1);
  expect(errorOf(fourth)).toMatch(/has 3 session keys/);
  const nobody = await typed([...create, '--account', 'MAG8', '--json'], { stage });
  expect(nobody.code).toBe(1);
  expect(errorOf(nobody)).toMatch(/no account MAG8/);
});

test('lifetime and claims are kept', async () => {
  const stage = await emptyStage(database);
  const more = ['--token-lifetime', '600', '--claim', 'tier=gold', '--claim', 'note=a=b'];
  const ran = await typed([...withScope, ...more, '--json'], { stage });
  assertIncludes(answered(Created, ran), {
    tokenLifetime: 600,
    claims: { tier: 'gold', note: 'a=b' },
  });
});

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ format: 'pem', type: 'spki' })
  .toString();
const withKey = [...withScope, '--client-id', 'acme', '--public-key', '-'];

test('a client with a public key has no secret, and is shown how it gets a token', async () => {
  const stage = await emptyStage(database);
  const ran = await typed(withKey, { stage, stdin: pem });
  assert.equal(ran.code, 0, ran.stderr);
  const client = await stage.clients.findNow('acme');
  assertIncludes(client, { authenticationMethods: ['private_key_jwt'], secrets: [] });
  assert.equal(client?.keys.length, 1);
  expect(ran.stdout).toContain(`${client.keys[0]?.kid} for ES256`);
  expect(ran.stdout).not.toMatch(/client_secret /);
  expect(ran.stdout).toMatch(
    /curl -d client_id=acme -d client_assertion_type=\S+:jwt-bearer --data-urlencode "client_assertion=\$CLIENT_ASSERTION" -d grant_type=client_credentials/,
  );
});

test('a client with a public key gets a secret where it is asked for or imported', async () => {
  const stage = await emptyStage(database);
  const asked = await typed([...withKey, '--with-secret', '--json'], { stage, stdin: pem });
  const { clientSecret } = answered(Created, asked);
  expect(await authenticates(stage, 'acme', clientSecret)).toBe(true);

  const both = await typed([...withKey, '--secret-stdin'], { stage, stdin: pem });
  expect(both.code).toBe(2);
  expect(both.stderr).toMatch(/both read standard input/);
});

const rsaPem = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  .publicKey.export({ format: 'pem', type: 'spki' })
  .toString();

describe('what the partner must sign with is printed', () => {
  const text = async (words: readonly string[], stdin: string) => {
    const ran = await typed([...withKey, ...words], { stage: await emptyStage(database), stdin });
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stdout;
  };

  test.each<[string, readonly string[], string, RegExp]>([
    ['a bare RSA key', [], rsaPem, /^alg, kid +RS256 or PS256, any kid or none$/m],
    ['an RSA key for one algorithm', ['--alg', 'PS256'], rsaPem, /^alg, kid +PS256, any kid or none$/m],
    ['a stated kid', ['--kid', 'acme-2026'], pem, /^alg, kid +ES256, kid acme-2026 or none$/m],
    ['the lifetime', [], pem, /^exp +at most 3600 seconds ahead$/m],
    ['an RSA key under FAPI 2.0', ['--fapi'], rsaPem, /^alg, kid +PS256, any kid or none$/m],
    ['the lifetime under FAPI 2.0', ['--fapi'], pem, /^exp +at most 300 seconds ahead$/m],
    ['the audience under FAPI 2.0', ['--fapi'], pem, /^aud +the issuer of the stage, as a string$/m],
  ])('for %s', async (_, words, stdin, line) => {
    expect(await text(words, stdin)).toMatch(line);
  });

  test('with the keys of the file that are not registered', async () => {
    const [one, other] = [pem, rsaPem].map((key) => createPublicKey(key).export({ format: 'jwk' }));
    const keys = [{ ...other, kid: 'encryption', use: 'enc' }, one];
    expect(await text([], JSON.stringify({ keys }))).toContain(
      'Not registered: the key encryption is not for signatures: its use is not sig.\n',
    );
  });

  test('for programs, too', async () => {
    const ran = await typed([...withKey, '--fapi', '--json'], {
      stage: await emptyStage(database),
      stdin: rsaPem,
    });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      fapi: true,
      dpopBoundAccessTokens: true,
      authenticationMethods: ['private_key_jwt'],
      keys: [{ algorithms: ['PS256'] }],
      ignoredKeys: [],
    });
  });
});

describe('a client under FAPI 2.0', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['without a key', ['--fapi'], /\(--public-key\) must be given for FAPI 2\.0/],
    ['with a secret', ['--fapi', '--with-secret', '--public-key', '-'], /\(--with-secret\) must be left out/],
    [
      'as a sales channel',
      ['--fapi', '--kind', 'sales_channel', '--public-key', '-'],
      /\(--kind\) must be integration under FAPI/,
    ],
    [
      'with a key for RS256',
      ['--fapi', '--public-key', '-', '--alg', 'RS256'],
      /must be for PS256, ES256 or EdDSA/,
    ],
  ])('is refused %s', async (_, words, message) => {
    const stage = await emptyStage(database);
    const ran = await typed([...withScope, ...words], { stage, stdin: rsaPem });
    expect(ran.stderr).toMatch(message);
    expect(await stage.clients.list()).toStrictEqual([]);
  });

  test('is refused another key that is only for RS256', async () => {
    const stage = await emptyStage(database);
    await typed([...withKey, '--fapi'], { stage, stdin: pem });
    const add = ['client', 'add-key', 'acme', '--stage', 'sandbox', '--public-key', '-', '--alg', 'RS256'];
    const ran = await typed(add, { stage, stdin: rsaPem });
    expect([ran.code, ran.stderr.includes('must be for PS256, ES256 or EdDSA')]).toStrictEqual([1, true]);
  });
});

test('--alg and --kid without --public-key are refused', async () => {
  const ran = await typed([...withScope, '--alg', 'PS256']);
  expect([ran.code, ran.stderr.includes('they go with --public-key')]).toStrictEqual([2, true]);
});

test.each([
  /^grants +urn:ietf:params:oauth:grant-type:jwt-bearer urn:\S+:token-exchange$/m,
  /^required scopes +market:\* orders:\*$/m,
  /^audiences +https:\/\/stock\.example\.com urn:example:stock$/m,
  /^DPoP +its tokens are bound to a key/m,
  /^introspection +it may introspect tokens/m,
])('grants, required scopes, audiences, DPoP and introspection are kept: %j', async (line) => {
  const stage = await emptyStage(database);
  const more = [
    ['--grant', 'jwt-bearer', '--grant', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    ['--grant', 'token-exchange', '--required-scope', 'market:*', '--required-scope', 'orders:*'],
    ['--audience', 'https://stock.example.com', '--audience', 'urn:example:stock', '--dpop', '--introspect'],
  ].flat();
  const words = [...withKey, ...more];
  const expected = {
    grants: [
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    requiredScopes: ['market:*', 'orders:*'],
    audiences: ['https://stock.example.com', 'urn:example:stock'],
    dpopBoundAccessTokens: true,
    mayIntrospect: true,
  };
  const ran = await typed([...words, '--json'], { stage, stdin: pem });
  assert.equal(ran.code, 0, ran.stderr);
  assertIncludes(JSON.parse(ran.stdout), expected);
  assertIncludes(await stage.clients.findNow('acme'), expected);
  const { stdout } = await typed(['client', 'show', 'acme', '--stage', 'sandbox'], { stage });

  expect(stdout).toMatch(line);

  const { stdout: text } = await typed(words.with(words.indexOf('acme'), 'other'), { stage, stdin: pem });
  expect(text).toMatch(
    /-d grant_type=urn:\S+:jwt-bearer --data-urlencode "assertion=\$ASSERTION".* -H "DPoP: /,
  );
});

test('without them they are off, and the grant is client credentials', async () => {
  const stage = await emptyStage(database);
  await typed([...withScope, '--client-id', 'acme'], { stage });
  assertIncludes(await stage.clients.findNow('acme'), {
    grants: ['client_credentials'],
    requiredScopes: [],
    audiences: [],
    keys: [],
    dpopBoundAccessTokens: false,
    mayIntrospect: false,
  });
});

test('what is wrong is said before anything is written', async () => {
  const stage = await emptyStage(database);
  const refused: [number, RegExp, ...string[]][] = [
    [2, /--kind must be integration or sales_channel\./, ...withScope, '--kind', 'robot'],
    [2, /--token-lifetime must be a whole number of seconds above 0/, ...withScope, '--token-lifetime', '1h'],
    [2, /--claim must look like name=value/, ...withScope, '--claim', 'tier'],
    [2, /--claim must name each claim once/, ...withScope, '--claim', 'a=1', '--claim', 'a=2'],
    [2, /--name is given twice/, ...withScope, '--name', 'Other'],
    [2, /--name needs a value: --name NAME/, 'client', 'create', '--stage', 'sandbox', '--name'],
    [2, /written --scope=SCOPE/, ...create, '--scope', '--json'],
    [2, /--stage must be sandbox or production/, ...withScope.with(3, 'staging')],
    [
      2,
      /--grant must be one of client_credentials, jwt-bearer, token-exchange/,
      ...withScope,
      '--grant',
      'x',
    ],
    [1, /cannot be read \(ENOENT\)/, ...withScope, '--public-key', 'absent.pem'],
    [
      1,
      /The public key \(--public-key\) must be given for the grant jwt-bearer/,
      ...withScope,
      '--grant',
      'jwt-bearer',
    ],
    [1, /must be an absolute URI/, ...withScope, '--audience', 'stock'],
    [1, /The scope \(--scope\) must name at least one/, ...create],
    [1, /\(--claim\) must not contain sub, which the server states/, ...withScope, '--claim', 'sub=me'],
    [
      1,
      /\(--default-scope\) must be among the scopes of the client, and orders:write is not/,
      ...withScope,
      '--default-scope',
      'orders:write',
    ],
  ];
  for (const [code, message, ...argv] of refused) {
    const ran = await typed(argv, { stage });
    expect(ran.stderr).toMatch(message);
    assert.equal(ran.code, code, ran.stderr);
    expect(ran.stdout).toBe('');
  }
  expect(await stage.clients.list()).toStrictEqual([]);
});

test('an id that is taken is refused', async () => {
  const stage = await emptyStage(database);
  expect((await typed([...withScope, '--client-id', 'acme'], { stage })).code).toBe(0);
  const again = await typed([...withScope, '--client-id', 'acme'], { stage });
  expect(again.code).toBe(1);
  expect(again.stderr).toMatch(/\(--client-id\) is taken: there is a client acme already/);
});

test('a secret that no one could read is not lost in silence', async () => {
  const stage = await emptyStage(database);
  const ran = await typed([...withScope, '--client-id', "o'neil"], { stage, brokenPipe: true });
  expect(ran.code).toBe(1);
  assert.ok(
    ran.stderr.includes(`npx postern client delete 'o'\\''neil' --stage sandbox --local`),
    ran.stderr,
  );
});
