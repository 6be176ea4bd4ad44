import { UnreadableKeySet } from '../src/storage/signing-key-set-store.ts';
import { Unavailable } from '../src/unavailable.ts';
import { Refused, UsageError } from './failures.ts';

/** 2 for what is not a command, 1 for everything that could not be done. */
export const exitCodeOf = (error: unknown): 1 | 2 => (error instanceof UsageError ? 2 : 1);

/** What standard error says of a failure: for programs one line of JSON. */
export function explain(error: unknown, { asJson, debug }: { asJson: boolean; debug: boolean }): string {
  const message = reasonOf(error);
  if (asJson) return JSON.stringify({ error: message.replaceAll('\n', ' ') });
  return [
    ...message.split('\n').map((line) => `postern: ${line}`),
    ...(error instanceof UsageError ? [`See: ${['npx postern', error.helpOf].join(' ').trim()} --help`] : []),
    ...(debug ? [stackOf(error)] : []),
  ].join('\n');
}

/** Why something failed, in words for whoever typed the command. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refused || error instanceof UsageError) return error.message;
  if (error instanceof Unavailable) return unavailable(error);
  if (error instanceof UnreadableKeySet) {
    return 'The signing key secret holds no key set that this version can read. Nothing was changed: use the version of the command line that the stage was deployed with.';
  }
  const what = error instanceof Error ? firstLine(error.message) || error.name : 'something was thrown';
  return `This should not have happened: ${what}. POSTERN_DEBUG=1 shows where.`;
}

/** What an AWS client throws, by what can be done about it; `what` is which service is unavailable. */
const causes: readonly [RegExp, (message: string, what: string) => string][] = [
  [
    /^CredentialsProviderError|^TokenProviderError/,
    (message) =>
      `There are no AWS credentials that can be used: ${message}. Choose a profile with AWS_PROFILE, or sign in.`,
  ],
  [/Region is missing/, () => 'No AWS region is set. Set AWS_REGION, such as AWS_REGION=eu-west-1.'],
  [
    /^(ExpiredToken|InvalidClientTokenId|UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch)/,
    (message) =>
      `AWS does not accept the credentials: ${message}. Sign in again, or choose a profile with AWS_PROFILE.`,
  ],
  [/^AccessDenied/, (message) => `AWS does not allow it: ${message}.`],
  [
    /ECONNREFUSED|ENOTFOUND|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|TimeoutError/,
    (message, what) => `${what}: it cannot be reached (${message}).`,
  ],
];

function unavailable({ message: what, cause }: Unavailable): string {
  if (!(cause instanceof Error)) return `${what}, and it does not say why.`;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const message = (firstLine(cause.message) || code).replace(/\.$/, '');
  const row = causes.find(([form]) => form.test(`${cause.name}: ${code} ${message}`));
  return row ? row[1](message, what) : `${what}: ${cause.name}: ${message}.`;
}

const firstLine = (text: string) => text.trim().split('\n')[0] ?? '';

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = error.cause instanceof Error ? `\nCaused by ${error.cause.stack ?? ''}` : '';
  return `${error.stack ?? ''}${cause}`;
}
