import * as v from 'valibot';
import { matchesWildcard } from './wildcard.ts';

/** The services that decide about requests on this machine. What a policy says of others has no effect. */
const services = ['dynamodb', 'secretsmanager'];

const strings = v.union([
  v.array(v.string()),
  v.pipe(
    v.string(),
    v.transform((one) => [one]),
  ),
]);

/**
 * The condition operators that are enforced locally. Another one in the policy of a function fails the start: ignored, it
 * would grant.
 */
const operators = [
  'StringEquals',
  'StringLike',
  'ForAllValues:StringEquals',
  'ForAllValues:StringLike',
] as const;
const conditionKeys = ['dynamodb:LeadingKeys'] as const;

const Statement = v.strictObject({
  Sid: v.optional(v.string()),
  Effect: v.picklist(['Allow', 'Deny']),
  Action: strings,
  Resource: strings,
  Condition: v.optional(
    v.record(
      v.picklist(operators, ({ input }) => `the condition operator ${String(input)} is not enforced locally`),
      v.record(
        v.picklist(
          conditionKeys,
          ({ input }) => `the condition key ${String(input)} is not enforced locally`,
        ),
        strings,
      ),
    ),
    {},
  ),
});

const Actions = v.object({ Action: strings });

/** Whether a statement may be about a service of this machine. One without `Action` may be about any. */
function isOfLocalService(statement: unknown): boolean {
  const { output, success } = v.safeParse(Actions, statement);
  if (!success) return true;
  return output.Action.some((action) => {
    const [prefix = ''] = action.toLowerCase().split(':');
    return services.some((service) => matchesWildcard(prefix, service));
  });
}

/** The statements of a policy document of the IAM language that are about the services of this machine. */
export const PolicyDocument = v.pipe(
  v.object({
    Statement: v.pipe(
      v.unknown(),
      v.transform((statements) => [statements].flat().filter(isOfLocalService)),
      v.array(Statement),
    ),
  }),
  v.transform((document) => document.Statement),
);

export type Statement = v.InferOutput<typeof Statement>;
