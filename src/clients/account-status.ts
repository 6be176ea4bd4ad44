import { randomBytes } from 'node:crypto';
import type { AccountStore } from './account.ts';

/**
 * Disables an account: it opens no session, and its sessions end at once. They stay ended when it is enabled. False if it
 * is unknown.
 */
export const disableAccount = (
  mageId: string,
  { accounts }: { readonly accounts: Pick<AccountStore, 'disable'> },
): Promise<boolean> => accounts.disable(mageId, randomBytes(8).toString('base64url'));
