import { createSign, createVerify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readDeployOptions } from '../deploy/deploy-options.js';
import { deploy } from '../deploy/deploy.js';
import type { Built } from '../deploy/preflight.js';
import { readSettings } from '../settings.js';
import { createFakeCloud, type FakeCloud } from './fake-cloud.js';

const SMALL =
  '--size small --region eu-central-1 --mail-from share@example.com --alarm-email ops@example.com';
const HA =
  '--size ha --region eu-central-1 --replica-region eu-west-1 --domain share.example.com --alarm-email ops@example.com';
const THERE: Built = { path: 'dist/lambda/on-ready.zip', command: 'npm run build', isThere: true };
const paths = { artefact: '/a.tar.gz', functions: '/functions', assets: '/assets' };

async function run(cloud: FakeCloud, line: string, built: Built[] = [THERE]) {
  const calls: string[][] = [];
  const printed: string[] = [];
  const status = await deploy(
    {
      cloud,
      built,
      paths,
      async cdk(args) {
        calls.push([...args]);
        cloud.done.push(`cdk ${args[1]}`);
        if (args[1] === 'passalong-certificate') {
          cloud.outputs.set(
            'passalong-certificate us-east-1 CertificateArn',
            'arn:aws:acm:us-east-1:1:certificate/1',
          );
        }
        if (args[1] === 'passalong-app') {
          cloud.outputs.set('passalong-app eu-central-1 PortalUrl', 'https://portal.example.com');
        }
      },
      print: (text) => printed.push(text),
    },
    readDeployOptions(line.split(' '), {}),
  );
  return { status, calls, text: printed.join('\n') };
}

/** What a call of the CDK is told, by name. */
function contextOf(call: string[] | undefined): Record<string, string> {
  const pairs = (call ?? []).flatMap((arg, index, all) => (all[index - 1] === '--context' ? [arg] : []));
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

describe('npm run deploy', () => {
  it('makes the data, keeps the key that downloads are signed with, then makes the application', async () => {
    const cloud = createFakeCloud();
    const { status, text } = await run(cloud, SMALL);
    expect(status).toBe(0);
    expect(cloud.done).toEqual(['cdk passalong-data', 'write passalong/cdn', 'cdk passalong-app']);
    expect(text).toContain('The portal is at https://portal.example.com');
  });

  it('makes the certificate first, and the second region before the application', async () => {
    const cloud = createFakeCloud();
    const { calls } = await run(cloud, HA);
    expect(cloud.done.filter((each) => each.startsWith('cdk'))).toEqual([
      'cdk passalong-certificate',
      'cdk passalong-data',
      'cdk passalong-replica',
      'cdk passalong-app',
    ]);
    expect(contextOf(calls[0])['certificateArn']).toBeUndefined();
    expect(contextOf(calls[1])['certificateArn']).toBe('arn:aws:acm:us-east-1:1:certificate/1');
  });

  it.each([SMALL, HA])('hands the CDK settings that it takes: %s', async (line) => {
    const { calls } = await run(createFakeCloud(), line);
    const context = contextOf(calls.at(-1));
    const settings = readSettings((name) => context[name]);
    expect(settings.zones).toEqual(['eu-central-1a', 'eu-central-1b']);
    expect(settings.mailsPerSecond).toBe(14);
    expect(settings.reservesFunctions).toBe(true);
    expect(settings.artefactPath).toBe('/a.tar.gz');
  });

  it('signs with the key whose other half CloudFront is told, the same one each time', async () => {
    const cloud = createFakeCloud();
    const first = await run(cloud, SMALL);
    const second = await run(cloud, SMALL);
    const publicKey = contextOf(first.calls[0])['cdnPublicKey'] ?? '';
    expect(contextOf(second.calls[0])['cdnPublicKey']).toBe(publicKey);
    expect(cloud.done.filter((each) => each.startsWith('write'))).toHaveLength(1);
    const { CDN_PRIVATE_KEY: privateKey } = JSON.parse(cloud.secrets.get('passalong/cdn') ?? '') as {
      CDN_PRIVATE_KEY: string;
    };
    const signature = createSign('sha256').update('a download').sign(privateKey);
    expect(createVerify('sha256').update('a download').verify(publicKey, signature)).toBe(true);
  });

  it('says everything that is missing at once, with what to do, and begins nothing', async () => {
    const cloud = createFakeCloud({ bootstrapped: [], hostedZones: [], zones: ['x'], prefixList: null });
    const line = '--size ha --region eu-central-1 --domain share.example.com';
    const { status, text } = await run(cloud, line, [{ ...THERE, isThere: false }]);
    expect(status).toBe(1);
    for (const advice of [
      'Add --alarm-email',
      'Add --replica-region',
      'Run: npm run build',
      'cdk bootstrap aws://111111111111/eu-central-1 aws://111111111111/us-east-1',
      'Route 53 has no public zone for share.example.com',
      'fewer than two zones',
      "CloudFront's addresses are not known",
      'Nothing was begun.',
    ]) {
      expect(text).toContain(advice);
    }
    expect(cloud.done).toEqual([]);
  });

  it('says how to get credentials, and what else it can see without them', async () => {
    const cloud = createFakeCloud({ account: null });
    const { status, text } = await run(cloud, '--size small --region eu-central-1');
    expect(status).toBe(1);
    expect(text).toContain('aws configure sso');
    expect(text).toContain('Add --alarm-email');
  });

  it('deploys into the sandbox of SES, and says what that means', async () => {
    const { status, calls, text } = await run(createFakeCloud({ isSandbox: true }), SMALL);
    expect(status).toBe(0);
    expect(text).toContain('SES is in its sandbox');
    expect(contextOf(calls.at(-1))['mailsPerSecond']).toBe('1');
  });

  it('sets no functions apart where the account of a beginner has too few', async () => {
    const { calls, text } = await run(createFakeCloud({ functionQuota: 10 }), SMALL);
    expect(contextOf(calls.at(-1))['reservesFunctions']).toBe('false');
    expect(text).toContain('Service Quotas');
  });

  it('only says what it would do when asked for a plan, though much is missing', async () => {
    const cloud = createFakeCloud({ account: null });
    const { status, text } = await run(cloud, '--size ha --domain share.example.com --plan');
    expect(status).toBe(0);
    expect(text).toContain('a month in US dollars');
    expect(text).toContain('passalong-replica: the second bucket');
    expect(cloud.done).toEqual([]);
  });

  it.each([
    ['--size large', '--size must be small or ha'],
    ['--size small --colour red', "Unknown option '--colour'"],
    ['--size small --queue kafka', '--queue must be redis or postgres'],
    ['--size small --budget much', '--budget must be a whole number'],
  ])('shows its usage for %s', (line, message) => {
    expect(() => readDeployOptions(line.split(' '), {})).toThrow(message);
    expect(() => readDeployOptions(line.split(' '), {})).toThrow('npm run deploy --');
  });

  it('takes the region from where the AWS CLI takes it', () => {
    expect(readDeployOptions(['--size', 'small'], { AWS_REGION: 'eu-west-1' }).region).toBe('eu-west-1');
  });
});
