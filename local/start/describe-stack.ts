import { hasRealMail, type Settings } from './read-settings.js';
import type { Start } from './run-stack.js';
import { SEED_EMAIL, type Stack } from './start-stack.js';

/** A name, and what stands behind it. */
export type Row = [name: string, value: string];

/** The table that `npm start` prints: what runs where, which platform is which, where data lives, what to try. */
export function describeStack(stack: Stack, settings: Settings, start: Start): string {
  const { urls } = stack;
  return printTable({
    title: `Passalong is ready (${start.seconds.toFixed(1)} s).`,
    rows: describeServices(stack, settings, start),
    next: [
      ...(urls.console ? [`open ${urls.console}, attach a file and type /share bob@example.com`] : []),
      `sign in at ${urls.portal} and share a file there`,
      'npm run demo  (in another terminal: shares from Slack, Discord and the portal, and checks every byte)',
      `npm run chat -- "/share bob@example.com" README.md`,
    ],
  });
}

/** What every stack has. */
export function describeServices(stack: Stack, settings: Settings, start: Start): Row[] {
  const { urls } = stack;
  const platform = (url: string | null): string =>
    url ? `simulated at ${url}` : 'the real one, as configured';
  const simulated = [urls.slack ? 'Slack' : '', urls.discord ? 'Discord' : ''].filter(Boolean).join(' and ');
  const chat: Row[] = urls.console
    ? [['Chat', `${urls.console}  (act as a person of the simulated ${simulated})`]]
    : [];
  return [
    ['Portal', urls.portal],
    ...chat,
    hasRealMail(settings.given)
      ? ['Mail', `leaves by ${urls.inbox}`]
      : ['Inbox', `${urls.inbox}  (mails stay on this machine)`],
    [
      'Storage',
      settings.given['S3_ENDPOINT'] ? `S3 at ${urls.s3}` : `${urls.s3}  (bucket ${settings.S3_BUCKET})`,
    ],
    ...mirrorsOf(stack),
    settings.given['READY_MARKS'] === 'queue'
      ? ['Mailer', 'a process, fed by the queue']
      : ['Lambda', `${urls.lambda}  (on-ready, started by storage)`],
    ['Postgres', stack.isEmbeddedPostgres ? 'embedded' : 'DATABASE_URL'],
    ['Queue', settings.given['REDIS_URL'] ? 'Redis' : 'Postgres'],
    ['Slack', platform(urls.slack)],
    ['Discord', platform(urls.discord)],
    ['Data, logs', settings.DATA_DIR],
    [
      'Account',
      `${SEED_EMAIL}  password ${start.isFirstStart ? start.password : `in ${settings.DATA_DIR}/secrets.json`}`,
    ],
  ];
}

function mirrorsOf(stack: Stack): Row[] {
  const mirrors = Object.entries(stack.pids()).filter(([name]) => name.startsWith('mirror-'));
  if (mirrors.length === 0) return [];
  const processes = mirrors.map(([name, pid]) => `${name} (process ${pid})`).join(', ');
  return [['Mirrors', `${processes}: npm run storage -- status`]];
}

/** Rows under each other, and behind them what to do next, the first of which is the most telling. */
export function printTable({
  title,
  rows,
  next,
}: {
  title: string;
  rows: readonly Row[];
  next: readonly string[];
}): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    '',
    title,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    '',
    ...next.map((line, index) => `${index === 0 ? 'Next:' : '     '} ${line}`),
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}
