import { CfnOutput, Stack } from 'aws-cdk-lib';
import { ApiMapping, DomainName, SecurityPolicy } from 'aws-cdk-lib/aws-apigatewayv2';
import type { HttpApi, IStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { AaaaRecord, ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { StageDomain } from '../stages.ts';

interface PublicDomainProps {
  readonly domain: StageDomain;
  readonly api: HttpApi;
  readonly stage: IStage;
}

/** The domain name of an API, its mapping, and its DNS records if the hosted zone is known. */
export class PublicDomain extends Construct {
  constructor(scope: Construct, id: string, { domain, api, stage }: PublicDomainProps) {
    super(scope, id);
    const domainName = new DomainName(this, 'DomainName', {
      domainName: domain.name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    new ApiMapping(this, 'Mapping', {
      api,
      stage,
      domainName,
      ...(domain.basePath !== undefined && { apiMappingKey: domain.basePath }),
    });
    const { regionalDomainName, regionalHostedZoneId } = domainName;
    if (domain.hostedZone) {
      const zone = HostedZone.fromHostedZoneAttributes(this, 'HostedZone', domain.hostedZone);
      const target = RecordTarget.fromAlias(
        new ApiGatewayv2DomainProperties(regionalDomainName, regionalHostedZoneId),
      );
      new ARecord(this, 'Ipv4', { zone, recordName: domain.name, target });
      new AaaaRecord(this, 'Ipv6', { zone, recordName: domain.name, target });
    }
    // Whoever keeps the zone elsewhere points the name to it.
    new CfnOutput(Stack.of(this), 'DomainTarget', { value: regionalDomainName });
  }
}
