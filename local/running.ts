import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeAtomically } from './atomic-file.ts';
import { LocalFailure } from './failure.ts';
import { AccessKey } from './iam/access-key.ts';
import { stableId } from './identity.ts';
import { projectFolder } from './project-folder.ts';

const RunningInstance = v.object({
  pid: v.number(),
  startedAt: v.string(),
  dynamodbEndpoint: v.string(),
  secretsManagerEndpoint: v.string(),
  /** May do everything in these services. */
  operator: AccessKey,
  stages: v.record(
    v.string(),
    v.object({ url: v.string(), port: v.number(), outputs: v.record(v.string(), v.string()) }),
  ),
});

/**
 * A local instance as programs of the same user find it: where its services listen, the access key that they accept,
 * and the outputs of its stacks.
 */
export type RunningInstance = v.InferOutput<typeof RunningInstance>;

/** One folder for every instance of this checkout, whatever its data folder: an ephemeral one has none. */
const folderOfCheckout = join(
  tmpdir(),
  `postern-running-${process.getuid?.() ?? 0}-${stableId(projectFolder, 10)}`,
);

/** Announces an instance to other programs, and returns what withdraws it. */
export function announceInstance(instance: RunningInstance, folder = folderOfCheckout): () => void {
  const { port } = new URL(instance.dynamodbEndpoint);
  const path = join(folder, `${instance.pid}-${port}.json`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  assertPrivate(folder);
  writeAtomically(path, JSON.stringify(instance, undefined, 2));
  return () => rmSync(path, { force: true });
}

/** The instances that run now, the newest first. Announcements of those that were killed are removed. */
export function readRunningInstances(folder = folderOfCheckout): RunningInstance[] {
  if (!existsSync(folder)) return [];
  assertPrivate(folder);
  const instances: RunningInstance[] = [];
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.json')) continue;
    const instance = read(join(folder, file));
    if (instance && isAlive(instance.pid)) instances.push(instance);
    else rmSync(join(folder, file), { force: true });
  }
  return instances.toSorted((left, right) => (left.startedAt < right.startedAt ? 1 : -1));
}

/** Everybody may write to the temporary folder: another user could announce services that collect secrets. */
function assertPrivate(folder: string): void {
  const uid = process.getuid?.();
  // Windows has a temporary folder for each user.
  if (uid === undefined) return;
  const status = lstatSync(folder);
  if (status.isDirectory() && status.uid === uid && (status.mode & 0o022) === 0) return;
  throw new LocalFailure(`${folder} can be changed by other users of this machine: remove it`);
}

function read(path: string): RunningInstance | undefined {
  try {
    const parsed = v.safeParse(
      v.pipe(v.string(), v.parseJson(), RunningInstance),
      readFileSync(path, 'utf8'),
    );
    return parsed.success ? parsed.output : undefined;
  } catch {
    // It was removed between the listing and now.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is alive, though it may not be signalled.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
