import { hasRealMail, type Settings } from './read-settings.js';
import { SEED_EMAIL, type Stack } from './start-stack.js';

/** The table that `npm start` prints: what runs where, which platform is which, where data lives, what to try. */
export function describeStack(
  stack: Stack,
  settings: Settings,
  seed: { password: string; isFirstStart: boolean },
  seconds: number,
): string {
  const { urls } = stack;
  const platform = (url: string | null): string =>
    url ? `simulated at ${url}` : 'the real one, as configured';
  const simulated = [urls.slack ? 'Slack' : '', urls.discord ? 'Discord' : ''].filter(Boolean).join(' and ');
  const chat: [string, string][] = urls.console
    ? [['Chat', `${urls.console}  (act as a person of the simulated ${simulated})`]]
    : [];
  const rows: [string, string][] = [
    ['Portal', urls.portal],
    ...chat,
    hasRealMail(settings.given)
      ? ['Mail', `leaves by ${urls.inbox}`]
      : ['Inbox', `${urls.inbox}  (mails stay on this machine)`],
    [
      'Storage',
      settings.given['S3_ENDPOINT'] ? `S3 at ${urls.s3}` : `${urls.s3}  (bucket ${settings.S3_BUCKET})`,
    ],
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
      `${SEED_EMAIL}  password ${seed.isFirstStart ? seed.password : `in ${settings.DATA_DIR}/secrets.json`}`,
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    '',
    `Passalong is ready (${seconds.toFixed(1)} s).`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    '',
    ...(urls.console ? [`Next: open ${urls.console}, attach a file and type /share bob@example.com`] : []),
    `${urls.console ? '     ' : 'Next:'} sign in at ${urls.portal} and share a file there`,
    '      npm run demo  (in another terminal: shares from Slack, Discord and the portal, and checks every byte)',
    `      npm run chat -- "/share bob@example.com" README.md`,
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}
