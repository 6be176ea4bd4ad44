import type { Client } from '../clients/client.ts';

/**
 * The `iat` of what is issued at `now`, NumericDate: a token of the very second in which all tokens of the client
 * were ended would be void, so that it is of the next.
 */
export const dateOfIssue = ({ tokensValidAfter }: Pick<Client, 'tokensValidAfter'>, now: number): number =>
  Math.max(now, tokensValidAfter + 1);
