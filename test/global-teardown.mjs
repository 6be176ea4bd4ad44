import { rmSync } from 'node:fs';

/** Ends what global-setup.mjs has started. */
export default async function tearDown() {
  const run = globalThis.posternTestRun;
  if (!run) return;
  await run.stages.stop();
  rmSync(run.assembly, { recursive: true });
}
