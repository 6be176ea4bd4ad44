import * as v from 'valibot';
import type { DemoClient } from '../../local/demo-credentials.ts';
import { Ready } from './start-stages.ts';

export type TestStage = ReturnType<typeof partnersOf>;

/** The stages that global-setup.mjs has started. All flows share them. */
export function localStages() {
  const { stages } = v.parse(Ready, JSON.parse(process.env['POSTERN_TEST_STAGES'] ?? ''));
  return {
    sandbox: partnersOf('sandbox', stages.sandbox),
    production: partnersOf('production', stages.production),
    commercelayer: stages.commercelayer && { name: 'commercelayer', ...stages.commercelayer },
  };
}

interface StartedStage {
  readonly url: string;
  readonly issuer: string;
  readonly hasExampleApi: boolean;
  readonly clients: readonly DemoClient[];
}

export function partnersOf(name: string, stage: StartedStage) {
  const client = (is: (client: DemoClient) => boolean) => {
    const found = stage.clients.find(is);
    if (!found) throw new Error('A demonstration partner is missing');
    return { clientSecret: '', mageId: '', ...found };
  };
  return {
    ...stage,
    name,
    integration: client(({ kind, mageId }) => kind === 'integration' && mageId === undefined),
    sessionKey: client(({ mageId }) => mageId !== undefined),
    salesChannel: client(({ kind }) => kind === 'sales_channel'),
  };
}
