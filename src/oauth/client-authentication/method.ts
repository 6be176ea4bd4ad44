import type { KeyObject } from 'node:crypto';
import type { Client } from '../../clients/client.ts';
import type { Clock } from '../../clock.ts';
import type { ReplayStore } from '../replay-store.ts';
import type { ClientAssertionPolicy } from '../stage-policies.ts';

/** The parameters of a request that a client may authenticate with. Every endpoint that authenticates takes them. */
export const authenticationParameters = [
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
] as const;
type AuthenticationParameters = {
  readonly [name in (typeof authenticationParameters)[number]]?: string;
};

/** The part of a request that a client authenticates with. */
export interface AuthenticationRequest extends AuthenticationParameters {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
}

/** The client that a request names and its credentials, in every reading that the client may have meant. */
export interface PresentedCredentials {
  readonly ids: readonly string[];
  readonly credentials: readonly string[];
}

/** Whether credentials are valid. The reason is for the log: clients must not be able to tell the causes apart. */
type CredentialVerification =
  | { readonly verified: true; readonly secretId?: string }
  | {
      readonly verified: false;
      readonly reason: string;
      /** For the client, where it has shown that it holds a key of the client. */
      readonly description?: string;
    };

/** What the methods need to verify credentials. */
export interface VerificationOptions {
  /** `HashKeys.clientSecret` */
  readonly secretHashKey: () => Promise<KeyObject>;
  /** Remembers used assertions. */
  readonly replays: ReplayStore;
  /** The `aud` of assertions (RFC 7523 §3). */
  readonly issuer: string;
  readonly clientAssertions: ClientAssertionPolicy;
  readonly clock: Clock;
}

/** One way to authenticate (RFC 6749 §2.3). */
export interface ClientAuthenticationMethod {
  /** The credentials that a request presents by this method; undefined if it does not use the method. */
  present(request: AuthenticationRequest): PresentedCredentials | undefined;
  /** Also called for unknown clients, so that timing does not reveal whether the id exists. */
  verify(
    presented: PresentedCredentials,
    client: Client | undefined,
    options: VerificationOptions,
  ): Promise<CredentialVerification>;
}
