import * as v from 'valibot';
import { registerAccount } from '../src/clients/account-registration.ts';
import { accountJson, accountText } from './account-view.ts';
import { option } from './arguments/parameters.ts';
import { command, Refused } from './command.ts';
import { accountFields, problemText } from './registration-problem.ts';

export const accountCreate = command({
  summary: 'Creates an account that sessions act for',
  parameters: {
    firstName: option('NAME', 'First name of its holder', v.string()),
    lastName: option('NAME', 'Last name of its holder', v.string()),
    email: option('ADDRESS', 'E-mail address of its holder', v.string()),
    screenName: option(
      'NAME',
      'The name that others see; first and last name if it is left out',
      v.exactOptional(v.string()),
    ),
    mageId: option(
      'ID',
      'A mage_id that the partner already has; generated if it is left out',
      v.exactOptional(v.string()),
    ),
  },
  examples: [
    'npx postern account create --stage sandbox --first-name Ada --last-name Lovelace --email ada@example.com',
  ],
  async run(registration, { connectWithClock }) {
    const stage = await connectWithClock();
    const registered = await registerAccount(registration, stage);
    if (!registered.ok) throw new Refused(problemText(registered.error, accountFields));
    const account = registered.value;
    return {
      json: accountJson(account),
      text: `${accountText(account)}\n\nIts first session key:\n  npx postern client create ${stage.options} --account ${account.mageId} --name NAME`,
    };
  },
});
