import type { ChangeProblem } from '../src/clients/client-changes.ts';
import type { Result } from '../src/result.ts';
import { Refused } from './failures.ts';

/** The changed client. Throws the reason why it cannot be changed. */
export function accepted<Value>(result: Result<Value, ChangeProblem>): Value {
  if (!result.ok) throw new Refused(result.error.problem);
  return result.value;
}
