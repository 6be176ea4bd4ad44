import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { appHash } from './app-hash.ts';
import { writeAtomically } from './atomic-file.ts';
import { LocalFailure } from './failure.ts';
import { projectFolder } from './project-folder.ts';
import { synthesisFailure } from './synthesis-failure.ts';

interface SynthesisOptions {
  readonly commercelayer?: boolean;
  /** By the name of the stage; that of its API where it is left out. */
  readonly issuers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Whether `outdir` has what the CDK app would synthesize now: it was synthesized from the very same files. */
export function isSynthesized(outdir: string, options: SynthesisOptions = {}): boolean {
  return currentHash(options) === writtenHash(outdir) && existsSync(join(outdir, 'manifest.json'));
}

/** Runs the CDK app as the CDK CLI does, into `outdir`. */
export async function synthesize(outdir: string, options: SynthesisOptions = {}): Promise<void> {
  const hash = currentHash(options);
  // The hash goes first and is written last: an assembly that was interrupted has none.
  rmSync(hashFile(outdir), { force: true });
  // Assets of earlier runs would pile up: their names are hashes of their content.
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const { code, output } = await runApp(outdir, options);
  if (code !== 0) {
    throw new LocalFailure(failureMessage(output, outdir) ?? `The CDK app ended with exit code ${code}`);
  }
  // A file that was changed meanwhile may have been read before or after the change.
  if (currentHash(options) === hash) writeAtomically(hashFile(outdir), hash);
}

const hashFile = (outdir: string) => join(outdir, 'app.sha256');

const writtenHash = (outdir: string) =>
  existsSync(hashFile(outdir)) ? readFileSync(hashFile(outdir), 'utf8') : undefined;

const currentHash = (options: SynthesisOptions) => appHash(projectFolder, appSettings(options));

/** The environment variables that the app depends on. */
const appSettings = ({ commercelayer = false, issuers = {} }: SynthesisOptions) => ({
  POSTERN_COMMERCELAYER: String(commercelayer),
  POSTERN_ISSUERS: JSON.stringify(issuers),
});

async function runApp(outdir: string, options: SynthesisOptions) {
  const app = spawn(process.execPath, ['--import', 'tsx', 'bin/postern-app.ts'], {
    cwd: projectFolder,
    env: {
      ...process.env,
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify(featureFlags()),
      // The rules of CloudFormation take half of the time. `cdk synth` and `cdk deploy` apply them.
      CDK_VALIDATION: 'false',
      ...appSettings(options),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal && { signal: options.signal }),
  });
  let output = '';
  for (const stream of [app.stdout, app.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    app.on('error', reject);
    app.on('close', resolve);
  });
  return { code, output };
}

const CdkJson = v.object({ context: v.record(v.string(), v.unknown()) });

/** The context that the CDK CLI gives to the app, on which templates depend. */
const featureFlags = () =>
  v.parse(CdkJson, JSON.parse(readFileSync(join(projectFolder, 'cdk.json'), 'utf8'))).context;

/** What the app printed, and its report, as the reasons why it does not synthesize. */
export function failureMessage(output: string, outdir: string): string | undefined {
  const reportFile = join(outdir, 'validation-report.json');
  const report = existsSync(reportFile) ? readFileSync(reportFile, 'utf8') : undefined;
  const reasons = synthesisFailure({ output, report, folder: projectFolder });
  return reasons && `The CDK app does not synthesize:\n${reasons.replace(/^/gm, '  ')}`;
}
