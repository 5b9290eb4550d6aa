import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { botEnvironment } from '../bot/env.js';
import { environment, readEnv } from '../core/config.js';
import { platformsFrom } from '../core/platforms.js';
import { hostEnvironment } from '../lambda/host-env.js';
import { onReadyEnvironment } from '../lambda/on-ready/env.js';
import { readSettings } from '../local/start/read-settings.js';
import { portalEnvironment } from '../web/env.js';
import { workerEnvironment } from '../worker/env.js';

const root = path.resolve(import.meta.dirname, '..');
const text = read('.env.example');

/** `NAME=value`, and behind `# ` what is optional. */
const ASSIGNMENT = /^(# )?([A-Z][A-Z0-9_]*)=(.*)$/gm;
const names = [...text.matchAll(ASSIGNMENT)].map(([, , name = '']) => name);

const needed = parseEnv(text);
const everything = parseEnv(text.replace(ASSIGNMENT, '$2=$3'));

/** Slack takes one of two ways, and so do mails. */
const bySocket = without(/^(SLACK_(CLIENT|SIGNING|TOKEN|PUBLIC)|SMTP_)/);
const byHttp = without(/^(SLACK_(BOT|APP)_TOKEN$|SES_)/);

const { runtime, database, queue, storage, links, limits, slack, discord } = environment;
const processes: [name: string, shape: z.ZodRawShape][] = [
  ['the portal', portalEnvironment],
  ['the worker', workerEnvironment],
  ['the bot', botEnvironment],
  ['the Lambda', onReadyEnvironment],
  ['the mailer', hostEnvironment],
  ['npm run chat', { ...database, ...queue, ...storage, ...links, ...limits }],
  ['npm run discord:register', { ...runtime, ...slack, ...discord }],
];

/** Set for every program by the system, a shell or CI, and never by a person for us. */
const OF_THE_SYSTEM = ['CI', 'HOME', 'LANG', 'PATH', 'TZ', 'USER'];

/** Files that get their variables from `npm start`, or from the setup of the tests, so that nobody else sets them. */
const CONFIGURED_BY_US =
  /^(local\/[^/]+\/main\.ts|local\/lambda\/|test\/support\/(get-built|serve-builds)\.ts)/;

describe('.env.example', () => {
  test.each(processes)('is enough for %s with the lines that stand without #', (_name, shape) => {
    expect(Object.keys(readEnv(shape, needed))).not.toEqual([]);
  });

  test.each(processes)('has a value of the right form for every variable of %s', (_name, shape) => {
    const read = { ...readEnv(shape, bySocket), ...readEnv(shape, byHttp) };
    expect(Object.keys(read).sort()).toEqual(Object.keys(shape).sort());
  });

  test('is read by npm start, which hands on what it does not use itself', () => {
    const { given } = readSettings(bySocket);
    expect(given).toMatchObject({ DATABASE_URL: everything['DATABASE_URL'], HOST: everything['HOST'] });
    expect(Object.keys(given).filter((name) => !names.includes(name))).toEqual([]);
  });

  test('leaves both chat platforms off until their lines are taken out of comments', () => {
    expect(platformsFrom(readEnv(botEnvironment, needed))).toEqual({ slack: null, discord: null });
    for (const [env, kind] of [
      [bySocket, 'socket'],
      [byHttp, 'http'],
    ] as const) {
      const { slack, discord } = platformsFrom(readEnv(botEnvironment, env));
      expect([slack?.access.kind, discord === null]).toEqual([kind, false]);
    }
    expect(() => readEnv(botEnvironment, everything)).toThrow(/SLACK_APP_TOKEN and SLACK_CLIENT_ID/);
  });

  test('gives the defaults that the code has', () => {
    const shape = Object.assign({}, ...processes.map(([, each]) => each)) as z.ZodRawShape;
    const defaults = readEnv(shape, needed);
    const shown = readEnv(shape, bySocket);
    for (const name of Object.keys(shape).filter((each) => !(each in needed) && each in defaults)) {
      expect.soft({ [name]: shown[name] }).toEqual({ [name]: defaults[name] });
    }
  });

  test('names every variable once', () => {
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('names every variable that some process reads, and no other', () => {
    expect([...names].sort()).toEqual([...namesThatAreRead()].sort());
  });
});

/** From the shapes of the processes; where the environment is read without one, from the source. */
function namesThatAreRead(): Set<string> {
  const shapes = [...processes.map(([, shape]) => shape), ...Object.values(environment)];
  const inSettings = matches(read('local/start/read-settings.ts'), /^ {2}'?([A-Z][A-Z0-9_]+)(?:'|:)/gm);
  const inSeed = matches(read('prisma/seed.ts'), /^ +(SEED_[A-Z]+):/gm);
  return new Set([
    ...shapes.flatMap((shape) => Object.keys(shape)),
    ...inSettings,
    ...inSeed,
    ...sources().flatMap((file) => readByName(read(file))),
  ]);
}

/** `process.env.NAME`, `process.env['NAME']` and `const { NAME } = process.env`. */
function readByName(source: string): string[] {
  const taken = matches(source, /const \{([^}]*)\} =\s+process\.env;/g).flatMap((list) =>
    matches(list, /([A-Z][A-Z0-9_]+)/g),
  );
  const direct = matches(source, /process\.env(?:\.|\[')([A-Z][A-Z0-9_]+)/g);
  return [...taken, ...direct].filter((name) => !OF_THE_SYSTEM.includes(name));
}

function sources(): string[] {
  const folders = ['adapters', 'bot', 'core', 'lambda', 'local', 'test/support', 'web', 'worker'];
  return [
    ...folders.flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => `${folder}/${name}`),
    ),
    'prisma.config.ts',
    'prisma/seed.ts',
    'vitest.config.ts',
  ].filter((file) => !CONFIGURED_BY_US.test(file));
}

function matches(source: string, pattern: RegExp): string[] {
  return [...source.matchAll(pattern)].map(([, name = '']) => name);
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function without(pattern: RegExp): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(everything).filter(([name]) => !pattern.test(name)));
}
