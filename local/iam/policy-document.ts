import * as v from 'valibot';

const strings = v.union([
  v.array(v.string()),
  v.pipe(
    v.string(),
    v.transform((one) => [one]),
  ),
]);

/** The condition operators that are enforced locally. Another one fails the start: ignored, it would grant. */
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

/** A policy document of the IAM language, as far as it is enforced locally. */
export const PolicyDocument = v.pipe(
  v.object({
    Statement: v.pipe(
      v.unknown(),
      v.transform((statements) => [statements].flat()),
      v.array(Statement),
    ),
  }),
  v.transform((document) => document.Statement),
);

export type Statement = v.InferOutput<typeof Statement>;
