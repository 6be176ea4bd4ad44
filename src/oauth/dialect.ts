import type { ErrorCode } from '../errors.ts';

/** What the programs of some partners expect of the OAuth endpoints, where the RFCs leave it open or differ. */
export interface Dialect {
  /** The error of a revocation that names no client. */
  readonly unnamedRevocation: ErrorCode;
  /** The error of a request for the jwt-bearer grant that contains no assertion. */
  readonly missingAssertion: ErrorCode;
  /**
   * Whether a client that authenticates with its secret may state whom it acts for in an assertion that is not signed by
   * a registered key. Whoever has the secret can then act for any owner.
   */
  readonly unsignedAssertions: boolean;
}

/** The dialects that a stage may choose. The form of their error bodies has the same name in `errorBodies`. */
export const dialects = {
  rfc6749: {
    unnamedRevocation: 'invalid_client',
    missingAssertion: 'invalid_request',
    unsignedAssertions: false,
  },
  commercelayer: {
    // As Doorkeeper, which is behind it.
    unnamedRevocation: 'token_of_another_client',
    missingAssertion: 'invalid_grant',
    unsignedAssertions: true,
  },
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof dialects;

export const dialectNames = ['rfc6749', 'commercelayer'] as const satisfies readonly DialectName[];
