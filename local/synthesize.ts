import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { LocalFailure } from './failure.ts';
import { projectFolder } from './project-folder.ts';

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
    throw new LocalFailure(`The CDK app does not synthesize: ${causeIn(output) ?? `exit code ${code}`}`);
}

/** The line of a program's output that says why it failed: esbuild's error, or an exception's first line. */
function causeIn(output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trim());
  const error =
    lines.find((line) => line.includes('[ERROR]') || /: ERROR: /.test(line)) ??
    lines.find((line) => line.startsWith('ERROR ')) ??
    lines.find((line) => /^(?:Uncaught )?[\w.]*(?:Error|Exception|Failure)\b.*:/.test(line)) ??
    lines.findLast((line) => line !== '' && !line.startsWith('at ') && !line.startsWith('Node.js v'));
  // esbuild says on a line of its own where the error is.
  const place = lines.find((line) => /^\S+\.\w+:\d+:\d+:$/.test(line));
  return error?.replace(/^.*?\[ERROR\]\s*/, place === undefined ? '' : `${place} `);
}
