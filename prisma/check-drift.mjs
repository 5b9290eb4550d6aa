// Fails when prisma/migrations do not make what schema.prisma says. Part of `npm run check`.
import { diffMigrations } from './diff-migrations.mjs';

const { differs, output } = await diffMigrations();
if (differs) {
  console.error(output);
  console.error('schema.prisma and the migrations differ. Make one: node prisma/new-migration.mjs <name>');
  process.exitCode = 1;
} else {
  console.log('schema.prisma and the migrations agree.');
}
