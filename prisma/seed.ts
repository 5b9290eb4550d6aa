import { randomUUID } from 'node:crypto';
import path from 'node:path';
import * as z from 'zod';
import { createDatabase, createPool } from '../adapters/database.js';
import { createLogger } from '../adapters/logger.js';
import { createPasswordHasher } from '../adapters/password-hasher.js';
import { postgresOptions } from '../adapters/postgres-options.js';
import { environment, readEnv } from '../core/config.js';
import type { Database } from '../core/ports.js';
import { emailKey } from '../core/shares/recipients.js';
import type { Platform } from './generated/enums.js';
import { applyMigrations } from './migrate.js';

const env = readEnv(
  {
    ...environment.database,
    SEED_EMAIL: z.email(),
    SEED_PASSWORD: z.string().min(12),
    /** `<workspace>:<user>` */
    SEED_SLACK: z.string().includes(':').optional(),
    SEED_DISCORD: z.string().optional(),
    SEED_TERMINAL: z.string().optional(),
  },
  process.env,
);

const migrationsDir = path.resolve(import.meta.dirname, '../prisma/migrations');
const log = createLogger('seed', 'warn');
try {
  await applyMigrations({ ...postgresOptions(env.DATABASE_URL), migrationsDir });
  const pool = createPool(env.DATABASE_URL, log, 2);
  const db = createDatabase(pool);
  await seed(db);
  await db.$disconnect();
  await pool.end();
} catch (error) {
  console.error(
    `The database could not be prepared: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exit(1);
}

/** One confirmed account, linked to one person of each double. Does nothing where it is there already. */
async function seed(database: Database): Promise<void> {
  const known = await database.account.findUnique({ where: { emailKey: emailKey(env.SEED_EMAIL) } });
  if (known) return;
  const accountId = randomUUID();
  const [slackTeam = '', slackUser = ''] = (env.SEED_SLACK ?? '').split(':');
  const identity = (platform: Platform, userId: string, workspaceId: string, workspaceName: string) => {
    return { platform, workspaceId, userId, userName: '@ada', workspaceName };
  };
  await database.account.create({
    data: {
      id: accountId,
      firstName: 'Ada',
      lastName: 'Lovelace',
      email: env.SEED_EMAIL,
      emailKey: emailKey(env.SEED_EMAIL),
      passwordHash: await createPasswordHasher().hash(env.SEED_PASSWORD),
      confirmedAt: new Date(),
      identities: {
        create: [
          ...(env.SEED_SLACK ? [identity('SLACK', slackUser, slackTeam, 'Acme')] : []),
          ...(env.SEED_DISCORD ? [identity('DISCORD', env.SEED_DISCORD, '', 'Acme')] : []),
          ...(env.SEED_TERMINAL ? [identity('TERMINAL', env.SEED_TERMINAL, '', 'This machine')] : []),
        ],
      },
    },
  });
}
