import { command } from './command.ts';
import { keyViews } from './key-view.ts';
import { columns, isoDate } from './layout.ts';

export const keyList = command({
  summary: 'Lists the signing keys of a stage, what each does, and whether it is published',
  details: [
    'The current key signs. The next one is published before it signs, the previous one as long after.',
  ],
  parameters: {},
  examples: ['npx postern key list --stage sandbox'],
  async run(_, { stage: connect }) {
    const stage = await connect();
    const state = await stage.signingKeys.read();
    const keys = keyViews(state, await stage.publishedKeys.find());
    const promotion = state.set?.promoteNextAt;
    const missing = keys.filter(({ published }) => !published);
    const notes = [
      ...(promotion === undefined
        ? []
        : [
            promotion > stage.clock()
              ? `The next key becomes current at ${isoDate(promotion)}: from then on it signs.`
              : `The next key became current at ${isoDate(promotion)}: it signs.`,
          ]),
      ...(missing.length === 0
        ? []
        : [`What a key signs that is not published is refused. Publish anew: ${rotate(stage.options)}`]),
      ...(keys.some(({ role }) => role === null)
        ? ['A key without a role is published and signs nothing: it goes with the next rotation.']
        : []),
      ...(state.rotating
        ? [`A rotation has begun and is not done. If it stays so, go on with it: ${rotate(stage.options)}`]
        : []),
    ];
    return {
      json: {
        keys,
        rotating: state.rotating,
        ...(promotion !== undefined && { nextSignsFrom: isoDate(promotion) }),
      },
      text: [
        keys.length === 0
          ? `There are no signing keys in ${stage.record.name} yet. The first rotation makes them: ${rotate(stage.options)}`
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
