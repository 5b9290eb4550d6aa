import { mkdir } from 'node:fs/promises';
import { startDebianServer, type DebianServer } from '../start/debian-server.js';

/**
 * Debian's redis-server on 127.0.0.1, as durable and as strict as production's: every second of writes is on disk, and
 * a full memory refuses what is new instead of forgetting what is queued. @throws Error where it does not start
 */
export async function startRedis({
  dataDir,
  port,
}: {
  dataDir: string;
  port: number;
}): Promise<DebianServer & { url: string }> {
  await mkdir(dataDir, { recursive: true });
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: dataDir,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const server = await startDebianServer('redis-server', flags, (said) =>
    said.includes('Ready to accept connections'),
  );
  return { ...server, url: `redis://127.0.0.1:${port}` };
}
