import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { readEnv } from '../../../core/config.js';
import { botEnvironment } from '../../../bot/env.js';
import { portalEnvironment } from '../../../web/env.js';
import { workerEnvironment } from '../../../worker/env.js';
import { PORTS } from '../../ports.js';
import { findScripts } from '../plans.js';
import { synthesize } from '../synthesize.js';
import { asText, findAll, findOne } from '../templates.js';
import { filledIn } from '../variables.js';
import { always, only } from './check.js';

const schemas = { web: portalEnvironment, worker: workerEnvironment, bot: botEnvironment };

/** What the operator's and the generated secrets add. */
const SECRET = {
  LINK_SECRET: 'x'.repeat(64),
  SESSION_SECRET: 'x'.repeat(64),
  CDN_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----\nan example\n-----END PRIVATE KEY-----\n',
};

export const releaseChecks = [
  always('each process is told what it needs to start', ({ templates, settings }) => {
    const scripts = findScripts(templates);
    const artefact = readFileSync(new URL('../../artefact/build-artefact.mjs', import.meta.url), 'utf8');
    expect(scripts.flatMap(({ plan }) => plan.roles).sort()).toEqual(['bot', 'web', 'worker']);
    for (const { plan } of scripts) {
      const given: Record<string, string> = { ...filledIn(plan.environment), ...SECRET };
      for (const role of plan.roles) readEnv(schemas[role as keyof typeof schemas], given);
      const { sslmode, secret, sslrootcert } = Object.fromEntries(
        new URL(given['DATABASE_URL'] ?? '').searchParams,
      );
      expect(sslmode).toBe('verify-full');
      expect(sslrootcert).toBe('/opt/passalong/dist/rds-ca.pem');
      expect(artefact).toContain("describeFile('dist/rds-ca.pem'");
      expect(secret).toContain('MasterUserSecret');
      expect(Boolean(plan.environment['REDIS_URL'])).toBe(settings.queue === 'redis');
    }
  }),

  only(
    'ha',
    'portals and workers know the second bucket, in the form that they read',
    ({ templates, settings }) => {
      for (const { plan } of findScripts(templates)) {
        const mirrors = plan.environment['S3_MIRROR_BUCKETS'];
        if (plan.roles.includes('bot')) expect(mirrors).toBeUndefined();
        else {
          expect(JSON.parse(mirrors ?? '')).toEqual([
            {
              bucket: `passalong-files-${settings.account}-${settings.replicaRegion}`,
              region: settings.replicaRegion,
            },
          ]);
        }
      }
    },
  ),

  only('ha', 'the queue is reached over TLS with its token, which no template holds', ({ templates }) => {
    for (const { plan } of findScripts(templates)) {
      expect(plan.environment['REDIS_URL']).toMatch(
        /^rediss:\/\/:\$\{QUEUE_TOKEN\}@<[^>]*PrimaryEndPointAddress[^>]*>:6379$/,
      );
      expect(plan.secrets.some((id) => id.includes('QueueSecret'))).toBe(true);
    }
  }),

  always('a process listens where those in front of it look', ({ templates, settings }) => {
    const environment = Object.assign(
      {},
      ...findScripts(templates).map(({ plan }) => plan.environment),
    ) as Record<string, string>;
    expect(environment['PORT']).toBe(String(PORTS.portal));
    expect(environment['BOT_PORT']).toBe(String(PORTS.bot));
    expect(environment['HOST']).toBe('0.0.0.0');
    const ports =
      settings.size === 'small'
        ? findAll(templates, 'AWS::CloudFront::VpcOrigin').map(
            ({ Properties }) => (Properties['VpcOriginEndpointConfig'] as { HTTPPort: number }).HTTPPort,
          )
        : findAll(templates, 'AWS::ElasticLoadBalancingV2::TargetGroup').map(
            ({ Properties }) => Properties['Port'],
          );
    expect(ports.sort()).toEqual([PORTS.portal, PORTS.bot]);
  }),

  always('the portal believes as many proxies as stand in front of it', ({ templates, settings }) => {
    const [web] = findScripts(templates).filter(({ plan }) => plan.roles.includes('web'));
    expect(web?.plan.environment['TRUST_PROXY_HOPS']).toBe(settings.size === 'small' ? '1' : '2');
  }),

  always('functions of a release come after its machines, which migrate', ({ templates }) => {
    const migrating = /^(Install|WebMachines)/;
    for (const name of ['OnReady', 'OnFeedback']) {
      const [found] = findAll(templates, 'AWS::Lambda::Function').filter(({ id }) => id.startsWith(name));
      expect(found?.DependsOn?.some((id) => migrating.test(id))).toBe(true);
    }
  }),

  always('assets are there before the pages that name them', ({ templates }) => {
    const machines = [
      ...findAll(templates, 'AWS::SSM::Association'),
      ...findAll(templates, 'AWS::AutoScaling::AutoScalingGroup'),
    ];
    expect(machines.length).toBeGreaterThan(0);
    for (const { DependsOn = [] } of machines) {
      expect(DependsOn.some((id) => id.startsWith('PublishAssets'))).toBe(true);
    }
  }),

  only(
    'small',
    'the stack waits until the release runs, and brings changed secrets once a day',
    ({ templates }) => {
      const { Properties } = findOne(templates, 'AWS::SSM::Association');
      expect(Properties['WaitForSuccessTimeoutSeconds']).toBe(1200);
      expect(Properties['ScheduleExpression']).toBe('rate(1 day)');
      expect(JSON.stringify(Properties['Targets'])).toContain('Machine1');
    },
  ),

  only(
    'small',
    'a new release changes neither the machine nor the ways in, which could not be changed',
    ({ templates }) => {
      const next = synthesize('small', { artefactText: 'another artefact' }).templates;
      expect(findScripts(next)[0]?.plan.version).not.toBe(findScripts(templates)[0]?.plan.version);
      for (const type of ['AWS::EC2::Instance', 'AWS::EC2::LaunchTemplate', 'AWS::CloudFront::VpcOrigin']) {
        expect(findAll(next, type)).toEqual(findAll(templates, type));
      }
    },
  ),

  only('ha', 'a machine says to its own group that it is well, and a group waits for it', ({ templates }) => {
    const groups = findAll(templates, 'AWS::AutoScaling::AutoScalingGroup');
    expect(groups).toHaveLength(3);
    for (const group of groups) {
      const template = asText(
        (group.Properties['LaunchTemplate'] as { LaunchTemplateId: unknown }).LaunchTemplateId,
      );
      const [script] = findScripts(templates).filter(({ id }) => template === `<${id}>`);
      expect(script?.text).toContain(`--logical-resource-id ${group.id} `);
      expect(script?.text).toMatch(
        /trap 'signal FAILURE' ERR[^]*set -euo pipefail[^]*install\.mjs[^]*signal SUCCESS/,
      );
      const rolling = group.UpdatePolicy?.['AutoScalingRollingUpdate'] as Record<string, unknown>;
      expect(rolling['WaitOnResourceSignals']).toBe(true);
      expect(rolling['MinInstancesInService']).toBe(Number(group.Properties['MinSize']));
      expect(Number(group.Properties['MinSize'])).toBeGreaterThanOrEqual(2);
      expect(script?.plan.group).toBe(group.Properties['AutoScalingGroupName']);
    }
  }),

  only('ha', 'portals of a release come first, then workers and bots', ({ templates }) => {
    for (const { id, DependsOn = [] } of findAll(templates, 'AWS::AutoScaling::AutoScalingGroup')) {
      const waits = DependsOn.some((each) => each.startsWith('WebMachines'));
      expect(waits).toBe(!id.startsWith('WebMachines'));
    }
  }),

  only('ha', 'a machine that is to end may finish what it does first', ({ templates }) => {
    const hooks = findAll(templates, 'AWS::AutoScaling::LifecycleHook');
    expect(hooks).toHaveLength(3);
    for (const { Properties } of hooks) {
      expect(Properties['LifecycleHookName']).toBe('drain');
      expect(Properties['LifecycleTransition']).toBe('autoscaling:EC2_INSTANCE_TERMINATING');
      // A unit has 60 s to stop.
      expect(Number(Properties['HeartbeatTimeout'])).toBeGreaterThan(60);
    }
  }),

  always('no machine gives its role away to who can make it fetch a page', ({ templates, settings }) => {
    const options =
      settings.size === 'small'
        ? [findOne(templates, 'AWS::EC2::Instance').Properties['MetadataOptions']]
        : findAll(templates, 'AWS::EC2::LaunchTemplate').map(
            ({ Properties }) =>
              (Properties['LaunchTemplateData'] as Record<string, unknown>)['MetadataOptions'],
          );
    for (const each of options)
      expect(each).toMatchObject({ HttpTokens: 'required', HttpPutResponseHopLimit: 1 });
  }),
];
