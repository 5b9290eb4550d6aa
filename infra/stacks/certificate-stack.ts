import { CfnOutput, Stack, type App } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { STACKS } from '../names.js';
import type { Settings, Site } from '../settings.js';

/** The certificate that CloudFront shows, in the one region where it looks. Its output is `certificateArn`. */
export function createCertificateStack(app: App, { account }: Settings, site: Site): Stack {
  const stack = new Stack(app, STACKS.certificate, { env: { account, region: 'us-east-1' } });
  const zone = route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'Zone', {
    hostedZoneId: site.zoneId,
    zoneName: site.zoneName,
  });
  const certificate = new acm.Certificate(stack, 'Certificate', {
    domainName: site.name,
    validation: acm.CertificateValidation.fromDns(zone),
  });
  new CfnOutput(stack, 'CertificateArn', { value: certificate.certificateArn });
  return stack;
}
