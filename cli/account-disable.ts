import { disableAccount } from '../src/clients/account-status.ts';
import { accountJson } from './account-view.ts';
import { argument } from './arguments/parameters.ts';
import { sessionsRefusedText } from './client-view.ts';
import { command } from './command.ts';
import { findAccount } from './find-account.ts';

export const accountDisable = command({
  summary: 'Disables an account: it opens no session, and its sessions end at once',
  details: [
    'It can be enabled again. The sessions that it had stay ended, so that an account whose sessions have leaked is disabled and enabled.',
  ],
  parameters: { mageId: argument('MAGE_ID', 'The mage_id of the account') },
  examples: ['npx postern account disable MAG123456789 --stage sandbox'],
  async run({ mageId }, { connect }) {
    const stage = await connect();
    const before = await findAccount(stage, mageId);
    await disableAccount(mageId, stage);
    return {
      json: accountJson({ ...before, status: 'disabled' }),
      text:
        before.status === 'disabled'
          ? `The account ${mageId} was disabled in ${stage.record.name} already.`
          : `The account ${mageId} is disabled in ${stage.record.name}: it opens no session.\n${sessionsRefusedText(stage)}`,
    };
  },
});
