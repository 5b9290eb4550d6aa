import { spawnSync } from 'node:child_process';

export const NGINX_HINT = 'no nginx here: apt-get install nginx';

/** Whether an nginx can be started here. Debian has it where only root looks. */
export function hasNginx(): boolean {
  const PATH = `${process.env.PATH ?? ''}:/usr/sbin`;
  return spawnSync('nginx', ['-v'], { env: { PATH } }).status === 0;
}
