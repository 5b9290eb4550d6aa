import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createS3Member } from '../../adapters/s3-member.js';
import { waitFor, type Sent } from '../../local/demo/entrance.js';
import { fetchByLink } from '../../local/demo/fetch-by-link.js';
import { shareFromDiscord } from '../../local/demo/share-from-discord.js';
import { shareFromSlack } from '../../local/demo/share-from-slack.js';
import { createClient } from '../local/s3-support.js';
import { getBuilt } from '../support/get-built.js';
import { signIn } from '../support/portal-person.js';
import { AIOSMTPD_HINT, hasAiosmtpd, startAiosmtpd, type TestAiosmtpd } from '../support/start-aiosmtpd.js';
import type { Fetch } from '../support/secure-fetch.js';
import { CEPH_HINT, hasCeph, startCeph, type TestCeph } from '../support/start-ceph.js';
import { findMissingForCluster, startCluster } from '../support/start-cluster.js';
import { runCommand, startStack, type TestStack } from '../support/start-stack.js';

const missing = [hasCeph() ? null : CEPH_HINT, hasAiosmtpd() ? null : AIOSMTPD_HINT, findMissingForCluster()]
  .filter(Boolean)
  .join('; ');

test.runIf(process.env.CI === 'true')('all that it takes is there in CI', () => {
  expect(missing).toBe('');
});

/** What both leave: one is reached by http, the other by https with a certificate of its own. */
type Started = TestStack & { fetch: Fetch };

// Neither SES nor Lambda nor a server of our own between a share and its recipient.
const title = 'without AWS, on servers that this project did not write';
describe.skipIf(missing)(missing ? `${title} (skipped: ${missing})` : title, () => {
  let ceph: TestCeph;
  let smtp: TestAiosmtpd;
  let env: Record<string, string>;
  /** What was started, to be ended also where the next did not start. */
  const endings: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    await getBuilt('start.js');
    smtp = await startAiosmtpd();
    endings.push(() => smtp.close());
    ceph = await startCeph();
    endings.push(() => ceph.close());
    env = {
      S3_ENDPOINT: ceph.url,
      S3_BUCKET: 'passalong',
      AWS_ACCESS_KEY_ID: ceph.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ceph.credentials.secretAccessKey,
      // This Ceph is older than checksums at the end of a body.
      AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
      SMTP_URL: smtp.url,
      SMTP_FROM: 'share@portal.test',
      READY_MARKS: 'queue',
    };
    const prepared = await runCommand('cli/prepare-bucket.js', [], {
      ...env,
      PORTAL_URL: 'http://localhost',
    });
    expect(prepared.output).toContain('Made the bucket passalong.');
  });

  afterAll(async () => {
    for (const end of endings.reverse()) await end();
  });

  const waitForLink = (to: string): Promise<string> =>
    waitFor(`the mail to ${to}`, async () =>
      (await smtp.listMails())
        .filter((mail) => mail.to === to)
        .flatMap(({ links }) => links)
        .find((link) => /\/l\/[^/]+$/.test(link)),
    );

  describe.each([
    ['start', async () => ({ ...(await startStack({ env })), fetch })],
    ['cluster', () => startCluster({ env })],
  ] as [string, () => Promise<Started>][])('npm run %s', (form, start) => {
    let stack: Started;

    beforeAll(async () => {
      stack = await start();
    });

    afterAll(() => stack.stop());

    test.each([
      ['Slack', (sent) => shareFromSlack(stack.urls.slack, sent)],
      ['Discord', (sent) => shareFromDiscord(stack.urls.discord, sent)],
    ] as [string, (sent: Sent) => Promise<void>][])(
      'a file from %s reaches its recipient, byte for byte, by one mail',
      async (entrance, share) => {
        const to = `${entrance.toLowerCase()}.${form}@x.org`;
        const bytes = randomBytes(300_000);
        await share({ entrance, name: 'plan.bin', bytes, to });
        expect((await fetchByLink(await waitForLink(to), stack.fetch)).equals(bytes)).toBe(true);
        expect((await smtp.listMails()).filter((mail) => mail.to === to)).toHaveLength(1);
      },
    );

    test('a file from the portal does too, and is gone from storage once its share is revoked', async () => {
      const person = await signIn(stack.urls.portal, stack.account, stack.fetch);
      const [to, bytes] = [`portal.${form}@x.org`, randomBytes(6_000_000)];
      const { shareId } = await person.share([{ name: 'film.bin', bytes }], to);
      expect((await fetchByLink(await waitForLink(to), stack.fetch)).equals(bytes)).toBe(true);

      const client = createClient(ceph.url, { credentials: ceph.credentials });
      const keys = async (): Promise<string[]> =>
        (await createS3Member(client, 'passalong').list(`shares/${shareId}/`)).objects.map(({ key }) => key);
      expect(await keys()).toHaveLength(1);
      expect((await person.client.post(`/shares/${shareId}/revoke`)).status).toBe(303);
      await waitFor('an empty bucket', async () => ((await keys()).length === 0 ? true : undefined));
    });

    test('no process had anything to complain about', () => {
      expect(stack.output()).not.toMatch(/: .*(error|warn|failed|unavailable)/i);
    });
  });
});
