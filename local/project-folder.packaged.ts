import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { projectFolder as ofRepository } from './project-folder.ts';

/** The folder of the CDK app that the command is run in: where cdk.json is, here or above. */
export const projectFolder: typeof ofRepository = folderWithCdkJson(process.cwd()) ?? process.cwd();

function folderWithCdkJson(folder: string): string | undefined {
  if (existsSync(join(folder, 'cdk.json'))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : folderWithCdkJson(parent);
}
