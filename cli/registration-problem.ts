import type { AccountRegistration } from '../src/clients/account-registration.ts';
import type { ClientRegistration, RegistrationProblem } from '../src/clients/registration-rules.ts';
import { oneLine } from './arguments/printable.ts';

interface FieldLabel {
  readonly label: string;
  /** What to do about a problem with the field, in words of the command line. */
  readonly remedy?: string;
}

export const accountFields: Readonly<Record<keyof AccountRegistration, FieldLabel>> = {
  firstName: { label: 'The first name (--first-name)' },
  lastName: { label: 'The last name (--last-name)' },
  screenName: { label: 'The screen name (--screen-name)' },
  email: { label: 'The e-mail address (--email)' },
  mageId: { label: 'The mage_id (--mage-id)' },
};

export const clientFields: Readonly<Record<keyof ClientRegistration, FieldLabel>> = {
  name: { label: 'The name (--name)' },
  kind: { label: 'The kind (--kind)' },
  account: {
    label: 'The account (--account)',
    remedy: 'Create an account with: npx postern account create',
  },
  clientId: { label: 'The client id (--client-id)' },
  secret: {
    label: 'The secret (--secret-stdin)',
    remedy: 'Without --secret-stdin a new secret is generated.',
  },
  withSecret: { label: 'The secret (--with-secret)' },
  keys: { label: 'The public key (--public-key)' },
  grants: { label: 'The grant (--grant)' },
  requiredScopes: { label: 'The required scope (--required-scope)' },
  subjects: { label: 'The subject (--subject)' },
  audiences: { label: 'The audience (--audience)' },
  allowedOrigins: { label: 'The allowed origin (--allowed-origin)' },
  dpopBoundAccessTokens: { label: 'DPoP (--dpop)' },
  fapi: { label: 'FAPI 2.0 (--fapi)' },
  mayIntrospect: { label: 'Introspection (--introspect)' },
  scopes: { label: 'The scope (--scope)' },
  defaultScopes: { label: 'The default scope (--default-scope)' },
  tokenLifetime: { label: 'The token lifetime (--token-lifetime)' },
  claims: { label: 'The claim (--claim)' },
};

/** A problem of a registration as a sentence for the person who typed the command. */
export function problemText<Field extends string>(
  { field, problem }: RegistrationProblem<Field>,
  fields: Readonly<Record<Field, FieldLabel>>,
): string {
  const { label, remedy } = fields[field];
  return `${label} ${oneLine(problem)}.${remedy === undefined ? '' : ` ${remedy}`}`;
}
