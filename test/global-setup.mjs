import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tsImport } from 'tsx/esm/api';

const flows = fileURLToPath(new URL('flows/', import.meta.url));

/**
 * Synthesizes the CDK app once for all journeys and starts the stages that most of them share, if any journey is among
 * the tests that run.
 */
export default async function setUp({ testPathPatterns: { patterns } }) {
  // The SDK's advice on versions of Node.js is for those who develop the SDK's users.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const journeys = readdirSync(flows).map((file) => flows + file);
  const wanted = patterns.map((pattern) => new RegExp(pattern, 'i'));
  if (wanted.length > 0 && !wanted.some((pattern) => journeys.some((file) => pattern.test(file)))) return;

  const { synthesize } = await tsImport('../local/synthesize.ts', import.meta.url);
  const { startStages } = await tsImport('./flows/start-stages.ts', import.meta.url);
  const assembly = mkdtempSync(join(tmpdir(), 'postern-assembly-'));
  // The host that Commerce Layer's clients demand, and a base path, as a mapped domain may have one.
  const issuer = 'https://auth.example.test/base';
  await synthesize(assembly, { commercelayer: true, issuers: { commercelayer: issuer } });
  process.env.POSTERN_ASSEMBLY = assembly;
  const third = ['--commercelayer', '--commercelayer-port', '0', '--issuer-commercelayer', issuer];
  const stages = await startStages('--ephemeral', ...third);
  process.env.POSTERN_TEST_STAGES = JSON.stringify(stages.ready);
  globalThis.posternTestRun = { assembly, stages };
}
