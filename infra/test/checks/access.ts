import { expect } from 'vitest';
import { MAIL_PREFIX, SHARE_PREFIX } from '../../../core/storage-keys.js';
import { bucketNames, REPLICA_KEY_ALIAS } from '../../names.js';
import { findScripts } from '../plans.js';
import { may, roleOf, statementsOf } from '../statements.js';
import type { Synthesis } from '../synthesize.js';
import { findAll, findOne } from '../templates.js';
import { always, only } from './check.js';

/** Rights for which AWS knows no resource: interfaces of functions, and the agent of Systems Manager. */
const WITHOUT_RESOURCE =
  /^(ec2:(Create|Delete|Describe)NetworkInterfaces?|ec2:DescribeSubnets|ec2:(Una|A)ssignPrivateIpAddresses|ssm:\w+|ssmmessages:\w+|ec2messages:\w+)$/;

const OURS = /^(Machine|Web|Worker|Bot|OnReady|OnFeedback)Role/;

export const accessChecks = [
  always(
    'on-ready alone may mail, from our address alone, by our identity and configuration set',
    ({ templates, settings }) => {
      const mailing = findAll(templates, 'AWS::IAM::Role').filter(({ id }) =>
        statementsOf(templates, id).some(({ actions }) =>
          actions.some((action) => action.startsWith('ses:')),
        ),
      );
      const onReady = roleOf(templates, findOne(templates, 'AWS::Lambda::Function', '"passalong-on-ready"'));
      expect(mailing.map(({ id }) => id)).toEqual([onReady]);
      const [statement] = statementsOf(templates, onReady).filter(({ actions }) =>
        actions.includes('ses:SendRawEmail'),
      );
      const domain = settings.mailFrom.split('@')[1] ?? '';
      const identity = settings.site ? domain : settings.mailFrom;
      expect(statement?.actions).toEqual(['ses:SendRawEmail']);
      expect(statement?.resources.map((arn) => arn.split(':').at(-1)).sort()).toEqual(
        ['configuration-set/passalong', `identity/${identity}`].sort(),
      );
      expect(statement?.conditions).toContain(`"ses:FromAddress":"${settings.mailFrom}"`);
      expect(findOne(templates, 'AWS::SES::EmailIdentity').Properties['EmailIdentity']).toBe(identity);
    },
  ),

  always('no role of ours has a right on everything where AWS knows a resource', ({ templates }) => {
    const roles = findAll(templates, 'AWS::IAM::Role').filter(({ id }) => OURS.test(id));
    expect(roles.length).toBeGreaterThan(2);
    const wide = roles.flatMap(({ id }) =>
      statementsOf(templates, id)
        .filter(({ resources }) => resources.includes('*'))
        .flatMap(({ actions }) => actions)
        .filter((action) => !WITHOUT_RESOURCE.test(action)),
    );
    expect(wide).toEqual([]);
  }),

  always('no role of ours has a managed policy, whose rights change without us', ({ templates }) => {
    const managed = findAll(templates, 'AWS::IAM::Role').filter(
      ({ id, Properties }) => OURS.test(id) && Properties['ManagedPolicyArns'],
    );
    expect(managed.map(({ id }) => id)).toEqual([]);
  }),

  always(
    'portals sign downloads and uploads of shares and write marks, on every bucket',
    ({ templates, settings }) => {
      const role = roleFor(templates, settings.size, 'Web');
      for (const bucket of buckets(settings)) {
        expect(may(templates, role, 's3:GetObject', `${bucket}/${SHARE_PREFIX}*`)).toBe(true);
        expect(may(templates, role, 's3:PutObject', `${bucket}/${SHARE_PREFIX}*`)).toBe(true);
        expect(may(templates, role, 's3:AbortMultipartUpload', `${bucket}/${SHARE_PREFIX}*`)).toBe(true);
        expect(may(templates, role, 's3:PutObject', `${bucket}/${MAIL_PREFIX}*`)).toBe(true);
      }
    },
  ),

  always(
    'workers read, write, list and delete, versions and parts included, on every bucket',
    ({ templates, settings }) => {
      const role = roleFor(templates, settings.size, 'Worker');
      for (const bucket of buckets(settings)) {
        for (const action of [
          'GetObject',
          'PutObject',
          'DeleteObject',
          'DeleteObjectVersion',
          'AbortMultipartUpload',
        ]) {
          expect(may(templates, role, `s3:${action}`, `${bucket}/${SHARE_PREFIX}*`)).toBe(true);
        }
        for (const action of ['ListBucket', 'ListBucketVersions', 'ListBucketMultipartUploads']) {
          expect(may(templates, role, `s3:${action}`, bucket)).toBe(true);
        }
      }
    },
  ),

  only('ha', 'portals are told 404, not 403, where an object is missing', ({ templates, settings }) => {
    const web = roleFor(templates, settings.size, 'Web');
    for (const bucket of buckets(settings)) expect(may(templates, web, 's3:ListBucket', bucket)).toBe(true);
  }),

  only('ha', 'portals delete nothing, and bots have no files at all', ({ templates, settings }) => {
    const web = roleFor(templates, settings.size, 'Web');
    const bot = roleFor(templates, settings.size, 'Bot');
    expect(may(templates, web, 's3:DeleteObject')).toBe(false);
    expect(may(templates, bot, 's3:GetObject', 'passalong-files')).toBe(false);
    expect(may(templates, bot, 's3:PutObject')).toBe(false);
  }),

  only('ha', 'each role reads the secrets of its processes and no others', ({ templates, settings }) => {
    const readBy = (kind: string): string[] =>
      ['LinkSecret', 'SessionSecret', 'ChatSecret', 'CdnSecret', 'QueueSecret', 'MasterUserSecret'].filter(
        (secret) =>
          may(templates, roleFor(templates, settings.size, kind), 'secretsmanager:GetSecretValue', secret),
      );
    expect(readBy('Web')).toEqual([
      'LinkSecret',
      'SessionSecret',
      'CdnSecret',
      'QueueSecret',
      'MasterUserSecret',
    ]);
    expect(readBy('Worker')).toEqual(['ChatSecret', 'QueueSecret', 'MasterUserSecret']);
    expect(readBy('Bot')).toEqual(['LinkSecret', 'ChatSecret', 'QueueSecret', 'MasterUserSecret']);
    expect(readBy('OnReady')).toEqual(['LinkSecret', 'MasterUserSecret']);
    expect(readBy('OnFeedback')).toEqual(['MasterUserSecret']);
  }),

  only(
    'ha',
    'the key of the second region is used by its alias and through S3 alone',
    ({ templates, settings }) => {
      const role = roleFor(templates, settings.size, 'Worker');
      const [statement] = statementsOf(templates, role).filter(({ resources }) =>
        resources.some((arn) => arn.includes(':key/*')),
      );
      expect(statement?.conditions).toContain(`"kms:ResourceAliases":"${REPLICA_KEY_ALIAS}"`);
      expect(statement?.conditions).toContain(
        `"kms:ViaService":"s3.${settings.replicaRegion}.amazonaws.com"`,
      );
      const [alias] = findAll(
        { replica: templates['passalong-replica'] ?? { Resources: {} } },
        'AWS::KMS::Alias',
      );
      expect(alias?.Properties['AliasName']).toBe(REPLICA_KEY_ALIAS);
    },
  ),

  always(
    'a machine may read each secret and each file that its script names, and write its log',
    ({ templates, settings }) => {
      for (const { text, plan } of findScripts(templates)) {
        const [kind = ''] = plan.roles;
        const role = roleFor(templates, settings.size, kind.charAt(0).toUpperCase() + kind.slice(1));
        for (const secret of plan.secrets)
          expect(may(templates, role, 'secretsmanager:GetSecretValue', secret)).toBe(true);
        for (const [, key = ''] of text.matchAll(/s3:\/\/[^/]+\/(\S+)/g)) {
          expect(may(templates, role, 's3:GetObject', key)).toBe(true);
        }
        for (const action of ['logs:CreateLogStream', 'logs:PutLogEvents']) {
          expect(may(templates, role, action, 'ProcessLog')).toBe(true);
        }
      }
    },
  ),
];

/** The role of a kind of process: of the small size the one machine's, which is all of them. */
function roleFor(templates: Synthesis['templates'], size: string, kind: string): string {
  const isProcess = ['Web', 'Worker', 'Bot'].includes(kind);
  const start = size === 'small' && isProcess ? 'MachineRole' : `${kind}Role`;
  const role = findAll(templates, 'AWS::IAM::Role').find(({ id }) => id.startsWith(start));
  if (!role) throw new Error(`no role ${start}`);
  return role.id;
}

function buckets({ account, region, replicaRegion }: Synthesis['settings']): string[] {
  return [region, replicaRegion].flatMap((each) =>
    each ? [bucketNames.files({ account, region: each })] : [],
  );
}
