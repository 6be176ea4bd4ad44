import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { afterThisFile } from '../after-this-test.ts';
import { javascriptApp, newApp, pack, typescriptApp } from './apps.ts';

const Ready = v.object({ stages: v.object({ shop: v.object({ url: v.string() }) }) });
const Created = v.object({ clientId: v.string(), clientSecret: v.string() });
const Token = v.object({ access_token: v.string() });

let packed: ReturnType<typeof pack>;
beforeAll(() => {
  packed = pack();
});

/** Runs `npx postern` in the folder of an app. */
const postern = (folder: string, words: string) =>
  execFileSync(join(folder, 'node_modules/.bin/postern'), words.split(' '), {
    cwd: folder,
    encoding: 'utf8',
  });

describe('package', () => {
  test('has what is built, and no sources, tests or benchmarks', () => {
    const folders = new Set(packed.files.map((file) => file.split('/').slice(0, -1).join('/')));
    const top = [...folders].filter((folder) => !folder.startsWith('dist/'));
    expect(top.toSorted()).toStrictEqual(['', 'bin', 'dist']);
    expect(packed.files.filter((file) => /(?<!\.d)\.ts$|\.map$|\btest\b|\bbench\b/.test(file))).toStrictEqual(
      [],
    );
  });

  test('has less than 1.5 MB', () => {
    expect(packed.size).toBeLessThan(1_500_000);
  });
});

describe('package in a JavaScript app', () => {
  let folder: string;
  beforeAll(() => {
    folder = newApp('javascript', packed.tarball, javascriptApp);
  });

  test('synthesizes a stage of a record of its own', () => {
    const outdir = join(folder, 'cdk.out');
    execFileSync(process.execPath, ['bin/shop.js'], {
      cwd: folder,
      env: { ...process.env, CDK_OUTDIR: outdir, CDK_VALIDATION: 'false', NODE_OPTIONS: '' },
    });
    const templates = readdirSync(join(outdir, 'assembly-Staging')).filter((file) =>
      file.endsWith('.template.json'),
    );
    expect(templates).toHaveLength(4);
    // Functions are those of the package, and are not bundled again.
    expect(existsSync(join(outdir, 'bundles'))).toBe(false);
  });

  test('is the same for import as for require', () => {
    const printed = execFileSync(process.execPath, ['module.mjs'], { cwd: folder, encoding: 'utf8' });
    expect(JSON.parse(printed)).toStrictEqual({ same: true, denied: true });
  });

  test('keeps everything else private', () => {
    const code = "require('postern/dist/lib/index.js')";
    expect(() => execFileSync(process.execPath, ['-e', code], { cwd: folder, stdio: 'pipe' })).toThrow(
      /ERR_PACKAGE_PATH_NOT_EXPORTED/,
    );
  });

  test('has the command line', () => {
    expect(postern(folder, 'client create --help')).toMatch(/^Usage: npx postern client create/);
  });

  test('says where to start if there is no CDK app', () => {
    const empty = newApp('empty', packed.tarball, {});
    expect(() =>
      execFileSync(join(empty, 'node_modules/.bin/postern'), ['start', '--ephemeral', '--port', '0'], {
        cwd: empty,
        stdio: 'pipe',
        // A start that is not refused would go on.
        timeout: 60_000,
      }),
    ).toThrow(/There is no cdk\.json in /);
  });
});

describe('postern start in a TypeScript app with the settings of cdk init', () => {
  let folder: string;
  let url: string;
  let authorization: string;
  let progress: Readable;

  beforeAll(async () => {
    folder = newApp('typescript', packed.tarball, typescriptApp);
    // As in a shell: jest's own settings are not those of the app.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const words = ['start', '--ephemeral', '--port', '0', '--json', '--watch'];
    const child = spawn(join(folder, 'node_modules/.bin/postern'), words, { cwd: folder, env });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    progress = child.stderr;
    const exited = once(child, 'exit');
    afterThisFile(async () => {
      child.kill();
      await exited;
    });
    const line = await Promise.race([
      once(createInterface(child.stdout), 'line').then(([text]) => String(text)),
      exited.then(() => {
        throw new Error(`It did not start:\n${errors}`);
      }),
    ]);
    ({ url } = v.parse(Ready, JSON.parse(line)).stages.shop);
    const create = 'client create --stage shop --local --name Acme --scope orders:read --json';
    const { clientId, clientSecret } = v.parse(Created, JSON.parse(postern(folder, create)));
    authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  });

  const requestToken = async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read' });
    const response = await fetch(`${url}/oauth/token`, { method: 'POST', headers: { authorization }, body });
    return v.parse(Token, await response.json()).access_token;
  };

  test("lets a client call the app's own route with a token", async () => {
    const headers = { authorization: `Bearer ${await requestToken()}` };
    const response = await fetch(`${url}/orders`, { headers });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ client: expect.any(String), mayCancel: false });
  });

  test("lets the app's function respond to a caller without a token", async () => {
    const response = await fetch(`${url}/orders`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="api"');
  });

  test('has commands that know what the record of the stage says', () => {
    expect(postern(folder, 'key list --stage shop --local --json')).toContain('"ES256"');
  });

  test('serves discovery', async () => {
    const response = await fetch(`${url}/.well-known/oauth-authorization-server`);
    expect(await response.json()).toMatchObject({ issuer: url });
  });

  test('follows a change of a function of the app with --watch', async () => {
    const file = join(folder, 'functions/orders.ts');
    const replaced = new Promise<void>((resolve) => {
      progress.on('data', (data: Buffer) => {
        if (data.toString().includes('The stages were replaced')) resolve();
      });
    });
    writeFileSync(file, readFileSync(file, 'utf8').replace('mayCancel:', 'changed: true, mayCancel:'));
    await replaced;
    const headers = { authorization: `Bearer ${await requestToken()}` };
    expect(await (await fetch(`${url}/orders`, { headers })).json()).toMatchObject({ changed: true });
  });
});
