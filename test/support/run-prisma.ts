import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const prismaCli = fileURLToPath(new URL('../../prisma/prisma.mjs', import.meta.url));

/** A folder with `migrations/`, to which the schema and the configuration are written. */
export interface PrismaProject {
  folder: string;
  /** Models, without the datasource. */
  schema: string;
  databaseUrl: string;
}

/** What our wrapper of the prisma CLI prints on a project other than ours. @throws the exit `code` and `stderr` */
export async function runPrisma(project: PrismaProject, args: string[]): Promise<string> {
  const { folder, schema, databaseUrl } = project;
  await writeFile(
    path.join(folder, 'schema.prisma'),
    `datasource db {\n  provider = "postgresql"\n}\n\n${schema}`,
  );
  await writeFile(path.join(folder, 'migrations/migration_lock.toml'), 'provider = "postgresql"\n');
  const settings = {
    schema: 'schema.prisma',
    migrations: { path: 'migrations' },
    datasource: { url: databaseUrl },
  };
  const config = path.join(folder, 'prisma.config.ts');
  await writeFile(config, `export default ${JSON.stringify(settings)};\n`);
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [prismaCli, ...args, '--config', config], { cwd: folder });
  return stdout;
}
