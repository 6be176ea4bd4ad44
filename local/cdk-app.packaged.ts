import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import * as v from 'valibot';
import type { cdkApp as ofRepository } from './cdk-app.ts';
import { readCloudAssembly } from './cloud-assembly.ts';
import type { StageAssembly } from './cloud-assembly.ts';
import { LocalFailure } from './failure.ts';
import { accountId, region } from './identity.ts';
import { projectFolder } from './project-folder.ts';
import { failureMessage } from './synthesize.ts';

const Context = v.record(v.string(), v.unknown());
const CdkJson = v.object({ app: v.string(), context: v.optional(Context, {}) });

/** The app that cdk.json names. Nothing is known of its sources, so that each start synthesizes it. */
export const cdkApp: typeof ofRepository = ({ firstPort = 0, signal }) => ({
  isSynthesized: () => false,
  async synthesize(outdir) {
    rmSync(outdir, { recursive: true, force: true });
    mkdirSync(outdir, { recursive: true });
    const { code, output } = await runApp(outdir, signal);
    if (code === 0 && existsSync(join(outdir, 'manifest.json'))) return;
    const reason = failureMessage(output, outdir);
    throw new LocalFailure(reason ?? `The CDK app ended with exit code ${code} and without a cloud assembly`);
  },
  stagesIn(assemblyFolder) {
    const stages = readCloudAssembly(assemblyFolder).filter(hasAuthorizationServer);
    if (stages.length === 0) {
      throw new LocalFailure('The CDK app has no stage of Postern: add one with new AuthStage(app, record)');
    }
    return stages.map(({ id, name }, index) => ({
      id,
      name,
      port: firstPort === 0 ? 0 : firstPort + 10 * index,
    }));
  },
  hasDemoPartners: false,
});

/** A stage is known by the outputs that the command line finds it by, too. */
const hasAuthorizationServer = ({ stacks }: StageAssembly) =>
  ['ClientsTable', 'HashKeySecret'].every((output) =>
    stacks.some(({ template }) => Object.hasOwn(template.Outputs, output)),
  );

/** Runs the app as the CDK CLI does: by the shell, in the folder of cdk.json. */
async function runApp(outdir: string, signal: AbortSignal | undefined) {
  const { app, context } = readCdkJson();
  const isWindows = process.platform === 'win32';
  const child = spawn(app, {
    shell: true,
    cwd: projectFolder,
    // With a group of its own, what the shell has started can be ended with it.
    detached: !isWindows,
    env: {
      ...process.env,
      // The same Node.js, and the tools of the app.
      PATH: [
        join(projectFolder, 'node_modules', '.bin'),
        dirname(process.execPath),
        process.env['PATH'] ?? '',
      ].join(delimiter),
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      CDK_DEFAULT_ACCOUNT: accountId,
      CDK_DEFAULT_REGION: region,
      // The rules of CloudFormation take half of the time. `cdk synth` and `cdk deploy` apply them.
      CDK_VALIDATION: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => {
    if (child.pid !== undefined && !isWindows) process.kill(-child.pid);
    else child.kill();
  };
  signal?.addEventListener('abort', end);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  return { code, output };
}

/** `app` and the context of cdk.json, and what the CDK CLI has looked up before. */
function readCdkJson(): v.InferOutput<typeof CdkJson> {
  const file = join(projectFolder, 'cdk.json');
  if (!existsSync(file)) {
    throw new LocalFailure(`There is no cdk.json in ${projectFolder}: run this in the folder of a CDK app`);
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), CdkJson), readFileSync(file, 'utf8'));
  if (!parsed.success) throw new LocalFailure(`${file} names no app: it needs a member "app" with a command`);
  const lookedUp = join(projectFolder, 'cdk.context.json');
  if (!existsSync(lookedUp)) return parsed.output;
  const found = v.parse(v.pipe(v.string(), v.parseJson(), Context), readFileSync(lookedUp, 'utf8'));
  return { app: parsed.output.app, context: { ...found, ...parsed.output.context } };
}
