import { spawnSync } from 'node:child_process';
import { SERVER_PATH } from '../start/debian-server.js';
import type { Settings } from '../start/read-settings.js';

/** @throws Error with what to install, where a program is missing that the cluster runs */
export function requirePrograms({ given }: Pick<Settings, 'given'>): void {
  const wanted = [
    { command: 'nginx', flag: '-v', debianPackage: 'nginx' },
    { command: 'openssl', flag: 'version', debianPackage: 'openssl' },
    ...(given['REDIS_URL']
      ? []
      : [{ command: 'redis-server', flag: '--version', debianPackage: 'redis-server' }]),
  ];
  const missing = wanted
    .filter(({ command, flag }) => spawnSync(command, [flag], { env: { PATH: SERVER_PATH } }).error)
    .map(({ debianPackage }) => debianPackage);
  if (missing.length === 0) return;
  throw new Error(
    `npm run cluster needs what is not here: sudo apt-get install --no-install-recommends ${missing.join(' ')}`,
  );
}
