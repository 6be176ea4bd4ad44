import type { Json } from './json.ts';

/**
 * The properties of a resource. Each is evaluated when it is read: what nobody reads may use intrinsic functions that
 * are not known locally.
 */
export interface Properties {
  readonly names: readonly string[];
  /** Undefined where the template has no such property, or `AWS::NoValue` for it. */
  read(name: string): Json | undefined;
}

/** A resource of a template at the moment of its creation. */
export interface ResourceRequest {
  readonly type: string;
  readonly logicalId: string;
  /** Name of the resource where the template gives none: stack and logical id, unique over all stages. */
  readonly physicalName: string;
  readonly properties: Properties;
}

/** What `Ref` and `Fn::GetAtt` say of a resource that was created. */
export interface CreatedResource {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export type CreateResource = (request: ResourceRequest) => Promise<CreatedResource>;
