import { connectStage } from '../../cli/stage-connection.ts';
import { postern } from '../cli/postern.ts';
import type { Ran } from '../cli/postern.ts';

interface LocalStage {
  readonly name: string;
  readonly url: string;
}

/**
 * Runs a command of `npx postern` on a local stage, as an operator does, but in this process: a process for each would
 * be most of the time of the tests. test/cli/process.test.ts runs the program itself.
 */
export function operator({ name, url }: LocalStage, ...argv: readonly string[]): Promise<Ran> {
  const where = ['--stage', name, '--local', '--port', new URL(url).port];
  return postern([...argv, ...where], { connect: connectStage });
}

/** The JSON output of a command, which must succeed. */
export async function operatorJson(stage: LocalStage, ...argv: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await operator(stage, ...argv, '--json');
  if (code !== 0) throw new Error(`postern ${argv.join(' ')} failed: ${stderr}`);
  return JSON.parse(stdout);
}
