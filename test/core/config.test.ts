import { describe, expect, test } from 'vitest';
import { environment, limitsFrom, linkSecretsFrom, readEnv, storageFrom } from '../../core/config.js';
import { mailServiceFrom } from '../../core/mail-service.js';
import { platformsFrom } from '../../core/platforms.js';

const secret = 'x'.repeat(32);
const portal = {
  ...environment.runtime,
  ...environment.database,
  ...environment.links,
  ...environment.portal,
};
const right = {
  DATABASE_URL: 'postgresql://localhost/app',
  PORTAL_URL: 'https://share.example.com/',
  LINK_SECRET: secret,
  SESSION_SECRET: secret,
};

describe('the environment', () => {
  test('is typed, with defaults, and a URL without the slash at its end', () => {
    expect(readEnv(portal, { ...right, PORT: '8080', OTHER: 'x' })).toEqual({
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      LEASE_SECONDS: 60,
      DATABASE_URL: 'postgresql://localhost/app',
      PORTAL_URL: 'https://share.example.com',
      LINK_SECRET: secret,
      SESSION_SECRET: secret,
      PORT: 8080,
      TRUST_PROXY_HOPS: 0,
    });
  });

  test('that is wrong is named whole, without the values of secrets', () => {
    const wrong = {
      DATABASE_URL: 'mysql://x',
      PORT: '0',
      LINK_SECRET: 'too-short-secret',
      LOG_LEVEL: 'loud',
      LEASE_SECONDS: '1.5',
    };
    const message = messageOf(() => readEnv(portal, wrong));
    for (const name of ['DATABASE_URL', 'PORT', 'LINK_SECRET', 'LOG_LEVEL', 'LEASE_SECONDS']) {
      expect(message).toContain(`- ${name}: `);
    }
    for (const name of ['PORTAL_URL', 'SESSION_SECRET']) expect(message).toContain(`- ${name} is missing`);
    expect(message).toContain('See .env.example.');
    expect(message).not.toContain('too-short-secret');
  });

  test('with an empty variable is as without it', () => {
    expect(readEnv(portal, { ...right, PORT: '', LINK_SECRET_PREVIOUS: '' }).PORT).toBe(3000);
    expect(messageOf(() => readEnv(portal, { ...right, LINK_SECRET: '' }))).toContain(
      'LINK_SECRET is missing',
    );
  });

  test.each([
    ['http://share.example.com', false],
    ['http://localhost.example.com', false],
    ['http://127.0.0.1.example.com', false],
    ['http://localhost:3000', true],
    ['http://127.0.0.1:3000', true],
    ['http://[::1]:3000/', true],
    ['https://share.example.com', true],
    ['ftp://share.example.com', false],
  ])('in production: a portal at %s is accepted: %s', (url, isAccepted) => {
    const read = () => readEnv(portal, { ...right, PORTAL_URL: url });
    if (isAccepted) read();
    else expect(messageOf(read)).toContain('PORTAL_URL');
    if (url.startsWith('http:')) readEnv(portal, { ...right, PORTAL_URL: url, NODE_ENV: 'development' });
  });

  test.each([
    ['SLACK_API_URL', 'http://127.0.0.1:1/api/'],
    ['SLACK_FILE_HOSTS', '127.0.0.1:1'],
    ['DISCORD_API_URL', 'http://127.0.0.1:1'],
    ['DISCORD_FILE_HOSTS', '127.0.0.1:1'],
  ])(
    'in production refuses %s, which points at a double, also where production is merely the default',
    (name, value) => {
      const shape = { ...environment.runtime, ...environment.slack, ...environment.discord };
      const refusal = `${name} is for local use and refused when NODE_ENV=production`;
      expect(messageOf(() => readEnv(shape, { [name]: value }))).toContain(refusal);
      expect(messageOf(() => readEnv(shape, { [name]: value, NODE_ENV: 'production' }))).toContain(refusal);
      readEnv(shape, { [name]: value, NODE_ENV: 'development' });
    },
  );

  test.each([
    [{}, 'SES_FROM or SMTP_URL is missing'],
    [{ SMTP_URL: 'smtp://mail.example.com' }, 'SMTP_FROM is missing'],
    [{ SMTP_FROM: 'a@x.org' }, 'SMTP_URL is missing'],
    [
      { SES_FROM: 'a@x.org', SMTP_URL: 'smtp://mail.example.com', SMTP_FROM: 'a@x.org' },
      'SES_FROM and SMTP_URL exclude each other',
    ],
    [{ SMTP_FROM: 'a@x.org', SMTP_URL: 'http://secret' }, 'SMTP_URL: must be smtp://'],
    [{ SMTP_FROM: 'a@x.org', SMTP_URL: 'smtp://secret@x.org' }, 'a user and a password'],
    [{ SMTP_FROM: 'a@x.org', SMTP_URL: 'smtp://x.org?secret=1' }, 'no parameter but ?tls=none'],
  ])('with the mail settings %j says that %s', (env, problem) => {
    const message = messageOf(() => readEnv(environment.mail, env));
    expect(message).toContain(problem);
    expect(message).not.toContain('secret');
  });

  test('with half a platform says what is missing', () => {
    const shape = { ...environment.slack, ...environment.discord };
    const half = { SLACK_BOT_TOKEN: 'xoxb-1', DISCORD_APPLICATION_ID: '12345678901234567' };
    const message = messageOf(() => readEnv(shape, half));
    expect(message).toContain('SLACK_APP_TOKEN is missing');
    expect(message).toContain('DISCORD_TOKEN is missing');
  });
});

describe('what is made of it', () => {
  test('is a platform that is on where all of it is there, with its own file hosts', () => {
    const shape = { ...environment.slack, ...environment.discord };
    expect(platformsFrom(readEnv(shape, {}))).toEqual({ slack: null, discord: null });
    const { slack, discord } = platformsFrom(
      readEnv(shape, {
        NODE_ENV: 'development',
        SLACK_BOT_TOKEN: 'xoxb-1',
        SLACK_APP_TOKEN: 'xapp-1',
        SLACK_ADMIN_USER_IDS: 'U1, U2',
        SLACK_FILE_HOSTS: ' 127.0.0.1:1 , ,127.0.0.1:2',
        DISCORD_TOKEN: 't',
        DISCORD_APPLICATION_ID: '12345678901234567',
      }),
    );
    expect(slack).toMatchObject({
      apiUrl: 'https://slack.com/api/',
      fileHosts: ['127.0.0.1:1', '127.0.0.1:2'],
      access: { kind: 'socket', adminUserIds: ['U1', 'U2'] },
    });
    expect(discord?.fileHosts).toEqual(['cdn.discordapp.com', 'media.discordapp.net']);
  });

  test('is the one service that mails leave by', () => {
    expect(mailServiceFrom(readEnv(environment.mail, { SES_FROM: 'a@x.org' }))).toEqual({
      ...{ kind: 'ses', from: 'a@x.org', maxSendRate: 14, region: 'us-east-1' },
      ...{ endpoint: undefined, configurationSet: undefined },
    });
    const smtp = { SMTP_URL: 'smtps://u:p@x.org:465', SMTP_FROM: 'b@x.org', SMTP_MAX_SEND_RATE: '2' };
    const service = mailServiceFrom(readEnv(environment.mail, smtp));
    expect(service).toEqual({ kind: 'smtp', url: smtp.SMTP_URL, from: 'b@x.org', maxSendRate: 2 });
  });

  test('is the limits, the storage and one or two secrets', () => {
    const limits = limitsFrom(readEnv(environment.limits, { MAX_FILE_BYTES: '1' }));
    expect(limits).toMatchObject({ maxFileBytes: 1, maxSharesPerHour: 20 });
    const [storage] = storageFrom(
      readEnv(environment.storage, { S3_BUCKET: 'files', S3_ENDPOINT: 'http://127.0.0.1:9000' }),
    );
    expect(storage).toMatchObject({ region: 'us-east-1', bucket: 'files', publicEndpoint: undefined });
    const links = { PORTAL_URL: 'https://x.org', LINK_SECRET: secret };
    expect(linkSecretsFrom(readEnv(environment.links, links))).toEqual([secret]);
    const older = 'y'.repeat(32);
    expect(linkSecretsFrom(readEnv(environment.links, { ...links, LINK_SECRET_PREVIOUS: older }))).toEqual([
      secret,
      older,
    ]);
  });
});

describe('mirrors', () => {
  const primary = {
    S3_BUCKET: 'files',
    S3_ENDPOINT: 'http://10.0.0.1:9000',
    S3_PUBLIC_ENDPOINT: 'https://f.org',
  };
  const read = (mirrors: string) =>
    storageFrom(readEnv(environment.storage, { ...primary, S3_MIRROR_BUCKETS: mirrors }));

  test('are as the primary in what they do not say', () => {
    const own = { accessKeyId: 'key', secretAccessKey: 'a/b+c' };
    const elsewhere = { bucket: 'copies', region: 'eu-west-1', endpoint: 'https://s3.example.org' };
    const [first, second, third] = read(
      JSON.stringify([
        { bucket: 'copies', ...own },
        { ...elsewhere, name: 'far' },
      ]),
    );
    expect(first).toMatchObject({ name: 'files', credentials: undefined });
    expect(second).toEqual({
      ...{ name: 'copies', bucket: 'copies', region: 'us-east-1', credentials: own },
      ...{ endpoint: primary.S3_ENDPOINT, publicEndpoint: primary.S3_PUBLIC_ENDPOINT },
    });
    expect(third).toEqual({ ...elsewhere, name: 'far', publicEndpoint: undefined, credentials: undefined });
  });

  test.each([
    ['no JSON', 'passalong-mirror', 'must be a JSON list'],
    ['no list', '{"bucket":"copies"}', 'expected array'],
    ['half of the credentials', '[{"bucket":"copies","accessKeyId":"k"}]', 'go together'],
    ['a word that is not known', '[{"bucket":"copies","regoin":"eu"}]', 'regoin'],
    ['the name of the primary', '[{"bucket":"files","region":"eu-west-1"}]', 'two buckets are called files'],
  ])('with %s are refused by the name of their variable', (_, mirrors, reason) => {
    const message = messageOf(() => read(mirrors));
    expect(message).toContain('S3_MIRROR_BUCKETS');
    expect(message).toContain(reason);
  });
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error('nothing was refused');
}
