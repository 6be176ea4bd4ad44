import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { matchClientSecret } from '../../src/clients/client-secret.ts';
import { afterThisFile } from '../after-this-test.ts';
import { testDatabase } from '../contract/tables.ts';
import { assertIncludes, errorOf, jsonOf, postern } from './postern.ts';
import type { Ran } from './postern.ts';
import type { StageUnderTest } from './stage-under-test.ts';
import { emptyStage, now, secretHashKey } from './stage-under-test.ts';

const database = await testDatabase();
afterThisFile(() => database.close());

const create = ['client', 'create', '--stage', 'sandbox', '--name', 'Acme orders'];
const withScope = [...create, '--scope', 'orders:read'];
const Created = v.looseObject({ clientId: v.string(), clientSecret: v.string() });
const imported = '9f86d081884c7d659a2feaa0c55ad015';

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ format: 'pem', type: 'spki' })
  .toString();
const withKey = [...withScope, '--client-id', 'acme', '--public-key', '-'];

const authenticates = async (stage: StageUnderTest, clientId: string, secret: string) =>
  matchClientSecret(secretHashKey, await stage.clients.findNow(clientId), [secret], now) !== undefined;

describe('postern client create', () => {
  test('generates an id and a secret that authenticates the client', async () => {
    const stage = await emptyStage(database);
    const ran = await postern([...withScope, '--default-scope', 'orders:read', '--json'], { stage });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const { clientId, clientSecret, ...client } = jsonOf(Created, ran);
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

  test('stores the lifetime of tokens and the claims', async () => {
    const stage = await emptyStage(database);
    const more = ['--token-lifetime', '600', '--claim', 'tier=gold', '--claim', 'note=a=b'];
    const ran = await postern([...withScope, ...more, '--json'], { stage });
    assertIncludes(jsonOf(Created, ran), {
      tokenLifetime: 600,
      claims: { tier: 'gold', note: 'a=b' },
    });
  });

  test('by default allows the client credentials grant, without DPoP and introspection', async () => {
    const stage = await emptyStage(database);
    await postern([...withScope, '--client-id', 'acme'], { stage });
    assertIncludes(await stage.clients.findNow('acme'), {
      grants: ['client_credentials'],
      requiredScopes: [],
      audiences: [],
      keys: [],
      allowedOrigins: [],
      dpopBoundAccessTokens: false,
      mayIntrospect: false,
    });
  });

  test('refuses a client id that is taken', async () => {
    const stage = await emptyStage(database);
    expect((await postern([...withScope, '--client-id', 'acme'], { stage })).code).toBe(0);
    const again = await postern([...withScope, '--client-id', 'acme'], { stage });
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/\(--client-id\) is taken: there is a client acme already/);
  });

  test('prints how to delete the client if its secret could not be shown', async () => {
    const stage = await emptyStage(database);
    const ran = await postern([...withScope, '--client-id', "o'neil"], { stage, brokenPipe: true });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`npx postern client delete 'o'\\''neil' --stage sandbox --local`);
  });
});

describe('postern client create, as text', () => {
  let stage: StageUnderTest;
  let ran: Ran;
  beforeAll(async () => {
    stage = await emptyStage(database);
    ran = await postern([...create, '--scope', 'market:id:*', '--client-id', 'acme'], { stage });
  });

  test('prints nothing on standard error', () => {
    expect(ran.stderr).toBe('');
  });

  test('prints the secret once, and that it is shown once', async () => {
    const secret = /^client_secret +([0-9a-f]{64})$/m.exec(ran.stdout)?.[1] ?? '';
    expect(ran.stdout.split(secret).length - 1).toBe(1);
    expect(await authenticates(stage, 'acme', secret)).toBe(true);
    expect(ran.stdout).toMatch(/shown once: store it now/);
  });

  test('prints a request for a first token', () => {
    expect(ran.stdout).toContain(
      'curl -u acme -d grant_type=client_credentials --data-urlencode scope=market:id:1 http://127.0.0.1:4001/oauth/token',
    );
  });
});

describe('postern client create --secret-stdin', () => {
  const piped: [string, string, string, string][] = [
    ['a line', 'line', `${imported}\n`, imported],
    ['text without a line break', 'bare', imported, imported],
    ['a line of Windows', 'windows', `${imported}\r\n`, imported],
  ];
  test.each(piped)('imports a secret from %s, and does not repeat it', async (_, clientId, stdin, secret) => {
    const stage = await emptyStage(database);
    const ran = await postern([...withScope, '--client-id', clientId, '--secret-stdin'], { stage, stdin });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).not.toContain(imported);
    expect(await authenticates(stage, clientId, secret)).toBe(true);
  });

  test('reads a secret from the keyboard without showing it', async () => {
    const stage = await emptyStage(database);
    const ran = await postern([...withScope, '--client-id', 'acme', '--secret-stdin'], {
      stage,
      stdin: `${imported}\n`,
      keyboard: true,
    });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/^Secret \(it is not shown\): /);
    expect(ran.stdout).not.toContain(imported);
    expect(ran.stderr).not.toContain(imported);
    expect(await authenticates(stage, 'acme', imported)).toBe(true);
  });

  test('refuses empty standard input', async () => {
    const stage = await emptyStage(database);
    const ran = await postern([...withScope, '--secret-stdin'], { stage, stdin: '\n' });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/no secret on standard input/);
    expect(await stage.clients.list()).toStrictEqual([]);
  });

  test('refuses a secret that is easy to guess, and does not repeat it', async () => {
    const stage = await emptyStage(database);
    const ran = await postern([...withScope, '--secret-stdin', '--json'], { stage, stdin: 'hunter2\n' });
    expect(ran.code).toBe(1);
    expect(errorOf(ran)).toMatch(/easy to guess/);
    expect(ran.stderr).not.toContain('hunter2');
    expect(await stage.clients.list()).toStrictEqual([]);
  });

  test('refuses to read the public key from standard input too', async () => {
    const ran = await postern([...withKey, '--secret-stdin'], {
      stage: await emptyStage(database),
      stdin: pem,
    });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/both read standard input/);
  });
});

describe('postern client create, with a secret in an argument', () => {
  test.each([['--secret hunter2'], ['--client-secret=hunter2'], ['--secret-stdin hunter2']])(
    'refuses %s, and does not repeat the secret',
    async (words) => {
      const ran = await postern([...withScope, ...words.split(' ')]);
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      expect(ran.stderr).not.toContain('hunter2');
    },
  );

  test('says how to pipe the secret in', async () => {
    const ran = await postern([...withScope, '--secret', 'x']);
    expect(ran.stderr).toMatch(/Pipe it in, with --secret-stdin/);
  });
});

describe('postern client create --kind sales_channel', () => {
  const salesChannel = [...withScope, '--kind', 'sales_channel'];

  test('creates a client without a secret', async () => {
    const stage = await emptyStage(database);
    const ran = await postern([...salesChannel, '--client-id', 'shop'], { stage });
    expect(ran.stdout).toMatch(/^secrets +none$/m);
    expect(ran.stdout).not.toContain('client_secret ');
    expect(ran.stdout).toContain('curl -d client_id=shop -d grant_type=client_credentials');
  });

  test('generates a secret with --with-secret', async () => {
    const stage = await emptyStage(database);
    const ran = await postern([...salesChannel, '--with-secret', '--json'], { stage });
    const { clientId, clientSecret } = jsonOf(Created, ran);
    expect(await authenticates(stage, clientId, clientSecret)).toBe(true);
  });

  test('is required for --with-secret, unless there is a public key', async () => {
    const ran = await postern([...withScope, '--with-secret'], { stage: await emptyStage(database) });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/--with-secret is for --kind sales_channel and for --public-key/);
  });
});

describe('postern client create --account', () => {
  const who = ['--first-name', 'Ada', '--last-name', 'Lovelace', '--email', 'ada@example.com'];
  const sessionKey = [...create, '--account', 'MAG7'];
  let stage: StageUnderTest;
  beforeAll(async () => {
    stage = await emptyStage(database);
    await postern(['account', 'create', '--stage', 'sandbox', ...who, '--mage-id', 'MAG7'], { stage });
  });

  test('creates a session key, and prints a request for a first session token', async () => {
    const ran = await postern(sessionKey, { stage });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^client_id +AQ[A-Z0-9]{8}$/m);
    expect(ran.stdout).toMatch(/-d '{"grant_type":"session"}' http:\S+\/rest\/v1\/app\/session\/token$/m);
  });

  test('prints the account with --json', async () => {
    expect(jsonOf(Created, await postern([...sessionKey, '--json'], { stage }))['mageId']).toBe('MAG7');
  });

  test('creates three session keys for one account and refuses a fourth', async () => {
    const full = await emptyStage(database);
    await postern(['account', 'create', '--stage', 'sandbox', ...who, '--mage-id', 'MAG7'], { stage: full });
    const codes: number[] = [];
    for (let key = 0; key < 3; key += 1) codes.push((await postern(sessionKey, { stage: full })).code);
    expect(codes).toStrictEqual([0, 0, 0]);
    const fourth = await postern([...sessionKey, '--json'], { stage: full });
    expect(fourth.code).toBe(1);
    expect(errorOf(fourth)).toMatch(/has 3 session keys/);
  });

  test('refuses an unknown account', async () => {
    const ran = await postern([...create, '--account', 'MAG8', '--json'], { stage });
    expect(ran.code).toBe(1);
    expect(errorOf(ran)).toMatch(/no account MAG8/);
  });
});

describe('postern client create --public-key', () => {
  describe('without --with-secret', () => {
    let stage: StageUnderTest;
    let ran: Ran;
    beforeAll(async () => {
      stage = await emptyStage(database);
      ran = await postern(withKey, { stage, stdin: pem });
    });

    test('creates a client that authenticates with its key alone', async () => {
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      const client = await stage.clients.findNow('acme');
      assertIncludes(client, { authenticationMethods: ['private_key_jwt'], secrets: [] });
      expect(client?.keys).toHaveLength(1);
      expect(ran.stdout).toContain(`${client?.keys[0]?.kid} for ES256`);
      expect(ran.stdout).not.toMatch(/client_secret /);
    });

    test('prints a request for a first token with a client assertion', () => {
      expect(ran.stdout).toMatch(
        /curl -d client_id=acme -d client_assertion_type=\S+:jwt-bearer --data-urlencode "client_assertion=\$CLIENT_ASSERTION" -d grant_type=client_credentials/,
      );
    });
  });

  test('generates a secret too with --with-secret', async () => {
    const stage = await emptyStage(database);
    const ran = await postern([...withKey, '--with-secret', '--json'], { stage, stdin: pem });
    expect(await authenticates(stage, 'acme', jsonOf(Created, ran).clientSecret)).toBe(true);
  });
});

const rsaPem = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  .publicKey.export({ format: 'pem', type: 'spki' })
  .toString();

describe('what the partner must sign with is printed', () => {
  const text = async (words: readonly string[], stdin: string) => {
    const ran = await postern([...withKey, ...words], { stage: await emptyStage(database), stdin });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
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
    const ran = await postern([...withKey, '--fapi', '--json'], {
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
    const ran = await postern([...withScope, ...words], { stage, stdin: rsaPem });
    expect(ran.stderr).toMatch(message);
    expect(await stage.clients.list()).toStrictEqual([]);
  });

  test('is refused another key that is only for RS256', async () => {
    const stage = await emptyStage(database);
    await postern([...withKey, '--fapi'], { stage, stdin: pem });
    const add = ['client', 'add-key', 'acme', '--stage', 'sandbox', '--public-key', '-', '--alg', 'RS256'];
    const ran = await postern(add, { stage, stdin: rsaPem });
    expect([ran.code, ran.stderr.includes('must be for PS256, ES256 or EdDSA')]).toStrictEqual([1, true]);
  });
});

test('--alg and --kid without --public-key are refused', async () => {
  const ran = await postern([...withScope, '--alg', 'PS256']);
  expect([ran.code, ran.stderr.includes('they go with --public-key')]).toStrictEqual([2, true]);
});

describe('postern client create with grants, required scopes, audiences, DPoP and introspection', () => {
  const options = `--grant jwt-bearer --grant urn:ietf:params:oauth:grant-type:token-exchange --grant token-exchange
    --required-scope market:* --required-scope orders:*
    --audience https://stock.example.com --audience urn:example:stock
    --dpop --introspect`;
  const words = [...withKey, ...options.split(/\s+/)];
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
  let stage: StageUnderTest;
  let ran: Ran;
  let shown: Ran;
  let created: Ran;
  beforeAll(async () => {
    stage = await emptyStage(database);
    ran = await postern([...words, '--json'], { stage, stdin: pem });
    shown = await postern(['client', 'show', 'acme', '--stage', 'sandbox'], { stage });
    created = await postern(words.with(words.indexOf('acme'), 'other'), { stage, stdin: pem });
  });

  test('prints them with --json', () => {
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    assertIncludes(JSON.parse(ran.stdout), expected);
  });

  test('stores them', async () => {
    assertIncludes(await stage.clients.findNow('acme'), expected);
  });

  test.each([
    ['the grants', /^grants +urn:ietf:params:oauth:grant-type:jwt-bearer urn:\S+:token-exchange$/m],
    ['the required scopes', /^required scopes +market:\* orders:\*$/m],
    ['the audiences', /^audiences +https:\/\/stock\.example\.com urn:example:stock$/m],
    ['DPoP', /^DPoP +its tokens are bound to a key/m],
    ['introspection', /^introspection +it may introspect tokens/m],
  ])('lets client show print %s', (_, line) => {
    expect(shown.stdout).toMatch(line);
  });

  test('prints a request for a first token with the first grant and a DPoP proof', () => {
    expect(created.stdout).toMatch(
      /curl -d client_id=other -d grant_type=urn:\S+:jwt-bearer --data-urlencode "assertion=\$ASSERTION".* -H "DPoP: /,
    );
  });

  test('prints what the assertion of the grant jwt-bearer must be like', () => {
    expect(created.stdout).toMatch(
      /whose sub is the subject.* It need not authenticate with another one\.$/m,
    );
  });

  test('prints that a client under FAPI 2.0 authenticates with another assertion', async () => {
    const named = words.with(words.indexOf('acme'), 'held');
    const { stdout } = await postern([...named, '--fapi'], { stage, stdin: pem });
    expect(stdout).toMatch(/whose sub is the subject.* It authenticates with another one\.$/m);
    expect(stdout).toMatch(/"client_assertion=\$CLIENT_ASSERTION" -d grant_type=urn:\S+:jwt-bearer/);
  });
});

describe('postern client create --dpop, in a stage with routes behind the JWT authorizer', () => {
  const stageWithJwtAuthorizer = async () => ({
    ...(await emptyStage(database)),
    hasJwtAuthorizer: async () => true,
  });
  const warning = /has routes behind API Gateway's own JWT authorizer\. .*without a DPoP proof/;

  test('registers the client and warns on standard error', async () => {
    const stage = await stageWithJwtAuthorizer();
    const { code, stderr } = await postern([...withScope, '--client-id', 'acme', '--dpop'], { stage });
    expect(code).toBe(0);
    expect(stderr).toMatch(warning);
    expect((await stage.clients.findNow('acme'))?.dpopBoundAccessTokens).toBe(true);
  });

  test('warns of a client under FAPI 2.0, which demands DPoP, too', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { code, stderr } = await postern([...withScope, '--public-key', '-', '--fapi'], {
      stage: await stageWithJwtAuthorizer(),
      stdin: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(warning);
  });

  test('warns with a line of JSON if the output is JSON', async () => {
    const stage = await stageWithJwtAuthorizer();
    const { stdout, stderr } = await postern([...withScope, '--dpop', '--json'], { stage });
    expect(JSON.parse(stderr)).toStrictEqual({ warning: expect.stringMatching(warning) });
    expect(JSON.parse(stdout)).not.toHaveProperty('warning');
  });

  test.each([
    ['for a client without --dpop', [], true],
    ['in a stage that has only the Lambda authorizer', ['--dpop'], false],
  ])('does not warn %s', async (_, options, hasJwtAuthorizer) => {
    const stage = { ...(await emptyStage(database)), hasJwtAuthorizer: async () => hasJwtAuthorizer };
    const { code, stderr } = await postern([...withScope, ...options], { stage });
    expect([code, stderr]).toStrictEqual([0, '']);
  });
});

describe('postern client create, with a value that is not valid', () => {
  let stage: StageUnderTest;
  beforeAll(async () => {
    stage = await emptyStage(database);
  });

  const usageErrors: [string, RegExp, readonly string[]][] = [
    ['an unknown kind', /--kind must be integration or sales_channel\./, [...withScope, '--kind', 'robot']],
    [
      'a token lifetime that is no number',
      /--token-lifetime must be a whole number of seconds above 0/,
      [...withScope, '--token-lifetime', '1h'],
    ],
    ['a claim without a value', /--claim must look like name=value/, [...withScope, '--claim', 'tier']],
    [
      'a claim that is given twice',
      /--claim must name each claim once/,
      [...withScope, '--claim', 'a=1', '--claim', 'a=2'],
    ],
    ['a name that is given twice', /--name is given twice/, [...withScope, '--name', 'Other']],
    [
      'an option without its value',
      /--name needs a value: --name NAME/,
      ['client', 'create', '--stage', 'sandbox', '--name'],
    ],
    ['an option in place of a value', /written --scope=SCOPE/, [...create, '--scope', '--json']],
    ['an unknown stage', /--stage must be sandbox or production/, withScope.with(3, 'staging')],
    [
      'an unknown grant',
      /--grant must be one of client_credentials, jwt-bearer, token-exchange/,
      [...withScope, '--grant', 'x'],
    ],
  ];
  test.each(usageErrors)('refuses %s with exit code 2, and registers nothing', async (_, message, argv) => {
    const ran = await postern(argv, { stage });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(message);
    expect(await stage.clients.list()).toStrictEqual([]);
  });

  const refusals: [string, RegExp, readonly string[]][] = [
    [
      'a file of public keys that does not exist',
      /cannot be read \(ENOENT\)/,
      [...withScope, '--public-key', 'absent.pem'],
    ],
    [
      'the grant jwt-bearer without a public key',
      /The public key \(--public-key\) must be given for the grant jwt-bearer/,
      [...withScope, '--grant', 'jwt-bearer'],
    ],
    ['an audience that is no URI', /must be an absolute URI/, [...withScope, '--audience', 'the stock']],
    [
      'an audience with a fragment',
      /without a fragment/,
      [...withScope, '--audience', 'https://stock.example.com#a'],
    ],
    [
      'an audience with a control character',
      /printable ASCII/,
      [...withScope, '--audience', 'stock\u001B[2J'],
    ],
    ['a client without a scope', /The scope \(--scope\) must name at least one/, create],
    [
      'a claim that the server states',
      /\(--claim\) must not contain sub, which the server states/,
      [...withScope, '--claim', 'sub=me'],
    ],
    [
      'a default scope that is not among the scopes',
      /\(--default-scope\) must be among the scopes of the client, and orders:write is not/,
      [...withScope, '--default-scope', 'orders:write'],
    ],
  ];
  test.each(refusals)('refuses %s with exit code 1, and registers nothing', async (_, message, argv) => {
    const ran = await postern(argv, { stage });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(message);
    expect(await stage.clients.list()).toStrictEqual([]);
  });
});

describe('postern client create, with a secret that is not the one of a partner', () => {
  test.each([
    ['a blank before it', ` ${imported}\n`, /begins or ends with a blank or a line break/],
    ['a password hash', `$2b$12$${imported}\n`, /is a password hash \(bcrypt\), and not the secret/],
    ['41 zeros', '0'.repeat(41), /it repeats itself or follows a sequence/],
  ])('refuses %s without repeating it', async (_, stdin, message) => {
    const stage = await emptyStage(database);
    const ran = await postern([...withScope, '--secret-stdin', '--json'], { stage, stdin });
    expect(ran.code).toBe(1);
    expect(errorOf(ran)).toMatch(message);
    expect(ran.stderr).not.toContain(stdin.trim());
    expect(await stage.clients.list()).toStrictEqual([]);
  });
});

describe('postern client create, with a token lifetime above the maximum of the stage', () => {
  const lifetime = (seconds: number) => ['--token-lifetime', String(seconds)];

  test.each([
    ['an access token', withScope, 14_400],
    ['a session token', [...create, '--account', 'MAG7'], 7_200],
  ])('refuses %s, and accepts the maximum', async (what, argv, maximum) => {
    const stage = await emptyStage(database);
    const person = ['--first-name', 'Ada', '--last-name', 'Byron', '--email', 'ada@example.com'];
    await postern(['account', 'create', '--stage', 'sandbox', ...person, '--mage-id', 'MAG7'], { stage });
    const refused = await postern([...argv, ...lifetime(maximum + 1), '--json'], { stage });
    expect(refused.code).toBe(1);
    expect(errorOf(refused)).toBe(
      `The token lifetime (--token-lifetime) must be at most ${maximum} seconds, which is the maximum of the stage for ${what}.`,
    );
    expect(await stage.clients.list()).toStrictEqual([]);
    expect((await postern([...argv, ...lifetime(maximum)], { stage })).code).toBe(0);
  });
});
