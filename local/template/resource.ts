import type { JsonObject } from './json.ts';

/** A resource of a template at the moment of its creation. */
export interface ResourceRequest {
  readonly type: string;
  readonly logicalId: string;
  /** Name of the resource where the template gives none: stack and logical id, unique over all stages. */
  readonly physicalName: string;
  /** Its properties, evaluated. */
  readonly properties: JsonObject;
}

/** What `Ref` and `Fn::GetAtt` say of a resource that was created. */
export interface CreatedResource {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export type CreateResource = (request: ResourceRequest) => Promise<CreatedResource>;
