import { expect } from 'vitest';
import { readEnv } from '../../../core/config.js';
import { onFeedbackEnvironment } from '../../../lambda/on-feedback/env.js';
import { onReadyEnvironment } from '../../../lambda/on-ready/env.js';
import { may, roleOf } from '../statements.js';
import { asText, findAll, findOne, type Found } from '../templates.js';
import { fillIn, filledIn, variablesOf } from '../variables.js';
import { always, only } from './check.js';

const ours = ({ Properties }: Found): boolean => String(Properties['FunctionName']).startsWith('passalong-');

export const functionChecks = [
  always('a function in the network may make and remove its network interfaces', ({ templates }) => {
    const inNetwork = findAll(templates, 'AWS::Lambda::Function').filter(
      ({ Properties }) => Properties['VpcConfig'],
    );
    expect(inNetwork.filter(ours)).toHaveLength(2);
    for (const each of inNetwork) {
      const role = roleOf(templates, each);
      for (const action of ['Create', 'Describe', 'Delete']) {
        expect(may(templates, role, `ec2:${action}NetworkInterface${action === 'Describe' ? 's' : ''}`)).toBe(
          true,
        );
      }
    }
  }),

  always('the variables of each function are those that it reads', ({ templates, settings }) => {
    const secrets = { LINK_SECRET: 'x'.repeat(64) };
    const onReady = readEnv(onReadyEnvironment, {
      ...filledIn(variablesOf(findOne(templates, 'AWS::Lambda::Function', '"passalong-on-ready"'))),
      ...secrets,
    });
    expect(onReady.SES_FROM).toBe(settings.mailFrom);
    expect(onReady.SES_CONFIGURATION_SET).toBe(
      findOne(templates, 'AWS::SES::ConfigurationSet').Properties['Name'],
    );
    expect(onReady.SES_MAX_SEND_RATE).toBe(settings.mailsPerSecond);
    readEnv(
      onFeedbackEnvironment,
      filledIn(variablesOf(findOne(templates, 'AWS::Lambda::Function', '"passalong-on-feedback"'))),
    );
  }),

  always('on-ready is told of the secret whose field it needs, and may read it', ({ templates }) => {
    const onReady = findOne(templates, 'AWS::Lambda::Function', '"passalong-on-ready"');
    const id = variablesOf(onReady)['SECRET_IDS'] ?? '';
    expect(id).toContain('LinkSecret');
    expect(may(templates, roleOf(templates, onReady), 'secretsmanager:GetSecretValue', id)).toBe(true);
    const { Properties } = findOne(templates, 'AWS::SecretsManager::Secret', '"passalong/links"');
    expect((Properties['GenerateSecretString'] as { GenerateStringKey: string }).GenerateStringKey).toBe(
      'LINK_SECRET',
    );
  }),

  always(
    'functions verify the database, and take its password from the secret that RDS changes',
    ({ templates }) => {
      for (const each of findAll(templates, 'AWS::Lambda::Function').filter(ours)) {
        const url = new URL(fillIn(variablesOf(each)['DATABASE_URL'] ?? ''));
        expect(url.searchParams.get('sslmode')).toBe('verify-full');
        expect(url.searchParams.get('sslrootcert')).toBe('/var/task/rds-ca.pem');
        expect(url.searchParams.get('secret')).toContain('MasterUserSecret');
        expect(url.password).toBe('');
        expect(
          may(templates, roleOf(templates, each), 'secretsmanager:GetSecretValue', 'MasterUserSecret'),
        ).toBe(true);
      }
    },
  ),

  always(
    'news of mails is not given to a second function while the first still works on it',
    ({ templates }) => {
      const { Properties: queue } = findOne(templates, 'AWS::SQS::Queue', 'RedrivePolicy');
      const { Properties: feedback } = findOne(templates, 'AWS::Lambda::Function', '"passalong-on-feedback"');
      expect(Number(queue['VisibilityTimeout'])).toBeGreaterThanOrEqual(6 * Number(feedback['Timeout']));
    },
  ),

  always('of a batch of news only what was not recorded comes again', ({ templates }) => {
    const { Properties } = findOne(templates, 'AWS::Lambda::EventSourceMapping');
    expect(Properties['FunctionResponseTypes']).toEqual(['ReportBatchItemFailures']);
    expect(asText(Properties['EventSourceArn'])).toContain('Feedback');
    expect(asText(Properties['FunctionName'])).toContain('OnFeedback');
  }),

  always('ten functions at most mail at once, on a Node that the product runs on', ({ templates }) => {
    const { Properties } = findOne(templates, 'AWS::Lambda::Function', '"passalong-on-ready"');
    expect(Properties['ReservedConcurrentExecutions']).toBe(10);
    expect(Properties['Runtime']).toBe('nodejs24.x');
    expect(Properties['Handler']).toBe('index.handler');
    // Below it the function gives back what it can no longer finish; see RESERVE_MS in lambda/on-ready/on-ready.ts.
    expect(Number(Properties['Timeout'])).toBeGreaterThan(2 * 15);
  }),

  only(
    'ha',
    'functions reach the API of SES, not its SMTP, and Secrets Manager by endpoints of their own',
    ({ templates, settings }) => {
      const endpoints = findAll(templates, 'AWS::EC2::VPCEndpoint').filter(
        ({ Properties }) => Properties['VpcEndpointType'] === 'Interface',
      );
      expect(endpoints.map(({ Properties }) => asText(Properties['ServiceName'])).sort()).toEqual([
        `com.amazonaws.${settings.region}.email`,
        `com.amazonaws.${settings.region}.secretsmanager`,
      ]);
      for (const { Properties } of endpoints) expect(Properties['PrivateDnsEnabled']).toBe(true);
      expect(
        variablesOf(findOne(templates, 'AWS::Lambda::Function', '"passalong-on-ready"'))['SES_ENDPOINT'],
      ).toBeUndefined();
    },
  ),

  only(
    'small',
    'functions reach SES and Secrets Manager by IPv6, through a gateway that nobody comes in by',
    ({ templates, settings }) => {
      expect(
        findAll(templates, 'AWS::EC2::VPCEndpoint').filter(
          ({ Properties }) => Properties['VpcEndpointType'] === 'Interface',
        ),
      ).toEqual([]);
      const routes = findAll(templates, 'AWS::EC2::Route').filter(({ id }) => id.includes('private'));
      expect(routes.length).toBe(2);
      for (const { Properties } of routes) {
        expect(Properties['DestinationIpv6CidrBlock']).toBe('::/0');
        expect(asText(Properties['EgressOnlyInternetGatewayId'])).toContain('EIGW');
      }
      for (const each of findAll(templates, 'AWS::Lambda::Function').filter(ours)) {
        expect((each.Properties['VpcConfig'] as Record<string, unknown>)['Ipv6AllowedForDualStack']).toBe(
          true,
        );
      }
      const onReady = findOne(templates, 'AWS::Lambda::Function', '"passalong-on-ready"');
      expect(variablesOf(onReady)['SES_ENDPOINT']).toBe(`https://email.${settings.region}.api.aws`);
      const group = findOne(templates, 'AWS::EC2::SecurityGroup', 'Functions: mail');
      expect(JSON.stringify(group.Properties['SecurityGroupEgress'])).toContain('"CidrIpv6":"::/0"');
    },
  ),
];
