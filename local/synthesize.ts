import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { LocalFailure } from './failure.ts';
import { projectFolder } from './project-folder.ts';
import { synthesisFailure } from './synthesis-failure.ts';

const CdkJson = v.object({ context: v.record(v.string(), v.unknown()) });

/** What the CDK CLI gives to the app, and templates depend on. */
const featureFlags = () =>
  v.parse(CdkJson, JSON.parse(readFileSync(join(projectFolder, 'cdk.json'), 'utf8'))).context;

/** Runs the CDK app as the CDK CLI does, into `outdir`. */
export async function synthesize(
  outdir: string,
  { commercelayer = false, signal }: { commercelayer?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  // Assets of earlier runs would pile up: their names are hashes of what is in them.
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const app = spawn(process.execPath, ['--import', 'tsx', 'bin/postern-app.ts'], {
    cwd: projectFolder,
    env: {
      ...process.env,
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify(featureFlags()),
      POSTERN_COMMERCELAYER: String(commercelayer),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  let output = '';
  for (const stream of [app.stdout, app.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    app.on('error', reject);
    app.on('close', resolve);
  });
  if (code !== 0)
    throw new LocalFailure(failureMessage(output, outdir) ?? `The CDK app ended with exit code ${code}`);
}

function failureMessage(output: string, outdir: string): string | undefined {
  const reportFile = join(outdir, 'validation-report.json');
  const report = existsSync(reportFile) ? readFileSync(reportFile, 'utf8') : undefined;
  const reasons = synthesisFailure({ output, report, folder: projectFolder });
  return reasons && `The CDK app does not synthesize:\n${reasons.replace(/^/gm, '  ')}`;
}
