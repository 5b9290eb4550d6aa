import { defineConfig } from 'prisma/config';

/** What the prisma CLI reads. `generate` needs a URL but no server, so there is one that reaches nothing. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://nobody@127.0.0.1:1/none' },
});
