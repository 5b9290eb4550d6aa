import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCdnSigner } from '../../adapters/cdn-signer.js';
import { createStorage } from '../../adapters/storage.js';
import { mintToken } from '../../core/links/tokens.js';
import type { CdnDownloads } from '../../core/config.js';
import { findFreePorts } from '../../local/start/ports.js';
import { credentials, startTestS3, type TestS3 } from '../local/s3-support.js';
import { fakeLog, linkSecrets } from '../support/fakes.js';
import { hasNginx, NGINX_HINT } from '../support/has-nginx.js';
import { readyShare, slackFile } from '../support/shares.js';
import { startEdge } from '../support/start-edge.js';
import { startPortal, type Portal } from '../web/start-portal.js';

const isMissing = !hasNginx() && !process.env.CI;

const KEY_PAIR_ID = 'K2JCJMDEHXQW5F';
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

let s3: TestS3;
let portal: Portal;
let edge: { url: string; close(): Promise<void> };
let cdn: CdnDownloads;
let storage: ReturnType<typeof createStorage>;

beforeAll(async () => {
  if (isMissing) return;
  s3 = await startTestS3();
  const [port = 0] = await findFreePorts(1);
  const url = `http://127.0.0.1:${port}`;
  cdn = { url, keyPairId: KEY_PAIR_ID, privateKey };
  const bucket = {
    ...{ name: 'files', bucket: 'files', region: 'us-east-1', endpoint: s3.url },
    ...{ publicEndpoint: undefined, credentials },
  };
  storage = createStorage([bucket], fakeLog(), { cdn });
  portal = await startPortal({ assetBaseUrl: url, cdnOrigin: url, signer: storage.signer });
  edge = await startEdge({
    ...{ port, portalUrl: portal.url, keyPairId: KEY_PAIR_ID, publicKey },
    s3: { client: s3.client, bucket: 'files', url: s3.url },
  });
});

afterAll(async () => {
  if (isMissing) return;
  await edge.close();
  await portal.close();
  await s3.remove();
});

/** A share with its bytes in storage, and Bob's way to them. */
async function shared(name = 'Plan für Ann.pdf') {
  const bytes = randomBytes(100_000);
  const account = await portal.account();
  const files = [slackFile(name, bytes)];
  const shareId = await readyShare(portal.db, account.id, { emails: ['bob@example.com'], files });
  const { id, storageKey } = await portal.db.attachment.findFirstOrThrow({ where: { shareId } });
  const key = storageKey ?? '';
  await storage.files.put(key, Readable.from([bytes]), bytes.length);
  const bob = await portal.db.recipient.findFirstOrThrow({ where: { shareId } });
  const path = `/l/${mintToken(linkSecrets, 'link', bob.id)}`;
  const browser = portal.browser();
  const press = () => browser.post(`${path}/files/${id}`, {});
  return { bytes, account, shareId, key, press };
}

async function read(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers });
  const body = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, cache: answer.headers.get('x-cache'), body };
}

describe.skipIf(isMissing)(isMissing ? `behind a CDN (skipped: ${NGINX_HINT})` : 'behind a CDN', () => {
  test('a page takes its styles and scripts from there, which keeps them for a year', async () => {
    const { text, headers } = await portal.browser().get('/sign-in');
    const policy = headers.get('content-security-policy');
    for (const directive of ['script-src', 'style-src', 'img-src', 'form-action']) {
      expect(policy).toMatch(new RegExp(`${directive} 'self'[^;]* ${edge.url}`));
    }
    const url = /<link rel="stylesheet" href="([^"]+)"/.exec(text)?.[1] ?? '';
    expect(url).toMatch(`${edge.url}/assets/style-`);
    const [first, second] = [await read(url), await read(url)];
    expect([first.cache, second.cache]).toEqual(['MISS', 'HIT']);
    for (const answer of [first, second]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  test('Download leads to a signed URL of it; what it has read once it needs no storage for, and a range neither', async () => {
    const { bytes, press } = await shared();
    const { status, headers } = await press();
    expect(status).toBe(303);
    const url = headers.get('location') ?? '';
    expect(new URL(url).origin).toBe(edge.url);
    const first = await read(url);
    expect(first).toMatchObject({ status: 200, cache: 'MISS' });
    expect(first.body.equals(bytes)).toBe(true);
    expect(first.headers.get('content-type')).toBe('application/octet-stream');
    expect(first.headers.get('content-disposition')).toMatch(
      /^attachment; .*filename\*=UTF-8''Plan%20f%C3%BCr%20Ann\.pdf/,
    );
    expect(first.headers.get('cache-control')).toBe('private, no-store');

    s3.faults.failBuckets = { files: 'down' };
    const again = (await press()).headers.get('location') ?? '';
    const second = await read(again);
    expect(second).toMatchObject({ status: 200, cache: 'HIT' });
    expect(second.body.equals(bytes)).toBe(true);
    const part = await read(again, { range: 'bytes=1000-1999' });
    s3.faults.failBuckets = {};
    expect(part).toMatchObject({ status: 206, cache: 'HIT' });
    expect(part.headers.get('content-range')).toBe('bytes 1000-1999/100000');
    expect(part.body.equals(bytes.subarray(1000, 2000))).toBe(true);
  });

  test('nobody gets what it keeps without a signature that fits: another name, time, key or none', async () => {
    const { press, key } = await shared();
    const url = (await press()).headers.get('location') ?? '';
    expect((await read(url)).status).toBe(200);
    const expires = /Expires=(\d+)/.exec(url)?.[1] ?? '';
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const foreign = createCdnSigner({
      ...cdn,
      privateKey: other.export({ type: 'pkcs8', format: 'pem' }).toString(),
    });
    const refused = [
      url.replace('Plan', 'Game'),
      url.replace(expires, String(Number(expires) + 1000)),
      url.replace(key, `${key.slice(0, -1)}0`),
      `${edge.url}/${key}`,
      foreign(key, 'a.pdf', 60),
      createCdnSigner({ ...cdn, keyPairId: 'K0' })(key, 'a.pdf', 60),
    ];
    expect(await Promise.all(refused.map(async (each) => (await read(each)).status))).toEqual(
      refused.map(() => 403),
    );
  });

  test('a revoked share is gone: no new URL is signed, and what was signed before ends within a minute', async () => {
    const { press, account, shareId, key } = await shared();
    const url = (await press()).headers.get('location') ?? '';
    const expires = Number(/Expires=(\d+)/.exec(url)?.[1]) * 1000;
    // Whole seconds are signed.
    expect(expires - Date.now()).toBeLessThan(61_000);
    expect((await read(url)).status).toBe(200);
    const signedIn = await portal.signIn(account);
    expect((await signedIn.post(`/shares/${shareId}/revoke`, {})).status).toBe(303);
    expect((await press()).status).toBe(404);
    // As the same URL is a minute later, though the edge still has the bytes.
    expect((await read(createCdnSigner(cdn)(key, 'Plan für Ann.pdf', -1))).status).toBe(403);
  });

  test('a file that the primary lacks is fetched from its mirror, past the CDN', async () => {
    const bytes = randomBytes(1_000);
    const bucket = (name: string) => ({
      ...{
        name,
        bucket: name,
        region: 'us-east-1',
        endpoint: s3.url,
        publicEndpoint: undefined,
        credentials,
      },
    });
    const mirrored = createStorage([bucket('files'), bucket('mirror')], fakeLog(), { cdn });
    await mirrored.members[1]?.put('shares/m/a', Readable.from([bytes]), bytes.length);
    const file = { name: 'a.bin', sizeBytes: bytes.length };
    const url = await mirrored.signer.signDownload('shares/m/a', file, []);
    expect(url).toContain(`${s3.url}/mirror/`);
    expect((await read(url)).body.equals(bytes)).toBe(true);
  });
});

test('a key that cannot be used is refused as the portal starts', () => {
  const broken = { url: 'https://files.example.com', keyPairId: 'K', privateKey: 'no key' };
  expect(() => createCdnSigner(broken)).toThrow('CDN_PRIVATE_KEY');
});
