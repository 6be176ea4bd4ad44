import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeAtomically } from './atomic-file.ts';
import { projectFolder } from './project-folder.ts';

const RunningInstance = v.object({
  pid: v.number(),
  startedAt: v.string(),
  dynamodbEndpoint: v.string(),
  secretsManagerEndpoint: v.string(),
  stages: v.record(
    v.string(),
    v.object({ url: v.string(), port: v.number(), outputs: v.record(v.string(), v.string()) }),
  ),
});

/** A local instance as other programs find it: where its services listen, and the outputs of its stacks. */
export type RunningInstance = v.InferOutput<typeof RunningInstance>;

/** One place for every instance, whatever its data folder: an ephemeral one has none. */
const folder = join(projectFolder, '.local', 'running');

/** Makes an instance known, and returns what makes it unknown again. */
export function announceInstance(instance: RunningInstance): () => void {
  const { port } = new URL(instance.dynamodbEndpoint);
  const path = join(folder, `${instance.pid}-${port}.json`);
  writeAtomically(path, JSON.stringify(instance, undefined, 2));
  return () => rmSync(path, { force: true });
}

/** The instances that run now, the newest first. Traces of those that were killed are removed. */
export function readRunningInstances(): RunningInstance[] {
  if (!existsSync(folder)) return [];
  const instances: RunningInstance[] = [];
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.json')) continue;
    const instance = read(join(folder, file));
    if (instance && isAlive(instance.pid)) instances.push(instance);
    else rmSync(join(folder, file), { force: true });
  }
  return instances.toSorted((left, right) => (left.startedAt < right.startedAt ? 1 : -1));
}

function read(path: string): RunningInstance | undefined {
  try {
    const parsed = v.safeParse(
      v.pipe(v.string(), v.parseJson(), RunningInstance),
      readFileSync(path, 'utf8'),
    );
    return parsed.success ? parsed.output : undefined;
  } catch {
    // It ended between the listing and now.
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
