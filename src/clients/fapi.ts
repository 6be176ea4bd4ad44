import type { AssertionAlgorithm, ClientKey } from './client.ts';

/** FAPI 2.0 Security Profile §5.4.1; `Ed25519` is another name of EdDSA with that curve. */
const fapiAlgorithms: ReadonlySet<AssertionAlgorithm> = new Set(['PS256', 'ES256', 'EdDSA', 'Ed25519']);

export const noFapiAlgorithm =
  'must be for PS256, ES256 or EdDSA, because FAPI 2.0 allows no other algorithm';

/** The keys as a client under FAPI 2.0 may use them: each for the algorithms that FAPI allows; undefined if one has none. */
export function keysUnderFapi(keys: readonly ClientKey[]): readonly ClientKey[] | undefined {
  const restricted = keys.map((key) => ({
    ...key,
    algorithms: key.algorithms.filter((alg) => fapiAlgorithms.has(alg)),
  }));
  return restricted.every(({ algorithms }) => algorithms.length > 0) ? restricted : undefined;
}
