import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeCluster } from './cluster/describe-cluster.js';
import { requirePrograms } from './cluster/require-programs.js';
import { startCluster } from './cluster/start-cluster.js';
import { readSettings } from './start/read-settings.js';
import { runStack } from './start/run-stack.js';

const scripts = path.dirname(fileURLToPath(import.meta.url));

// `npm run cluster`: two of each process of the product behind nginx, on Redis, in one terminal until Ctrl-C.
await runStack(() => {
  const settings = readSettings({ DATA_DIR: '.data/cluster', S3_MIRRORS: '1', ...process.env });
  requirePrograms(settings);
  return {
    settings,
    ports: [{ port: settings.CLUSTER_PORT, variable: 'CLUSTER_PORT' }],
    start: (supervisor, secrets) => startCluster(supervisor, settings, secrets, scripts),
    describe: (cluster, start) => describeCluster(cluster, settings, start),
  };
});
