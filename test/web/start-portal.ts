import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createPasswordHasher } from '../../adapters/password-hasher.js';
import type { Account } from '../../prisma/generated/client.js';
import { createApp } from '../../web/app.js';
import { loadAssets } from '../../web/assets.js';
import type { WebDeps } from '../../web/deps.js';
import { serve } from '../../web/serve.js';
import { createAccount } from '../support/accounts.js';
import { createBrowserClient, type BrowserClient } from '../support/browser-client.js';
import {
  fakeLog,
  fakeMarks,
  fakeQueue,
  fakeRates,
  fakeSigner,
  fakeUploads,
  limits,
  linkSecrets,
  timings,
} from '../support/fakes.js';
import { openTestDatabase } from '../support/open-test-database.js';

export const PASSWORD = 'seven grey herons';

export type Portal = Awaited<ReturnType<typeof startPortal>>;

/** The real app on a free port, over a database of its own, the real hasher and fakes of all that is remote. */
export async function startPortal({
  assetBaseUrl,
  ...options
}: Partial<WebDeps> & { assetBaseUrl?: string } = {}) {
  const database = await openTestDatabase();
  const { db, pool } = database;
  const { directory, removeAssets } = await writeAssets();
  const fakes = {
    log: fakeLog(),
    queue: fakeQueue(),
    marks: fakeMarks(),
    uploads: fakeUploads(),
    rates: fakeRates(),
  };
  const portalUrl = options.portalUrl ?? 'http://portal.test';
  const passwords = createPasswordHasher();
  const deps: WebDeps = {
    ...fakes,
    db,
    pool,
    passwords,
    limits,
    linkSecrets,
    timings,
    signer: fakeSigner(),
    portalUrl,
    sessionSecret: 'a secret for sessions in tests, long enough',
    storageOrigins: ['https://storage.test'],
    cdnOrigin: null,
    assets: loadAssets(directory, assetBaseUrl),
    trustProxyHops: 0,
    isDraining: () => false,
    ...options,
  };
  const server = await serve(createApp(deps), { host: '127.0.0.1', port: 0 });
  const passwordHash = await passwords.hash(PASSWORD);
  const browser = (): BrowserClient => createBrowserClient(server.url, portalUrl);
  const account = (options: Parameters<typeof createAccount>[1] = {}): Promise<Account> =>
    createAccount(db, { passwordHash, ...options });

  return {
    ...fakes,
    db,
    pool,
    deps,
    url: server.url,
    portalUrl,
    browser,
    /** An account whose password is `PASSWORD`. */
    account,
    async signIn(person: Account, client = browser()): Promise<BrowserClient> {
      await client.get('/sign-in');
      const answer = await client.post('/sign-in', { email: person.email, password: PASSWORD, next: '' });
      if (answer.status !== 303) throw new Error(`signing in answered ${answer.status}: ${answer.text}`);
      await client.get('/shares');
      return client;
    },
    async close() {
      await server.close();
      await database.release();
      await removeAssets();
    },
  };
}

async function writeAssets(): Promise<{ directory: string; removeAssets: () => Promise<void> }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'passalong-assets-'));
  const manifest: Record<string, string> = {};
  for (const name of ['style.css', 'icon.svg', 'upload.js', 'status.js', 'copy-link.js', 'times.js']) {
    const built = name.replace('.', '-HASH.');
    manifest[name] = built;
    await writeFile(path.join(directory, built), `/* ${name} */`);
    await writeFile(path.join(directory, `${built}.map`), '{}');
  }
  await writeFile(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
  return { directory, removeAssets: () => rm(directory, { recursive: true }) };
}
