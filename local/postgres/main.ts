import { startPostgres } from './start-postgres.js';

const stopRequested = new Promise<void>((resolve) => {
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'])
    process.once(event, () => {
      resolve();
    });
});

try {
  const postgres = await startPostgres({
    dataDir: process.env.LOCAL_POSTGRES_DATA_DIR ?? '.data/postgres',
    port: Number(process.env.LOCAL_POSTGRES_PORT ?? 0),
    database: process.env.LOCAL_POSTGRES_DATABASE ?? 'passalong',
  });
  process.stdout.write(`ready ${postgres.connectionString}\n`);
  const exitCode = await Promise.race([stopRequested.then(() => 0), postgres.exited.then(() => 1)]);
  await postgres.close();
  process.exit(exitCode);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
