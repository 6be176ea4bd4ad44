import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import type { JsonObject } from '../template/json.ts';

/** The properties of a resource, or a failure that names the one that has no local counterpart. */
export function parseProperties<Schema extends v.GenericSchema>(
  schema: Schema,
  properties: JsonObject,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, properties);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  // A property that is ignored would make the laptop differ from what is deployed.
  if (issue.expected === 'never') throw new LocalFailure(`the property ${path} is not known locally`);
  throw new LocalFailure(`${path}: ${issue.message}`);
}
