import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { afterThisFile } from '../after-this-test.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const workspace = mkdtempSync(join(tmpdir(), 'postern-package-'));
afterThisFile(() => rmSync(workspace, { recursive: true, force: true }));

const Packed = v.tuple([
  v.object({ filename: v.string(), size: v.number(), files: v.array(v.object({ path: v.string() })) }),
]);

/** Builds the package and packs it. */
export function pack() {
  const words = ['pack', '--silent', '--json', '--pack-destination', workspace];
  const printed = execFileSync('npm', words, { cwd: project, encoding: 'utf8' });
  // What `prepack` prints comes before.
  const [{ filename, size, files }] = v.parse(Packed, JSON.parse(printed.slice(printed.search(/^\[/m))));
  return { tarball: join(workspace, filename), size, files: files.map(({ path }) => path) };
}

/** What npm would install for the apps, from this checkout and not from a registry. */
const installed =
  'aws-cdk-lib constructs dynalite valibot esbuild tsx typescript @types/node .bin/esbuild .bin/tsc .bin/tsx'.split(
    ' ',
  );

/** An app in a folder of its own, in which the package is installed. */
export function newApp(name: string, tarball: string, files: Readonly<Record<string, string>>): string {
  const folder = join(workspace, name);
  const modules = join(folder, 'node_modules');
  for (const dependency of installed) {
    mkdirSync(dirname(join(modules, dependency)), { recursive: true });
    symlinkSync(join(project, 'node_modules', dependency), join(modules, dependency));
  }
  execFileSync('tar', ['-xzf', tarball, '-C', folder]);
  renameSync(join(folder, 'package'), join(modules, 'postern'));
  symlinkSync('../postern/bin/postern.js', join(modules, '.bin', 'postern'));
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  return folder;
}

const TsConfig = v.looseObject({ compilerOptions: v.looseObject({ types: v.array(v.string()) }) });

/** tsconfig.json as `cdk init app --language typescript` writes it, without the types of jest. */
function initTsConfig(): string {
  const file = join(project, 'node_modules/aws-cdk/lib/init-templates/app/typescript/tsconfig.json');
  const { compilerOptions, ...rest } = v.parse(TsConfig, JSON.parse(readFileSync(file, 'utf8')));
  return JSON.stringify({ ...rest, compilerOptions: { ...compilerOptions, types: ['node'] } });
}

const lockFile = JSON.stringify({ name: 'shop', lockfileVersion: 3, packages: {} });

export const typescriptApp: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'shop', version: '0.1.0' }),
  'package-lock.json': lockFile,
  'tsconfig.json': initTsConfig(),
  'cdk.json': JSON.stringify({ app: 'npx tsc && npx tsx bin/shop.ts' }),
  'bin/shop.ts': `
import * as cdk from 'aws-cdk-lib/core';
import { AuthStage, stages } from 'postern';
import type { StageRecord } from 'postern';
import { ShopStack } from '../lib/shop-stack';

// A type that the package lacks would be any.
type IsAny<T> = 0 extends 1 & T ? true : false;
const areAny: IsAny<StageRecord['dialect'] | StageRecord['signingAlgorithm'] | StageRecord['tokens']['organization']> = false;

const app = new cdk.App();
const [sandbox] = stages;
if (sandbox && !areAny) {
  const record: StageRecord = { ...sandbox, id: 'Shop', name: 'shop', signingAlgorithm: 'ES256' };
  const auth = new AuthStage(app, record);
  new ShopStack(auth, 'Orders', { auth });
}
`,
  'lib/shop-stack.ts': `
import * as cdk from 'aws-cdk-lib/core';
import { HttpApi, HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import { AuthStage, LambdaAuthorizer } from 'postern';

export class ShopStack extends cdk.Stack {
  constructor(scope: Construct, id: string, { auth }: { auth: AuthStage }) {
    super(scope, id);
    const handler = new NodejsFunction(this, 'Orders', { entry: 'functions/orders.ts' });
    new HttpRoute(this, 'ListOrders', {
      httpApi: HttpApi.fromHttpApiAttributes(this, 'Api', { httpApiId: auth.server.api.apiId }),
      routeKey: HttpRouteKey.with('/orders', HttpMethod.GET),
      integration: new HttpLambdaIntegration('Orders', handler),
      authorizer: new LambdaAuthorizer(this, 'Tokens', {
        server: auth.server,
        scopes: { 'GET /orders': 'orders:read' },
        denials: 'integration',
      }),
    });
  }
}
`,
  'functions/orders.ts': `
import { callerOf, requireScope } from 'postern/caller';
import type { CallerEvent } from 'postern/caller';

export async function handler(event: CallerEvent) {
  const caller = callerOf(event);
  if (caller.denied) return caller.response;
  return { client: caller.clientId, mayCancel: !requireScope(caller, 'orders:cancel').denied };
}
`,
};

export const javascriptApp: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'shop', version: '0.1.0' }),
  'cdk.json': JSON.stringify({ app: 'node bin/shop.js' }),
  'bin/shop.js': `
const cdk = require('aws-cdk-lib/core');
const { AuthStage, stages } = require('postern');

const [record] = stages;
const app = new cdk.App();
new AuthStage(app, { ...record, id: 'Staging', name: 'staging', signingAlgorithm: 'ES256' });
`,
  'module.mjs': `
import { createRequire } from 'node:module';
import { AuthStage, anyToken } from 'postern';
import { callerOf } from 'postern/caller';

const required = createRequire(import.meta.url)('postern');
process.stdout.write(JSON.stringify({
  same: required.AuthStage === AuthStage && required.anyToken === anyToken,
  denied: callerOf({ requestContext: {} }).denied,
}));
`,
};
