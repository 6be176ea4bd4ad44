import { randomInt } from 'node:crypto';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { maximumMageIdLength } from './account.ts';
import type { Account } from './account.ts';
import type { Registry } from './client-registration.ts';
import { isPrintable, nameProblem } from './name.ts';
import type { RegistrationProblem } from './registration-rules.ts';

/** What an operator states about a new account. */
export interface AccountRegistration {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  /** First and last name if it is left out. */
  readonly screenName?: string;
  /** A `mage_id` that the partner already has; generated if it is left out. */
  readonly mageId?: string;
}

/** Creates an account, or returns what is wrong with its registration. */
export async function registerAccount(
  registration: AccountRegistration,
  { clients, accounts, subjects, clock }: Pick<Registry, 'clients' | 'accounts' | 'subjects' | 'clock'>,
): Promise<Result<Account, RegistrationProblem<keyof AccountRegistration>>> {
  const problem = accountProblem(registration);
  if (problem) return failed(problem);
  const { firstName, lastName, email, screenName, mageId } = registration;
  const account: Account = {
    mageId: mageId ?? `MAG${String(randomInt(1e9)).padStart(9, '0')}`,
    firstName,
    lastName,
    email,
    screenName: screenName ?? `${firstName} ${lastName}`,
    sessionKeys: {},
    status: 'enabled',
    sessionGeneration: '',
    createdAt: clock(),
  };
  // The read also finds clients that were created before ids were claimed.
  if ((await clients.findNow(account.mageId)) || !(await subjects.claim(account.mageId, 'account'))) {
    return failed({
      field: 'mageId',
      problem: `is taken: there is or was a client with the id ${account.mageId}, and no one may take its tokens for those of an account. Choose another id`,
    });
  }
  if (await accounts.create(account)) return ok(account);
  return failed({ field: 'mageId', problem: `is taken: there is an account ${account.mageId} already` });
}

function accountProblem(
  registration: AccountRegistration,
): RegistrationProblem<keyof AccountRegistration> | undefined {
  for (const field of ['firstName', 'lastName', 'screenName'] as const) {
    const name = registration[field];
    const problem = name === undefined ? undefined : nameProblem(name);
    if (problem !== undefined) return { field, problem };
  }
  const { email } = registration;
  if (!/^[^\s@]{1,64}@[^\s@]{1,190}$/.test(email) || !isPrintable(email)) {
    return { field: 'email', problem: 'must look like name@example.com' };
  }
  const { mageId } = registration;
  if (mageId === undefined || (mageId.length <= maximumMageIdLength && /^[A-Za-z0-9._-]+$/.test(mageId))) {
    return undefined;
  }
  return {
    field: 'mageId',
    problem: `must have 1 to ${maximumMageIdLength} letters, digits, dots, underscores or hyphens, such as MAG123456789`,
  };
}
