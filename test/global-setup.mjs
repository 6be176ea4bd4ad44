import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tsImport } from 'tsx/esm/api';

const flows = fileURLToPath(new URL('flows/', import.meta.url));

/**
 * Synthesizes every stage that the flows run and starts those that most of them share, if any flow is among the tests
 * that run.
 */
export default async function setUp({ testPathPatterns: { patterns } }) {
  // The SDK's advice on versions of Node.js is for those who develop the SDK's users.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const flowFiles = readdirSync(flows).map((file) => flows + file);
  const wanted = patterns.map((pattern) => new RegExp(pattern, 'i'));
  if (wanted.length > 0 && !wanted.some((pattern) => flowFiles.some((file) => pattern.test(file)))) return;

  const assembly = mkdtempSync(join(tmpdir(), 'postern-assembly-'));
  synthesize(assembly);
  process.env.POSTERN_TEST_ASSEMBLY = assembly;
  const { startStages } = await tsImport('./flows/start-stages.ts', import.meta.url);
  const stages = await startStages('--ephemeral', '--commercelayer', '--commercelayer-port', '0');
  process.env.POSTERN_TEST_STAGES = JSON.stringify(stages.ready);
  globalThis.posternTestRun = { assembly, stages };
}

/** Runs the CDK app of the flows with the context that the CDK CLI would give to it. */
function synthesize(outdir) {
  const { context } = JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8'));
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', `${flows}app.ts`], {
    env: { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context) },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('The CDK app of the flows does not synthesize');
}
