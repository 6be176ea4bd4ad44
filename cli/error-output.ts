import { UnreadableKeySet } from '../src/storage/unreadable-key-set.ts';
import { Unavailable } from '../src/unavailable.ts';
import { UsageError } from './arguments/usage-error.ts';
import { Refused } from './command.ts';

/** 2 for a command line that is not valid, 1 for a command that failed. */
export const exitCodeOf = (error: unknown): 1 | 2 => (error instanceof UsageError ? 2 : 1);

/** The output on standard error after a failure: one line of JSON for programs. */
export function errorOutput(error: unknown, { asJson, debug }: { asJson: boolean; debug: boolean }): string {
  const message = errorMessage(error);
  if (asJson) return JSON.stringify({ error: message.replaceAll('\n', ' ') });
  return [
    ...message.split('\n').map((line) => `postern: ${line}`),
    ...(error instanceof UsageError ? [`See: ${['npx postern', error.helpOf].join(' ').trim()} --help`] : []),
    ...(debug ? [stackOf(error)] : []),
  ].join('\n');
}

/** The message that an error becomes for the person who typed the command. */
export function errorMessage(error: unknown): string {
  if (error instanceof Refused || error instanceof UsageError) return error.message;
  if (error instanceof Unavailable) return unavailableMessage(error);
  if (error instanceof UnreadableKeySet) {
    return 'The signing key secret holds no key set that this version can read. Nothing was changed: use the version of the command line that the stage was deployed with.';
  }
  const what = error instanceof Error ? firstLine(error.message) || error.name : 'something was thrown';
  return `This should not have happened: ${what}. POSTERN_DEBUG=1 shows where.`;
}

/** The message for each error of an AWS client, with what can be done about it. `what` names the unavailable service. */
const awsMessages: readonly [RegExp, (message: string, what: string) => string][] = [
  [
    /^CredentialsProviderError|^TokenProviderError/,
    (message) =>
      `There are no usable AWS credentials: ${message}. Choose a profile with AWS_PROFILE, or sign in.`,
  ],
  [
    /Region is missing/,
    () =>
      'No AWS region is set. Set AWS_REGION, such as AWS_REGION=eu-west-1. For a stage that npm start runs, add --local.',
  ],
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

function unavailableMessage({ message: what, cause }: Unavailable): string {
  if (!(cause instanceof Error)) return `${what}, for an unknown reason.`;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const message = (firstLine(cause.message) || code).replace(/\.$/, '');
  const row = awsMessages.find(([form]) => form.test(`${cause.name}: ${code} ${message}`));
  return row ? row[1](message, what) : `${what}: ${cause.name}: ${message}.`;
}

const firstLine = (text: string) => text.trim().split('\n')[0] ?? '';

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = error.cause instanceof Error ? `\nCaused by ${error.cause.stack ?? ''}` : '';
  return `${error.stack ?? ''}${cause}`;
}
