import { Aws, CfnOutput, Duration, type Stack } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { acknowledge } from '../acknowledge.js';
import { PORTS } from '../ports.js';
import type { Settings, Site } from '../settings.js';
import type { Data } from '../stacks/data-stack.js';
import { IMAGE, ROOT_DISK } from './compute-small.js';
import { allow, allowMany, grantProcesses, ROLES, type Role } from './grants.js';
import { grantMachine, installCommands, type Release } from './release.js';

/** Machines of each kind, in two zones; the large size is made larger here. */
const MACHINES: Record<Role, { type: string; atLeast: number; atMost: number }> = {
  web: { type: 't4g.small', atLeast: 2, atMost: 4 },
  worker: { type: 't4g.medium', atLeast: 2, atMost: 4 },
  bot: { type: 't4g.micro', atLeast: 2, atMost: 3 },
};

/** A machine has this long to finish what it does after it was told to end: a unit's own limit, and some. */
const DRAIN = Duration.seconds(90);

export interface Balancer {
  balancer: elb.ApplicationLoadBalancer;
  targets: Record<'web' | 'bot', elb.ApplicationTargetGroup>;
}

/**
 * The load balancer: inside the network, where CloudFront alone reaches it. How long an idle connection is kept climbs
 * from CloudFront (5 s) over it (70 s) to Node (75 s): who uses one closes it, so that no request meets a closed one.
 */
export function createBalancer(scope: Stack, { vpc, groups }: Data['network'], site: Site): Balancer {
  const balancer = new elb.ApplicationLoadBalancer(scope, 'Balancer', {
    vpc,
    internetFacing: false,
    vpcSubnets: { subnetGroupName: 'private' },
    securityGroup: groups.balancer,
    idleTimeout: Duration.seconds(70),
    dropInvalidHeaderFields: true,
    deletionProtection: false,
  });
  acknowledge(balancer, {
    'AwsSolutions-ELB2':
      'Its log would hold the links that open files. The portal logs requests without them.',
  });
  const target = (id: string, port: number): elb.ApplicationTargetGroup =>
    new elb.ApplicationTargetGroup(scope, `${id}Targets`, {
      vpc,
      port,
      protocol: elb.ApplicationProtocol.HTTP,
      targetType: elb.TargetType.INSTANCE,
      deregistrationDelay: Duration.seconds(60),
      healthCheck: {
        path: '/readyz',
        interval: Duration.seconds(5),
        timeout: Duration.seconds(4),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 2,
      },
    });
  const targets = { web: target('Web', PORTS.portal), bot: target('Bot', PORTS.bot) };
  const zone = route53.PublicHostedZone.fromPublicHostedZoneAttributes(scope, 'BalancerZone', {
    hostedZoneId: site.zoneId,
    zoneName: site.zoneName,
  });
  const certificate = new acm.Certificate(scope, 'BalancerCertificate', {
    domainName: site.name,
    validation: acm.CertificateValidation.fromDns(zone),
  });
  const listener = balancer.addListener('Https', {
    port: 443,
    protocol: elb.ApplicationProtocol.HTTPS,
    certificates: [certificate],
    sslPolicy: elb.SslPolicy.RECOMMENDED_TLS,
    open: false,
    defaultTargetGroups: [targets.web],
  });
  listener.addTargetGroups('Slack', {
    priority: 10,
    conditions: [elb.ListenerCondition.pathPatterns(['/slack/*'])],
    targetGroups: [targets.bot],
  });
  return { balancer, targets };
}

/**
 * A group of machines for each kind of process. A new release replaces machine after machine, each once the one before
 * has said that it is well; where one does not, the stack goes back.
 */
export function createGroups(
  scope: Stack,
  settings: Settings,
  data: Data,
  {
    release,
    log,
    targets,
    environmentOf,
  }: {
    release: Release;
    log: logs.LogGroup;
    targets: Balancer['targets'];
    environmentOf: (roles: readonly Role[]) => Record<string, string>;
  },
): Record<Role, { group: autoscaling.AutoScalingGroup; atLeast: number }> {
  const made = ROLES.map((kind) => {
    const userData = ec2.UserData.forLinux();
    const environment = environmentOf([kind]);
    const group = createGroup(scope, data, kind, userData);
    const { role } = group;
    grantMachine(role, release, log);
    grantProcesses(role, [kind], settings, data);
    allow(role, ['cloudformation:SignalResource'], [Aws.STACK_ID]);
    allowMany(
      role,
      'The id in the middle is made with the group; its name is ours.',
      ['autoscaling:CompleteLifecycleAction'],
      [
        `arn:aws:autoscaling:${settings.region}:${settings.account}:autoScalingGroup:*:autoScalingGroupName/${groupName(kind)}`,
      ],
    );
    const resource = scope.resolve(
      (group.asg.node.defaultChild as autoscaling.CfnAutoScalingGroup).logicalId,
    ) as string;
    userData.addCommands(
      'signal() {',
      `  token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)`,
      `  id=$(curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)`,
      `  aws cloudformation signal-resource --region ${settings.region} --stack-name ${Aws.STACK_NAME} \\`,
      `    --logical-resource-id ${resource} --unique-id "$id" --status "$1"`,
      '}',
      `trap 'signal FAILURE' ERR`,
      ...installCommands(scope, settings, data, {
        release,
        roles: [kind],
        environment,
        log,
        group: groupName(kind),
      }),
      'signal SUCCESS',
    );
    return [kind, { group: group.asg, atLeast: MACHINES[kind].atLeast }] as const;
  });
  const groups = Object.fromEntries(made) as Record<
    Role,
    { group: autoscaling.AutoScalingGroup; atLeast: number }
  >;
  const { web, worker, bot } = groups;
  web.group.attachToApplicationTargetGroup(targets.web);
  bot.group.attachToApplicationTargetGroup(targets.bot);
  // Portals migrate first; workers and bots of a new release then find the tables that they know.
  worker.group.node.addDependency(web.group);
  bot.group.node.addDependency(web.group);
  worker.group.scaleOnCpuUtilization('Busy', { targetUtilizationPercent: 60 });
  web.group.scaleOnCpuUtilization('Busy', { targetUtilizationPercent: 60 });
  new CfnOutput(scope, 'Machines', { value: ROLES.map(groupName).join(' ') });
  return groups;
}

function groupName(kind: Role): string {
  return `passalong-${kind}`;
}

function createGroup(
  scope: Stack,
  { network }: Data,
  kind: Role,
  userData: ec2.UserData,
): { asg: autoscaling.AutoScalingGroup; role: iam.Role } {
  const { type, atLeast, atMost } = MACHINES[kind];
  const id = kind.charAt(0).toUpperCase() + kind.slice(1);
  const role = new iam.Role(scope, `${id}Role`, { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
  const launchTemplate = new ec2.LaunchTemplate(scope, `${id}Template`, {
    instanceType: new ec2.InstanceType(type),
    machineImage: IMAGE,
    userData,
    role,
    securityGroup: network.groups[kind],
    associatePublicIpAddress: true,
    httpPutResponseHopLimit: 1,
    httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
    blockDevices: [ROOT_DISK],
  });
  const asg = new autoscaling.AutoScalingGroup(scope, `${id}Machines`, {
    autoScalingGroupName: groupName(kind),
    vpc: network.vpc,
    vpcSubnets: { subnetGroupName: 'public' },
    launchTemplate,
    minCapacity: atLeast,
    maxCapacity: atMost,
    healthChecks:
      kind === 'web'
        ? autoscaling.HealthChecks.withAdditionalChecks({
            additionalTypes: [autoscaling.AdditionalHealthCheckType.ELB],
            gracePeriod: Duration.minutes(10),
          })
        : autoscaling.HealthChecks.ec2({ gracePeriod: Duration.minutes(10) }),
    signals: autoscaling.Signals.waitForMinCapacity({ timeout: Duration.minutes(20) }),
    updatePolicy: autoscaling.UpdatePolicy.rollingUpdate({
      maxBatchSize: 1,
      minInstancesInService: atLeast,
      pauseTime: Duration.minutes(15),
      waitOnResourceSignals: true,
      suspendProcesses: [
        ...[autoscaling.ScalingProcess.HEALTH_CHECK, autoscaling.ScalingProcess.REPLACE_UNHEALTHY],
        ...[autoscaling.ScalingProcess.AZ_REBALANCE, autoscaling.ScalingProcess.ALARM_NOTIFICATION],
        autoscaling.ScalingProcess.SCHEDULED_ACTIONS,
      ],
    }),
  });
  asg.addLifecycleHook('Drain', {
    lifecycleHookName: 'drain',
    lifecycleTransition: autoscaling.LifecycleTransition.INSTANCE_TERMINATING,
    heartbeatTimeout: DRAIN,
    defaultResult: autoscaling.DefaultResult.CONTINUE,
  });
  acknowledge(asg, { 'AwsSolutions-AS3': 'Alarms tell when a group is smaller than it should be.' });
  return { asg, role };
}
