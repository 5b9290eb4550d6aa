import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { PORTS } from '../ports.js';
import type { Settings } from '../settings.js';

/** Who may speak to whom, by what a machine does. */
export interface SecurityGroups {
  web: ec2.SecurityGroup;
  worker: ec2.SecurityGroup;
  bot: ec2.SecurityGroup;
  functions: ec2.SecurityGroup;
  database: ec2.SecurityGroup;
  queue: ec2.SecurityGroup;
  /** In front of the portals; of the small size, which has no load balancer, nobody is in it. */
  balancer: ec2.SecurityGroup;
}

export interface Network {
  vpc: ec2.Vpc;
  groups: SecurityGroups;
}

/**
 * Two zones without a NAT gateway. Machines that fetch from chat platforms have public addresses and take no
 * connection from outside; functions, database and queue have none. S3 is reached by its gateway, for nothing.
 */
export function createNetwork(scope: Construct, settings: Settings): Network {
  const isSmall = settings.size === 'small';
  const vpc = new ec2.Vpc(scope, 'Vpc', {
    availabilityZones: [...settings.zones],
    natGateways: 0,
    // IPv6 lets the functions of the small size reach SES and Secrets Manager for nothing, through a gateway that
    // nobody can come in by. Two endpoints would cost a third of all the rest.
    ipProtocol: isSmall ? ec2.IpProtocol.DUAL_STACK : ec2.IpProtocol.IPV4_ONLY,
    subnetConfiguration: [
      { name: 'public', subnetType: ec2.SubnetType.PUBLIC, mapPublicIpOnLaunch: true, cidrMask: 22 },
      {
        name: 'private',
        subnetType: isSmall ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PRIVATE_ISOLATED,
        cidrMask: 22,
      },
      { name: 'data', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
    ],
    gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    flowLogs: { refused: { trafficType: ec2.FlowLogTrafficType.REJECT } },
  });
  const groups = createSecurityGroups(scope, vpc);
  connect(groups, settings);
  if (!isSmall) addEndpoints(vpc, groups);
  return { vpc, groups };
}

function createSecurityGroups(scope: Construct, vpc: ec2.Vpc): SecurityGroups {
  const group = (id: string, description: string, allowAllOutbound: boolean): ec2.SecurityGroup =>
    new ec2.SecurityGroup(scope, `${id}Group`, { vpc, description, allowAllOutbound });
  return {
    web: group('Web', 'Portals', true),
    worker: group('Worker', 'Workers: fetch files from chat platforms', true),
    bot: group('Bot', 'Bots: speak to chat platforms', true),
    functions: group('Functions', 'Functions: mail, and read what became of mails', false),
    database: group('Database', 'Postgres', false),
    queue: group('Queue', 'Valkey', false),
    balancer: group('Balancer', 'The load balancer', false),
  };
}

function connect(groups: SecurityGroups, settings: Settings): void {
  const { web, worker, bot, functions, database, queue, balancer } = groups;
  for (const client of [web, worker, bot, functions]) {
    database.addIngressRule(client, ec2.Port.tcp(PORTS.postgres), 'Every process keeps its truth here');
  }
  for (const client of [web, worker, bot]) {
    queue.addIngressRule(client, ec2.Port.tcp(PORTS.queue), 'Jobs');
  }
  functions.addEgressRule(database, ec2.Port.tcp(PORTS.postgres), 'Deliveries');

  const cloudFront = ec2.Peer.prefixList(settings.cloudFrontPrefixList);
  if (settings.size === 'small') {
    functions.addEgressRule(ec2.Peer.anyIpv6(), ec2.Port.tcp(443), 'SES and Secrets Manager');
    web.addIngressRule(cloudFront, ec2.Port.tcp(PORTS.portal), 'CloudFront, over its own interface');
    bot.addIngressRule(cloudFront, ec2.Port.tcp(PORTS.bot), 'CloudFront, for what Slack sends');
    return;
  }
  balancer.addIngressRule(cloudFront, ec2.Port.tcp(443), 'CloudFront, over its own interface');
  balancer.addEgressRule(web, ec2.Port.tcp(PORTS.portal), 'Portals');
  balancer.addEgressRule(bot, ec2.Port.tcp(PORTS.bot), 'What Slack sends');
  web.addIngressRule(balancer, ec2.Port.tcp(PORTS.portal), 'The load balancer');
  bot.addIngressRule(balancer, ec2.Port.tcp(PORTS.bot), 'The load balancer');
}

/** What the functions call, without a way to the internet. `email` is the API of SES; `email-smtp` is not. */
function addEndpoints(vpc: ec2.Vpc, { functions }: SecurityGroups): void {
  const subnets = { subnetGroupName: 'private' };
  for (const [id, service] of [
    ['Email', ec2.InterfaceVpcEndpointAwsService.EMAIL],
    ['Secrets', ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER],
  ] as const) {
    const endpoint = vpc.addInterfaceEndpoint(id, { service, subnets, open: false });
    endpoint.connections.allowFrom(functions, ec2.Port.tcp(443));
  }
}
