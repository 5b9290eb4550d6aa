import path from 'node:path';
import { describeServices, printTable, type Row } from '../start/describe-stack.js';
import type { Settings } from '../start/read-settings.js';
import type { Start } from '../start/run-stack.js';
import type { Cluster } from './start-cluster.js';

/** The table that `npm run cluster` prints: that of `npm start`, what there is two of, and what to break. */
export function describeCluster(cluster: Cluster, settings: Settings, start: Start): string {
  const { urls, ports, certificatePath } = cluster;
  const pids = cluster.pids();
  const nginxDir = path.dirname(certificatePath);
  const each = (name: string, known: readonly number[] = []): string =>
    Object.keys(pids)
      .filter((service) => service.startsWith(`${name}-`))
      .sort()
      .map((service, index) => `process ${pids[service]}${known[index] ? ` at port ${known[index]}` : ''}`)
      .join(', ');
  const publicStorage = cluster.productEnv['S3_PUBLIC_ENDPOINT'];
  const changed: Record<string, string> = {
    Queue: `Redis at ${cluster.redisUrl}`,
    ...(publicStorage && {
      Storage: `${urls.s3}, for browsers ${publicStorage}  (bucket ${settings.S3_BUCKET})`,
    }),
  };
  const rows = describeServices(cluster, settings, start).map(([name, value]): Row => [
    name,
    changed[name] ?? value,
  ]);
  return printTable({
    title: `Passalong is ready (${start.seconds.toFixed(1)} s): two of each, behind nginx.`,
    rows: [
      ...rows,
      ['Certificate', `${certificatePath}  (a browser asks once whether to trust it)`],
      ['nginx', `process ${pids['nginx']}; every request in ${nginxDir}/access.log`],
      ['Portals', each('portal', ports.portal)],
      ['Workers', each('worker')],
      ['Bots', each('bot')],
    ],
    next: [
      `sign in at ${urls.portal}, and kill -9 ${pids['portal-1']}: nobody notices, and it is started again`,
      `tail -f ${fromHere(nginxDir)}/access.log  (which portal answers, and what was asked twice)`,
      `DATA_DIR=${fromHere(settings.DATA_DIR)} NODE_EXTRA_CA_CERTS=${fromHere(certificatePath)} npm run demo`,
    ],
  });
}

/** As somebody would type it in the folder where the command runs. */
function fromHere(file: string): string {
  const relative = path.relative('', file);
  return relative.startsWith('..') ? file : relative || '.';
}
