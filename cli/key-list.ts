import { keysWithRole } from '../src/keys/signing-key-set.ts';
import { columns } from './arguments/columns.ts';
import { command } from './command.ts';
import { isoDate } from './iso-date.ts';
import { keyViews } from './key-view.ts';

export const keyList = command({
  summary: 'Lists the signing keys of a stage, the role of each, and whether it is published',
  details: [
    'The current key signs. The next key is published before it signs, and the previous one after it has signed.',
  ],
  parameters: {},
  examples: ['npx postern key list --stage sandbox'],
  async run(_, { connectWithClock }) {
    const stage = await connectWithClock();
    const now = stage.clock();
    const state = await stage.signingKeys.read();
    const keys = keyViews(state, await stage.publishedKeys.find(), now);
    const [next] = state.set ? keysWithRole(state.set, 'next', now) : [];
    const notes = [
      ...(next?.signsFrom === undefined
        ? []
        : [`The next key becomes current at ${isoDate(next.signsFrom)}: it signs from then on.`]),
      ...(keys.every(({ published }) => published)
        ? []
        : [
            `Tokens that are signed with an unpublished key are refused. Publish the keys again: ${rotate(stage.options)}`,
          ]),
      ...(keys.some(({ role }) => role === null)
        ? ['A key without a role is published and does not sign. The next rotation removes it.']
        : []),
      ...(state.isRotating
        ? [
            `A rotation has begun and is not complete. If it does not complete, resume it: ${rotate(stage.options)}`,
          ]
        : []),
    ];
    return {
      json: {
        keys,
        rotating: state.isRotating,
        ...(next?.signsFrom !== undefined && { nextSignsFrom: isoDate(next.signsFrom) }),
      },
      text: [
        keys.length === 0
          ? `There are no signing keys in ${stage.record.name} yet. The first rotation creates them: ${rotate(stage.options)}`
          : columns([
              ['KID', 'ALG', 'ROLE', 'PUBLISHED'],
              ...keys.map(({ kid, alg, role, published }) => [
                kid,
                alg,
                role ?? '-',
                published ? 'yes' : 'no',
              ]),
            ]),
        ...notes,
      ].join('\n'),
    };
  },
});

const rotate = (options: string) => `npx postern key rotate ${options}`;
