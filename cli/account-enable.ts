import { accountJson } from './account-view.ts';
import { argument } from './arguments/parameters.ts';
import { command } from './command.ts';
import { findAccount } from './find-account.ts';

export const accountEnable = command({
  summary: 'Enables an account that was disabled',
  details: ['It opens sessions again. Those that it had when it was disabled stay ended.'],
  parameters: { mageId: argument('MAGE_ID', 'The mage_id of the account') },
  examples: ['npx postern account enable MAG123456789 --stage sandbox'],
  async run({ mageId }, { connect }) {
    const stage = await connect();
    const before = await findAccount(stage, mageId);
    await stage.accounts.enable(mageId);
    return {
      json: accountJson({ ...before, status: 'enabled' }),
      text:
        before.status === 'enabled'
          ? `The account ${mageId} was enabled in ${stage.record.name} already.`
          : `The account ${mageId} is enabled in ${stage.record.name}: it opens sessions again. Those that it had stay ended.`,
    };
  },
});
