import { Duration, type Stack } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { acknowledge } from '../acknowledge.js';
import { PORTS } from '../ports.js';
import type { Settings } from '../settings.js';
import type { Data } from '../stacks/data-stack.js';
import { grantProcesses, ROLES } from './grants.js';
import { grantMachine, installCommands, type Release } from './release.js';

/** The newest Amazon Linux, looked up as a machine is started and not as the stack is updated. */
export const IMAGE = ec2.MachineImage.resolveSsmParameterAtLaunch(
  '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64',
);

/** A root disk that is encrypted and holds the system, a few releases and the journal. */
export const ROOT_DISK: ec2.BlockDevice = {
  deviceName: '/dev/xvda',
  volume: ec2.BlockDeviceVolume.ebs(12, { encrypted: true, volumeType: ec2.EbsDeviceVolumeType.GP3 }),
};

/** The one machine of the small size, and the ways in that CloudFront has to it. */
export interface SmallCompute {
  instance: ec2.Instance;
  portal: cloudfront.VpcOrigin;
  slack: cloudfront.VpcOrigin;
}

/**
 * One machine for portal, worker and bot, in the first zone. It is not replaced by a deployment: a release is installed
 * on it (see installOnMachine). A broken one is replaced by raising `generation`, which gives it and CloudFront's ways
 * to it new names: a way in use cannot be changed.
 */
export function createSmallCompute(
  scope: Stack,
  settings: Settings,
  data: Data,
  { release, log }: { release: Release; log: logs.LogGroup },
): SmallCompute {
  const { vpc, groups } = data.network;
  const role = new iam.Role(scope, 'MachineRole', {
    assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
  });
  grantMachine(role, release, log);
  grantProcesses(role, ROLES, settings, data);
  const instance = new ec2.Instance(scope, `Machine${settings.generation}`, {
    vpc,
    vpcSubnets: { subnetGroupName: 'public', availabilityZones: [settings.zones[0]] },
    instanceType: new ec2.InstanceType('t4g.small'),
    machineImage: IMAGE,
    securityGroup: groups.web,
    role,
    httpTokens: ec2.HttpTokens.REQUIRED,
    httpPutResponseHopLimit: 1,
    blockDevices: [ROOT_DISK],
    detailedMonitoring: false,
    ebsOptimized: true,
    userDataCausesReplacement: false,
  });
  startFromNewestImage(scope, instance);
  instance.addSecurityGroup(groups.worker);
  instance.addSecurityGroup(groups.bot);
  acknowledge(instance, {
    'AwsSolutions-EC28':
      'The alarms look at what it does; metrics every minute would cost as much as its disk.',
    'CloudFormation-Validate::W3010': 'One machine stands in one zone, and the operator says in which.',
    'AwsSolutions-EC29':
      'It keeps nothing: the small size is one of everything, and is replaced by one command.',
  });
  const wayIn = (name: string, port: number): cloudfront.VpcOrigin =>
    new cloudfront.VpcOrigin(scope, `${name}Origin${settings.generation}`, {
      endpoint: cloudfront.VpcOriginEndpoint.ec2Instance(instance),
      vpcOriginName: `passalong-${name.toLowerCase()}-${settings.generation}`,
      httpPort: port,
      protocolPolicy: cloudfront.OriginProtocolPolicy.HTTP_ONLY,
    });
  return { instance, portal: wayIn('Portal', PORTS.portal), slack: wayIn('Slack', PORTS.bot) };
}

/** Only a launch template may name an image by what Systems Manager says it is at that moment. */
function startFromNewestImage(scope: Stack, instance: ec2.Instance): void {
  const template = new ec2.LaunchTemplate(scope, 'MachineTemplate', { machineImage: IMAGE });
  const resource = instance.node.defaultChild as ec2.CfnInstance;
  resource.addPropertyDeletionOverride('ImageId');
  resource.launchTemplate = {
    launchTemplateId: template.launchTemplateId ?? '',
    version: template.latestVersionNumber,
  };
}

/**
 * Installs the release on the machine whenever it changes, and once a day, which brings secrets that were changed. The
 * stack waits for it; where it fails, the stack goes back to the release before, which is installed again.
 */
export function installOnMachine(
  scope: Stack,
  settings: Settings,
  data: Data,
  {
    instance,
    release,
    environment,
    log,
  }: {
    instance: ec2.Instance;
    release: Release;
    environment: Record<string, string>;
    log: logs.LogGroup;
  },
): ssm.CfnAssociation {
  return new ssm.CfnAssociation(scope, 'Install', {
    name: 'AWS-RunShellScript',
    associationName: 'passalong-install',
    targets: [{ key: 'InstanceIds', values: [instance.instanceId] }],
    parameters: {
      commands: installCommands(scope, settings, data, {
        release,
        roles: ROLES,
        environment,
        log,
        group: null,
      }),
      executionTimeout: ['900'],
    },
    scheduleExpression: 'rate(1 day)',
    waitForSuccessTimeoutSeconds: Duration.minutes(20).toSeconds(),
  });
}
