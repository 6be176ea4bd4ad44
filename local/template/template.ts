import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import type { Json, JsonObject } from './json.ts';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties: JsonObject;
  readonly DependsOn: readonly string[];
  readonly Condition?: string | undefined;
}

interface Output {
  readonly Value: Json;
  readonly Condition?: string | undefined;
  readonly Export?: { readonly Name: Json } | undefined;
}

/** What CloudFormation reads of a template. Metadata and rules say nothing about what is created. */
export interface Template {
  readonly Parameters: Readonly<Record<string, { readonly Default?: Json | undefined }>>;
  readonly Conditions: JsonObject;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs: Readonly<Record<string, Output>>;
}

/** Whatever `JSON.parse` made: it can make nothing else. */
const JsonValue = v.custom<Json>((input) => input !== undefined);
const Properties = v.custom<JsonObject>((input) => typeof input === 'object' && input !== null);

const Resource: v.GenericSchema<unknown, TemplateResource> = v.object({
  Type: v.string(),
  Properties: v.optional(Properties, {}),
  DependsOn: v.optional(
    v.union([
      v.array(v.string()),
      v.pipe(
        v.string(),
        v.transform((id) => [id]),
      ),
    ]),
    [],
  ),
  Condition: v.optional(v.string()),
});

const Output: v.GenericSchema<unknown, Output> = v.object({
  Value: JsonValue,
  Condition: v.optional(v.string()),
  Export: v.optional(v.object({ Name: JsonValue })),
});

const Template: v.GenericSchema<unknown, Template> = v.object({
  Parameters: v.optional(v.record(v.string(), v.object({ Default: v.optional(JsonValue) })), {}),
  Conditions: v.optional(Properties, {}),
  Resources: v.record(v.string(), Resource),
  Outputs: v.optional(v.record(v.string(), Output), {}),
});

/** @param change what is made of its text first */
export function readTemplate(path: string, change: (text: string) => string): Template {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Template), change(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new LocalFailure(`${path} is no CloudFormation template: ${issue.message} at ${v.getDotPath(issue)}`);
}
