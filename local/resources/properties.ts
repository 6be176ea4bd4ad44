import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import type { Json } from '../template/json.ts';
import type { ResourceRequest } from '../template/resource.ts';
import type { NotRun } from './not-run.ts';

/** What this machine makes of the properties of a type. Any other property is skipped, and named at the start. */
export interface PropertyRule<Entries extends v.ObjectEntries> {
  /** Those that are carried out. */
  readonly run: Entries;
  /** Requests depend on them, and they are not carried out: a resource that has one of them ends the start. */
  readonly refused?: readonly string[];
  /** No request can tell whether a resource has them. */
  readonly withoutEffect?: readonly string[];
}

/** The properties that are carried out, or a failure that names the first one that is wrong. */
export function readProperties<const Entries extends v.ObjectEntries>(
  { run, refused = [], withoutEffect = [] }: PropertyRule<Entries>,
  { type, properties }: ResourceRequest,
  notRun: Pick<NotRun, 'property'>,
): v.InferOutput<v.ObjectSchema<Entries, undefined>> {
  const values: Record<string, Json> = {};
  for (const name of properties.names) {
    const isRun = Object.hasOwn(run, name);
    if (!isRun && withoutEffect.includes(name)) continue;
    if (!isRun && !refused.includes(name)) {
      notRun.property(type, name);
      continue;
    }
    const value = properties.read(name);
    if (value === undefined) continue;
    if (!isRun) throw new LocalFailure(`requests depend on the property ${name}, which is not known locally`);
    values[name] = value;
  }
  const parsed = v.safeParse(v.object(run), values);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  // In a value that is carried out, a member that is ignored would make the laptop differ from what is deployed.
  if (issue.expected === 'never') throw new LocalFailure(`the property ${path} is not known locally`);
  throw new LocalFailure(`${path}: ${issue.message}`);
}
