import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Cruise {
  summary: { violations: { from: string; rule: { name: string } }[]; totalCruised: number };
}

const root = join(import.meta.dirname, '../..');
const written = '.dependency-cruiser.cjs';
const runtime = '.dependency-cruiser.runtime.cjs';

/** Files that keep every rule; each stands for a kind of import that has to stay possible. */
const lawful = {
  'prisma/generated/client.ts': 'export class PrismaClient {}',
  'prisma/seed.ts': "import '../adapters/store.js';",
  'core/ports.ts':
    "import type { PrismaClient } from '../prisma/generated/client.js';\nimport type { share } from './share.js';\nexport type Db = PrismaClient & typeof share;",
  'core/errors.ts': 'export class AppError extends Error {}',
  'core/jobs.ts': "export const QUEUE_NAME = 'passalong';",
  'infra/names.ts': "import '../core/jobs.js';",
  'core/share.ts':
    "import { randomUUID } from 'node:crypto';\nimport type { Pool } from 'pg';\nimport { z } from 'zod';\n" +
    "import type { Db } from './ports.js';\nexport const share = (db: Db, pool: Pool) => [db, pool, z, randomUUID];",
  'adapters/store.ts':
    "import pg from 'pg';\nimport { AppError } from '../core/errors.js';\nimport type { share } from '../core/share.js';\n" +
    'export const store: [typeof share?] = [];\nexport const pool = [pg, AppError];',
  'bot/main.ts': "import '../adapters/store.js';\nimport './slack/app.js';\nimport './discord/app.js';",
  'bot/commands/share.ts': "import { share } from '../../core/share.js';\nexport const run = share;",
  'bot/slack/app.ts': "import '@slack/bolt';\nimport '../commands/share.js';",
  'bot/discord/app.ts': "import 'discord.js';\nimport '../commands/share.js';",
  'bot/terminal/main.ts': "import '../../adapters/store.js';",
  'web/main.ts': "import 'express';\nimport '../core/share.js';",
  'web/browser/upload.ts': "import '@uppy/core';",
  'worker/main.ts': "import '../core/share.js';",
  'worker/cli/storage.ts': "import '../../adapters/store.js';",
  'lambda/on-ready/handler.ts': "import './wire.js';\nimport '../../core/share.js';",
  'lambda/on-ready/wire.ts': "import '../../adapters/store.js';",
  'lambda/host.ts': "import './on-ready/wire.js';\nimport '../adapters/store.js';",
  'local/s3/main.ts': "import 'mailparser';",
  'test/support/fakes.ts': "import '../../adapters/store.js';\nimport '../../local/s3/main.js';",
};

/** One planted violation each: the rule that has to name it, the file that commits it, and what it says. */
const planted: [config: string, rule: string, path: string, text: string][] = [
  [written, 'core-stays-pure', 'core/bad-sdk.ts', "import '@aws-sdk/client-s3';"],
  [written, 'core-stays-pure', 'core/bad-adapter.ts', "import '../adapters/store.js';"],
  [
    written,
    'core-takes-only-types-of-pg',
    'core/bad-pg.ts',
    "import pg from 'pg';\nexport const Pool = pg.Pool;",
  ],
  [written, 'only-wiring-imports-adapters', 'core/bad-adapter.ts', "import '../adapters/store.js';"],
  [
    written,
    'only-wiring-imports-adapters',
    'web/routes/bad.ts',
    "import type { store } from '../../adapters/store.js';\nexport type S = typeof store;",
  ],
  [written, 'only-wiring-imports-adapters', 'lambda/bad-adapter.ts', "import '../adapters/store.js';"],
  [written, 'adapters-run-no-use-case', 'adapters/bad.ts', "import '../core/share.js';"],
  [written, 'processes-are-apart', 'web/bad.ts', "import '../bot/commands/share.js';"],
  [written, 'processes-are-apart', 'lambda/bad.ts', "import '../worker/main.js';"],
  [written, 'nothing-imports-a-process', 'core/bad-web.ts', "import '../web/main.js';"],
  [written, 'platforms-are-apart', 'bot/slack/bad.ts', "import '../discord/app.js';"],
  [written, 'platforms-are-apart', 'bot/discord/bad.ts', "import '../slack/app.js';"],
  [
    written,
    'commands-know-no-platform',
    'bot/commands/bad-discord.ts',
    "import type { Client } from 'discord.js';\nexport type C = Client;",
  ],
  [written, 'commands-know-no-platform', 'bot/commands/bad-slack.ts', "import '@slack/bolt';"],
  [written, 'commands-know-no-platform', 'bot/commands/bad-folder.ts', "import '../slack/app.js';"],
  [written, 'local-stands-alone', 'local/bad.ts', "import '../core/share.js';"],
  [written, 'local-stands-alone', 'local/start.ts', "import '../web/main.js';"],
  [written, 'only-tests-import-local', 'worker/bad-local.ts', "import '../local/s3/main.js';"],
  [written, 'product-knows-no-deployment', 'web/bad-infra.ts', "import '../infra/names.js';"],
  [written, 'infra-takes-constants', 'infra/bad.ts', "import '../core/share.js';"],
  [written, 'nothing-imports-tests', 'worker/bad-test.ts', "import '../test/support/fakes.js';"],
  [written, 'product-uses-no-dev-dependency', 'worker/bad-dev.ts', "import 'mailparser';"],
  [written, 'imports-resolve', 'worker/bad-path.ts', "import './nowhere.js';"],
  [
    runtime,
    'no-cycles',
    'core/bad-ping.ts',
    "import { pong } from './pong.js';\nexport const ping = () => pong;",
  ],
  [runtime, 'lambda-never-reaches-prisma', 'lambda/on-bad/handler.ts', "import '../../core/db.js';"],
];

/** What the planted files need: harmless alone. */
const accomplices = {
  'core/pong.ts': "import { ping } from './bad-ping.js';\nexport const pong = () => ping;",
  'core/db.ts': "export * from '../prisma/generated/client.js';",
};

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passalong-imports-'));
  await cp(join(root, 'tsconfig.json'), join(directory, 'tsconfig.json'));
  await cp(join(root, 'package.json'), join(directory, 'package.json'));
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the import rules', () => {
  test('report every planted violation by the name of its rule, and let every lawful import pass', async () => {
    await write({ ...lawful, ...accomplices });
    await write(Object.fromEntries(planted.map(([, , path, text]) => [path, text])));
    for (const config of [written, runtime]) {
      const { summary } = await cruise(config);
      const reported = summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`);
      const expected = planted.filter(([of]) => of === config).map(([, rule, path]) => `${rule}: ${path}`);
      expect(reported).toEqual(expect.arrayContaining(expected));
      expect(summary.violations.filter(({ from }) => from in lawful)).toEqual([]);
      expect(summary.totalCruised).toBeGreaterThanOrEqual(Object.keys(lawful).length + planted.length);
    }
  });

  test('are all planted here, so that a new rule without a violation is noticed', async () => {
    const names = await Promise.all([written, runtime].map(ruleNames));
    expect(new Set(planted.map(([, rule]) => rule))).toEqual(new Set(names.flat()));
  });
});

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), `${text}\n`);
  }
}

/** Runs the real command over the planted tree. It exits with the number of errors, which is no failure here. */
async function cruise(config: string): Promise<Cruise> {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [bin, '--config', join(root, config), '--output-type', 'json', '.'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: directory, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (!stdout.startsWith('{')) reject(new Error(`depcruise said: ${stderr}`, { cause: error }));
      else resolve(JSON.parse(stdout) as Cruise);
    });
  });
}

async function ruleNames(config: string): Promise<string[]> {
  const { default: rules } = (await import(join(root, config))) as {
    default: { forbidden: { name: string }[] };
  };
  return rules.forbidden.map(({ name }) => name);
}
