import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNginx } from './start-nginx.js';

// Beside dist/, from which this runs.
const TEMPLATES = fileURLToPath(new URL('../../infra/nginx', import.meta.url));
const DIST = fileURLToPath(new URL('..', import.meta.url));

const stopRequested = new Promise<void>((resolve) => {
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(event, () => resolve());
});

try {
  const { LOCAL_NGINX_STORAGE_PORT: storagePort, LOCAL_NGINX_STORAGE_SERVER: storageServer } = process.env;
  const nginx = await startNginx({
    templates: TEMPLATES,
    runDir: path.resolve(process.env.LOCAL_NGINX_RUN_DIR ?? '.data/nginx'),
    assetRoot: DIST,
    port: Number(process.env.LOCAL_NGINX_PORT ?? 8443),
    portals: list(process.env.LOCAL_NGINX_PORTALS),
    bots: list(process.env.LOCAL_NGINX_BOTS),
    storage: storagePort && storageServer ? { port: Number(storagePort), server: storageServer } : null,
  });
  process.stdout.write(`ready ${nginx.url}\n`);
  const exitCode = await Promise.race([stopRequested.then(() => 0), nginx.exited.then(() => 1)]);
  await nginx.close();
  process.exit(exitCode);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

function list(text = ''): string[] {
  return text.split(',').filter(Boolean);
}
