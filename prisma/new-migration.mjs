// `node prisma/new-migration.mjs <name>` writes prisma/migrations/<time>_<name>/migration.sql: the step from what the
// migrations make to what schema.prisma says. Read it before committing it: a renamed column comes out as dropped.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { diffMigrations, migrationsDir } from './diff-migrations.mjs';

const [name = ''] = process.argv.slice(2);
if (!/^[a-z0-9_]+$/.test(name)) {
  console.error('Usage: node prisma/new-migration.mjs <name>, of a-z, 0-9 and _');
  process.exit(1);
}

mkdirSync(migrationsDir, { recursive: true });
const lockFile = path.join(migrationsDir, 'migration_lock.toml');
if (!existsSync(lockFile)) writeFileSync(lockFile, 'provider = "postgresql"\n');

const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
const { differs, output } = await diffMigrations(['--script']);
if (differs) {
  const folder = path.join(migrationsDir, `${time}_${name}`);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'migration.sql'), output);
  console.log(`Wrote ${path.relative(process.cwd(), folder)}/migration.sql. Read it before you commit it.`);
} else {
  console.log('The migrations already make what schema.prisma says.');
}
