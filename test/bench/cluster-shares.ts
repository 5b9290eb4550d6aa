import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { printFact, printFigure, printHeading } from './parts/report.js';
import { actInDiscord, actInSlack, listAnswers, type ShareAct } from './parts/share-acts.js';
import { withCluster, type BenchCluster } from './parts/with-cluster.js';

const SHARES = Number(process.argv[2] ?? 5_000);
const DISCORD_LANES = 5;

/** Sixty in all: the supervisor lets a process die twenty times before it leaves it down. */
const KILLS = Math.min(60, Math.floor(SHARES / 10));
const VICTIMS = ['bot-1', 'bot-2', 'worker-1', 'worker-2'];
const MAX_KILLS_EACH = 18;

const SLACK_USERS = ['U0ADA00001', 'U0GRACE001', 'U0ALAN0001'];
const DISCORD_USER = '100100000000000001';
const SETTLE_MS = 5 * 60_000;

if (!Number.isInteger(SHARES) || SHARES < 20) throw new Error('how many shares? at least 20');

await withCluster({ LEASE_SECONDS: '10', WORKER_CONCURRENCY: '4' }, async (cluster) => {
  const { db, urls } = cluster;
  for (const userId of SLACK_USERS.slice(1)) await connectToAda(cluster, userId);
  printHeading('cluster-shares: two bots and two workers, of which one dies now and then', [
    `${SHARES} shares of a small file with one address, by Slack's form (${SLACK_USERS.length} people) and /share in Discord (${DISCORD_LANES} at once)`,
    `${KILLS} times kill -9, of a bot or a worker by chance; each is started again`,
    'who sees the app fail tries again with another address, so that each act is told from all others',
    'oracles: the journal of the local SES, what the doubles show, and the rows',
  ]);

  const acts: ShareAct[] = [
    ...SLACK_USERS.map((userId) => actInSlack(urls.slack, userId)),
    ...Array.from({ length: DISCORD_LANES }, () => actInDiscord(urls.discord, DISCORD_USER)),
  ];
  const killed: Record<string, number> = {};
  let answered = 0;
  let failed = 0;
  let acted = 0;
  const startedAt = performance.now();
  await Promise.all(
    acts.map(async (act) => {
      while (answered < SHARES) {
        const n = (acted += 1);
        if (await act(`plan-${n}.txt`, `act${n}@example.com`)) answered += 1;
        else failed += 1;
        const due = Math.floor((answered / SHARES) * KILLS);
        if (sum(killed) < due) await killOne(cluster, killed);
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  await settle(cluster);

  const { rows } = await db.query<{ email: string; shares: number; sent: boolean }>(
    `SELECT r.email, count(*)::int AS shares, bool_and(d.state IN ('SENT', 'DELIVERED')) AS sent
     FROM recipient r JOIN delivery d ON d.share_id = r.share_id AND d.email = r.email
     WHERE r.email LIKE 'act%@example.com' GROUP BY r.email`,
  );
  const mails = await countMails(cluster);
  const answers = countByAct(await listAnswers(urls, SLACK_USERS, DISCORD_USER));
  console.log(`  killed: ${VICTIMS.map((name) => `${name} ${killed[name] ?? 0} times`).join(', ')}`);
  console.log(`  ${acted} acts in ${seconds.toFixed(0)} s: ${answered} answered, ${failed} seen to fail`);
  printFigure('shares made', rows.length, '', { atLeast: SHARES });
  printFigure('acts with more than one share', rows.filter(({ shares }) => shares > 1).length, '', {
    atMost: 0,
  });
  printFigure('addresses with more than one mail', [...mails.values()].filter((n) => n > 1).length, '', {
    atMost: 0,
  });
  printFigure('shares without a mail', rows.filter(({ email }) => !mails.has(email)).length, '', {
    atMost: 0,
  });
  printFact(
    'every delivery says so',
    rows.every(({ sent }) => sent),
  );
  printFigure('acts with more than one answer', [...answers.values()].filter((n) => n > 1).length, '', {
    atMost: 0,
  });
  printFigure(
    'shares without an answer that names their file',
    rows.filter(({ email }) => !answers.has(actOf(email))).length,
    '',
  );
});

async function killOne(cluster: BenchCluster, killed: Record<string, number>): Promise<void> {
  const left = VICTIMS.filter((name) => (killed[name] ?? 0) < MAX_KILLS_EACH);
  const victim = left[Math.floor(Math.random() * left.length)];
  if (!victim) return;
  killed[victim] = (killed[victim] ?? 0) + 1;
  // It may just be dead from the last time.
  await cluster.kill(victim, 'SIGKILL').catch(() => undefined);
}

/** Until no share is under way any more. */
async function settle({ db }: BenchCluster): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (performance.now() < deadline) {
    const { rows } = await db.query<{ open: number }>(
      `SELECT count(*)::int AS open FROM share s JOIN delivery d ON d.share_id = s.id
       WHERE s.state NOT IN ('READY', 'FAILED', 'EXPIRED', 'REVOKED') OR d.state NOT IN ('SENT', 'DELIVERED')`,
    );
    if (rows[0]?.open === 0) return;
    await wait(1_000);
  }
}

/** Answers name the file, and files are named after their act. */
function countByAct(answers: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const answer of answers) {
    const act = /plan\W{1,3}(\d+)/.exec(answer)?.[1];
    if (act) counts.set(act, (counts.get(act) ?? 0) + 1);
  }
  return counts;
}

function actOf(email: string): string {
  return /\d+/.exec(email)?.[0] ?? '';
}

/** By address, from the journal on disk. */
async function countMails({ dataDir }: BenchCluster): Promise<Map<string, number>> {
  const journal = await readFile(path.join(dataDir, 'ses/journal.jsonl'), 'utf8');
  const counts = new Map<string, number>();
  for (const line of journal.trim().split('\n')) {
    const { destinations } = JSON.parse(line) as { destinations: string[] };
    for (const address of destinations) counts.set(address, (counts.get(address) ?? 0) + 1);
  }
  return counts;
}

async function connectToAda({ db }: BenchCluster, userId: string): Promise<void> {
  await db.query(
    `INSERT INTO chat_identity (id, account_id, platform, workspace_id, user_id, user_name, workspace_name)
     SELECT gen_random_uuid(), account_id, platform, workspace_id, $1, 'colleague', workspace_name
     FROM chat_identity WHERE platform = 'SLACK' AND user_id = $2`,
    [userId, SLACK_USERS[0]],
  );
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}
