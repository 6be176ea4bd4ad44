import { accountJson, accountText } from './account-view.ts';
import { argument } from './arguments/parameters.ts';
import { command } from './command.ts';
import { findAccount } from './find-account.ts';

export const accountShow = command({
  summary: 'Shows an account and its session keys',
  parameters: { mageId: argument('MAGE_ID', 'The mage_id of the account') },
  examples: ['npx postern account show MAG123456789 --stage sandbox'],
  async run({ mageId }, { connect }) {
    const stage = await connect();
    const account = await findAccount(stage, mageId);
    return { json: accountJson(account), text: accountText(account) };
  },
});
