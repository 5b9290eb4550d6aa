import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs `use(connectionString)` against an empty Postgres of its own, and removes that afterwards. */
export async function withTemporaryPostgres(use) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'passalong-postgres-'));
  try {
    const startPostgres = await importStartPostgres();
    const postgres = await startPostgres({ dataDir, port: 0, durable: false, database: 'empty' });
    try {
      return await use(postgres.connectionString);
    } finally {
      await postgres.close();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Node 20 runs no TypeScript. The bundle lies below node_modules so that it finds its packages. */
async function importStartPostgres() {
  const outfile = path.join(root, `node_modules/.cache/start-postgres-${process.pid}.mjs`);
  await build({
    entryPoints: [path.join(root, 'local/postgres/start-postgres.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  try {
    const { startPostgres } = await import(pathToFileURL(outfile).href);
    return startPostgres;
  } finally {
    await rm(outfile);
  }
}
