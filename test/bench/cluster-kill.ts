import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { signIn, type PortalPerson } from '../support/portal-person.js';
import { sendAtOnce, type Outcomes } from '../support/send-at-once.js';
import { printFigure, printHeading } from './parts/report.js';
import { withCluster, type BenchCluster } from './parts/with-cluster.js';

const GETS = Number(process.argv[2] ?? 10_000);
const FORMS = Math.ceil(GETS / 10);
const AT_ONCE = 50;
const FORMS_AT_ONCE = 10;

/** The same form is sent again after so long, as the portal's own page does. */
const RETRY_MS = 500;

if (!Number.isInteger(GETS) || GETS < 200) throw new Error('how many GETs? at least 200');

await withCluster({}, async (cluster) => {
  const ada = await signIn(cluster.urls.portal, cluster.account, cluster.fetch);
  const get = async (): Promise<number> => (await ada.client.get('/shares/new')).status;

  printHeading('cluster-kill: what is lost when one of two portals behind nginx dies, or is asked to end', [
    `GET /shares/new by somebody who is signed in, over TLS, ${AT_ONCE} at once; POST /shares, ${FORMS_AT_ONCE} at once`,
    'the signal comes when a quarter is answered; the supervisor starts the portal again; two nginx workers',
  ]);

  report(
    `${GETS} GETs, kill -9`,
    await underFire(cluster, 'SIGKILL', { count: GETS, atOnce: AT_ONCE }, get),
    {
      200: GETS,
    },
  );
  const retried = (await cluster.readAccessLog()).filter(({ upstream }) => upstream.includes(',')).length;
  printFigure('  of them asked of the other portal after the first', retried, '');

  report(
    `${GETS} GETs, SIGTERM`,
    await underFire(cluster, 'SIGTERM', { count: GETS, atOnce: AT_ONCE }, get),
    {
      200: GETS,
    },
  );
  const mixed = await underFire(cluster, 'SIGTERM', { count: 2 * FORMS, atOnce: FORMS_AT_ONCE }, (n) => {
    return n % 2 === 0 ? announce(ada, randomUUID(), `mixed${n}@example.com`) : get();
  });
  report(`${FORMS} POSTs among as many GETs, SIGTERM`, mixed, { 200: FORMS, 201: FORMS });

  let resent = 0;
  const load = { count: FORMS, atOnce: FORMS_AT_ONCE };
  const forms = await underFire(cluster, 'SIGKILL', load, async (n) => {
    const formId = randomUUID();
    for (;;) {
      const status = await announce(ada, formId, `key${n}@example.com`).catch(() => 502);
      if (status < 500) return status;
      resent += 1;
      await wait(RETRY_MS);
    }
  });
  const { rows } = await cluster.db.query<{ shares: number }>(
    `SELECT count(*)::int AS shares FROM recipient WHERE email LIKE 'key%@example.com' GROUP BY email`,
  );
  console.log(
    `  ${FORMS} POSTs, kill -9, each sent again under its key: ${describe(forms)}, ${resent} sent again`,
  );
  printFigure('  shares lost', FORMS - rows.length, '', { atMost: 0 });
  printFigure('  shares doubled', rows.filter(({ shares }) => shares > 1).length, '', { atMost: 0 });
});

/** Sends, and meanwhile the signal to each portal in turn. */
async function underFire(
  cluster: BenchCluster,
  signal: NodeJS.Signals,
  load: { count: number; atOnce: number },
  send: (n: number) => Promise<number>,
): Promise<Outcomes> {
  // So long nginx leaves out what failed before.
  await wait(8_000);
  let answered = 0;
  return sendAtOnce(load, async (n) => {
    const status = await send(n);
    answered += 1;
    if (answered === Math.round(load.count / 4)) await cluster.kill('portal-1', signal);
    return status;
  });
}

function report(name: string, outcomes: Outcomes, wanted: Outcomes): void {
  const failed = Object.entries(outcomes).reduce(
    (sum, [outcome, n]) => sum + Math.max(0, n - (wanted[outcome] ?? 0)),
    0,
  );
  printFigure(`${name}: failed`, failed, '', { atMost: 0 });
  if (failed > 0) console.log(`    ${describe(outcomes)}`);
}

function describe(outcomes: Outcomes): string {
  return Object.entries(outcomes)
    .map(([outcome, n]) => `${n} × ${outcome}`)
    .join(', ');
}

/** A share of one file, of which nothing is uploaded. */
async function announce({ client }: PortalPerson, formId: string, emails: string): Promise<number> {
  const files = [{ name: 'plan.txt', contentType: 'text/plain', sizeBytes: 4 }];
  return (await client.postJson('/shares', { formId, emails, message: '', lifetimeDays: 7, files })).status;
}
