/** A reviver of `JSON.parse` that removes the members whose value is null. */
function withoutNull(this: unknown, _name: string, value: unknown): unknown {
  return value === null && !Array.isArray(this) ? undefined : value;
}

/** Parses JSON, in which a member whose value is null is absent, in nested objects too. Throws if it is not JSON. */
export const parseJsonWithoutNull = (json: string): unknown => JSON.parse(json, withoutNull);
