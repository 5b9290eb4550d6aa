// The prisma CLI with our schema engine in place of the binary that it would download:
// `node prisma/prisma.mjs generate`, `node prisma/prisma.mjs migrate deploy`, and so on.
import { accessSync, chmodSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';

const engine = fileURLToPath(new URL('schema-engine.mjs', import.meta.url));
try {
  accessSync(engine, constants.X_OK);
} catch {
  chmodSync(engine, 0o755); // a checkout or an archive may have lost the bit
}

process.env.PRISMA_SCHEMA_ENGINE_BINARY = engine;
process.env.PRISMA_HIDE_UPDATE_MESSAGE = '1';
process.env.CHECKPOINT_DISABLE = '1'; // no telemetry

// The CLI reads process.argv as if it had been started itself.
await import('prisma/build/index.js');
