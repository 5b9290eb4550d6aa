import { CfnOutput, RemovalPolicy, Stack, type App } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { IDependable } from 'constructs';
import { STACKS } from '../names.js';
import { createBalancer, createGroups } from '../parts/compute-ha.js';
import { createSmallCompute, installOnMachine } from '../parts/compute-small.js';
import { createEdge, type Edge } from '../parts/edge.js';
import { createFunctions } from '../parts/functions.js';
import { ROLES, type Role } from '../parts/grants.js';
import { createMail } from '../parts/mail.js';
import { processEnvironment } from '../parts/process-environment.js';
import { createRelease, type Release } from '../parts/release.js';
import { createWatch, type Watched } from '../parts/watch.js';
import type { Settings, Site } from '../settings.js';
import type { Data } from './data-stack.js';

/** The log of the processes, whose name the machines are told. */
export const LOG_GROUP = '/passalong/processes';

/** Everything that can be made anew: machines, functions, mail, CloudFront, alarms. */
export function createAppStack(app: App, settings: Settings, lasting: Data): Stack {
  const { account, region } = settings;
  const stack = new Stack(app, STACKS.app, { env: { account, region } });
  // By its ARN: the key's policy is the other stack's, and says already what services of this account may.
  const data = { ...lasting, key: kms.Key.fromKeyArn(stack, 'Key', lasting.key.keyArn) };
  const release = createRelease(stack, settings);
  const log = new logs.LogGroup(stack, 'ProcessLog', {
    logGroupName: LOG_GROUP,
    encryptionKey: data.key,
    retention: logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const mail = createMail(stack, settings, data.key);
  const machines =
    settings.size === 'small'
      ? createSmall(stack, settings, data, { release, log })
      : createHa(stack, settings, data, { release, log });
  const functions = createFunctions(stack, settings, data, {
    mail,
    portalUrl: machines.edge.addresses.portalUrl,
  });
  // A function of a new release must find the tables that it knows, and the machines migrate.
  for (const each of [functions.onReady, functions.onFeedback]) {
    each.node.addDependency(...machines.migrated);
  }
  createWatch(stack, settings, { data, mail, functions, log, ...machines.watched });
  new CfnOutput(stack, 'PortalUrl', { value: machines.edge.addresses.portalUrl });
  new CfnOutput(stack, 'PortalDistribution', { value: machines.edge.portal.distributionId });
  return stack;
}

interface Machines {
  edge: Edge;
  /** What has migrated the database once it is there. */
  migrated: IDependable[];
  watched: Pick<Watched, 'machine' | 'groups'>;
}

type Given = { release: Release; log: logs.LogGroup };

function createSmall(stack: Stack, settings: Settings, data: Data, given: Given): Machines {
  const { instance, portal, slack } = createSmallCompute(stack, settings, data, given);
  const way = (origin: cloudfront.IVpcOrigin): cloudfront.IOrigin =>
    origins.VpcOrigin.withVpcOrigin(origin, {
      domainName: instance.instancePrivateDnsName,
      // The portal signs people in over https alone, and CloudFront itself says nothing of it to an origin.
      customHeaders: { 'X-Forwarded-Proto': 'https' },
    });
  const edge = createEdge(stack, settings, { portal: way(portal), slack: way(slack) });
  const environment = processEnvironment(ROLES, settings, data, edge.addresses);
  const installed = installOnMachine(stack, settings, data, { instance, environment, ...given });
  installed.node.addDependency(edge.published);
  return { edge, migrated: [installed], watched: { machine: instance, groups: {} } };
}

function createHa(stack: Stack, settings: Settings, data: Data, given: Given): Machines {
  const { balancer, targets } = createBalancer(stack, data.network, siteOf(settings));
  const origin = origins.VpcOrigin.withApplicationLoadBalancer(balancer, {
    vpcOriginName: 'passalong',
    protocolPolicy: cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
  });
  const edge = createEdge(stack, settings, { portal: origin, slack: origin });
  const environmentOf = (roles: readonly Role[]): Record<string, string> =>
    processEnvironment(roles, settings, data, edge.addresses);
  const groups = createGroups(stack, settings, data, { targets, environmentOf, ...given });
  for (const { group } of Object.values(groups)) group.node.addDependency(edge.published);
  return { edge, migrated: [groups.web.group], watched: { machine: null, groups } };
}

function siteOf({ site }: Settings): Site {
  if (!site) throw new Error('two zones are served under a name of their own');
  return site;
}
