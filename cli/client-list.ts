import { columns } from './arguments/columns.ts';
import { clientJson } from './client-view.ts';
import { command } from './command.ts';
import { isoDate } from './iso-date.ts';

export const clientList = command({
  summary: 'Lists the clients of a stage',
  parameters: {},
  examples: ['npx postern client list --stage sandbox'],
  async run(_, { connect }) {
    const stage = await connect();
    const clients = await stage.clients.list();
    return {
      json: clients.map((client) => clientJson(client)),
      text:
        clients.length === 0
          ? `No clients in ${stage.record.name} yet. Create one with: npx postern client create ${stage.options} --name NAME --scope SCOPE`
          : columns([
              ['CLIENT_ID', 'NAME', 'KIND', 'STATUS', 'CREATED', 'FOR'],
              ...clients.map(({ id, name, kind, status, createdAt, account, scopes }) => [
                id,
                name,
                kind,
                status,
                isoDate(createdAt),
                account ?? scopes.join(' '),
              ]),
            ]),
    };
  },
});
