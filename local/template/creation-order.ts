import { LocalFailure } from '../failure.ts';
import type { Json } from './json.ts';
import { isArray, isObject } from './json.ts';
import type { TemplateResource } from './template.ts';

type Resources = Readonly<Record<string, TemplateResource>>;

/** Logical ids in an order in which each comes after all that it refers to or depends on. */
export function creationOrder(resources: Resources): string[] {
  const ordered = new Set<string>();
  const visit = (logicalId: string, path: readonly string[]): void => {
    if (ordered.has(logicalId)) return;
    if (path.includes(logicalId)) {
      throw new LocalFailure(`Circular dependency between resources: ${[...path, logicalId].join(' -> ')}`);
    }
    const resource = resources[logicalId];
    if (!resource) throw new LocalFailure(`${path.at(-1)} depends on ${logicalId}, which the template lacks`);
    for (const dependency of dependencies(resource, resources)) visit(dependency, [...path, logicalId]);
    ordered.add(logicalId);
  };
  for (const logicalId of Object.keys(resources)) visit(logicalId, []);
  return [...ordered];
}

function dependencies(resource: TemplateResource, resources: Resources): Set<string> {
  const referenced = [...namesReferredTo(resource.Properties)].filter((name) => name in resources);
  return new Set([...resource.DependsOn, ...referenced]);
}

/** Everything that `Ref`, `Fn::GetAtt` and `Fn::Sub` name in a value: resources and parameters alike. */
function* namesReferredTo(value: Json): Generator<string> {
  if (isArray(value)) {
    for (const one of value) yield* namesReferredTo(one);
  } else if (isObject(value)) {
    for (const [name, argument] of Object.entries(value)) {
      const [first] = isArray(argument) ? argument : [argument];
      if (typeof first === 'string') {
        if (name === 'Ref') yield first;
        else if (name === 'Fn::GetAtt') yield first.split('.')[0] ?? first;
        else if (name === 'Fn::Sub') yield* namesSubstituted(first);
      }
      yield* namesReferredTo(argument);
    }
  }
}

function* namesSubstituted(format: string): Generator<string> {
  for (const [, name] of format.matchAll(/\$\{([^!}][^}]*)\}/g)) {
    if (name) yield name.split('.')[0] ?? name;
  }
}
