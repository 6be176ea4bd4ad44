import { accountId, arn, region } from '../identity.ts';

/** Types whose `Ref` is neither their name nor their id. */
const refs: Readonly<Record<string, (name: string) => string>> = {
  'AWS::CertificateManager::Certificate': (name) => arn('acm', `certificate/${name}`),
  'AWS::SNS::Topic': (name) => arn('sns', name),
  'AWS::SQS::Queue': (name) => `https://sqs.${region}.amazonaws.com/${accountId}/${name}`,
  'AWS::StepFunctions::StateMachine': (name) => arn('states', `stateMachine:${name}`),
};

/** What `Ref` says of a resource that is not created on this machine: the same at each start. */
export const refOf = (type: string, physicalName: string): string =>
  (Object.hasOwn(refs, type) ? refs[type]?.(physicalName) : undefined) ?? physicalName;

/**
 * What `Fn::GetAtt` says where there is no value on this machine: the same at each start, and of the form that its name
 * promises, so that a template may take it apart.
 */
export function attributeOf(type: string, physicalName: string, attribute: string): string {
  // `AWS::KMS::Key`, or `Custom::Thing`
  const [service = '', kind = ''] = type.toLowerCase().split('::').slice(-2);
  if (/arn$/i.test(attribute)) return arn(service, `${kind}/${physicalName}`);
  // No name below `.invalid` is ever resolved (RFC 2606 §2).
  if (/ur[il]$/i.test(attribute)) return `https://${physicalName.toLowerCase()}.invalid/`;
  return `${physicalName}-${attribute}`;
}
