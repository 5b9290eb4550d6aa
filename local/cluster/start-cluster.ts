import path from 'node:path';
import { findFreePorts } from '../start/ports.js';
import type { Settings } from '../start/read-settings.js';
import type { Secrets } from '../start/secrets.js';
import { startStack, type Instances, type Stack } from '../start/start-stack.js';
import type { Service, Supervisor } from '../start/supervisor.js';

const INSTANCES: Instances = { portal: 2, worker: 2, bot: 2 };

/** So long a portal that is asked to end tells a balancer to look elsewhere. */
const DRAIN_SECONDS = '2';

export interface Cluster extends Stack {
  redisUrl: string;
  certificatePath: string;
}

/**
 * Starts the stack of `npm start` with two of each process of the product, on a Redis, and nginx in front of the portals,
 * of the bots and of the storage on this machine. @throws Error with what did not start, after stopping the rest
 */
export async function startCluster(
  supervisor: Supervisor,
  settings: Settings,
  secrets: Secrets,
  scripts: string,
): Promise<Cluster> {
  const { given, DATA_DIR: dataDir } = settings;
  const [redisPort = 0, storagePort = 0] = await findFreePorts(2);
  const services: Service[] = [];
  const endings: (() => Promise<void>)[] = [];
  const launch = async (name: string, env: Record<string, string>): Promise<Service> => {
    const service = await supervisor.start({ name, script: path.join(scripts, `local/${name}.js`), env });
    services.push(service);
    endings.unshift(() => service.stop());
    return service;
  };
  const stop = async (): Promise<void> => {
    for (const end of endings.splice(0)) await end();
  };

  const beginRedis = async (): Promise<string> => {
    const redis = await launch('redis', {
      LOCAL_REDIS_DATA_DIR: path.join(dataDir, 'redis'),
      LOCAL_REDIS_PORT: String(redisPort),
    });
    return redis.detail;
  };
  /** Storage that is elsewhere is reached there. */
  const storageBehindNginx = given['S3_ENDPOINT']
    ? null
    : { S3_PUBLIC_ENDPOINT: `http://127.0.0.1:${settings.S3_PORT}` };

  try {
    const redisUrl = given['REDIS_URL'] ?? (await beginRedis());
    const stack = await startStack(
      supervisor,
      {
        ...settings,
        S3_PORT: storagePort,
        given: {
          PORTAL_URL: `https://127.0.0.1:${settings.CLUSTER_PORT}`,
          DRAIN_SECONDS,
          ...storageBehindNginx,
          ...given,
          TRUST_PROXY_HOPS: '1',
          REDIS_URL: redisUrl,
        },
      },
      secrets,
      scripts,
      INSTANCES,
    );
    endings.unshift(() => stack.stop());
    const nginxDir = path.join(dataDir, 'nginx');
    await launch('nginx', {
      LOCAL_NGINX_RUN_DIR: nginxDir,
      LOCAL_NGINX_PORT: String(settings.CLUSTER_PORT),
      LOCAL_NGINX_PORTALS: addresses(stack.ports.portal),
      LOCAL_NGINX_BOTS: addresses(stack.ports.bot),
      ...(storageBehindNginx && {
        LOCAL_NGINX_STORAGE_PORT: String(settings.S3_PORT),
        LOCAL_NGINX_STORAGE_SERVER: addresses([storagePort]),
      }),
    });
    const pids = (): Record<string, number> => ({
      ...stack.pids(),
      ...Object.fromEntries(services.map(({ name, pid }) => [name, pid])),
    });
    return { ...stack, redisUrl, certificatePath: path.join(nginxDir, 'certificate.pem'), pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function addresses(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(',');
}
