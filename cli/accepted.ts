import type { Result } from '../src/result.ts';
import { Refused } from './failures.ts';

/** What was asked for; refused with the reason where it cannot be. */
export function accepted<Value>(result: Result<Value, string>): Value {
  if (!result.ok) throw new Refused(result.error);
  return result.value;
}
