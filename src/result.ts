/** An outcome as a value: what was requested, or why it failed. */
export type Result<Value, Failure> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: Failure };

export const ok = <Value>(value: Value): { ok: true; value: Value } => ({ ok: true, value });
export const failed = <Failure>(error: Failure): { ok: false; error: Failure } => ({ ok: false, error });
