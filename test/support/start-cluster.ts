import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasNginx, NGINX_HINT } from './has-nginx.js';
import { createSecureFetch, type Fetch } from './secure-fetch.js';
import { hasRedis, REDIS_HINT } from './start-redis.js';
import { startStack, type StackOptions, type TestStack } from './start-stack.js';

/** What nginx writes about a request. */
export interface AccessLogLine {
  method: string;
  path: string;
  status: number;
  protocol: string;
  /** Those that were asked, with commas between; '' where nginx answered by itself. */
  upstream: string;
  upstreamStatus: string;
}

export interface TestCluster extends TestStack {
  /** Trusts the cluster's certificate. */
  fetch: Fetch;
  certificate: Buffer;
  /** Sends the signal to the present process of that name. */
  kill(name: string, signal: NodeJS.Signals): Promise<void>;
  readAccessLog(): Promise<AccessLogLine[]>;
}

/** What the cluster needs and this machine lacks, as a hint; null where all is there. */
export function findMissingForCluster(): string | null {
  const hints = [hasNginx() ? '' : NGINX_HINT, hasRedis() ? '' : REDIS_HINT].filter(Boolean);
  return hints.length > 0 ? hints.join('; ') : null;
}

/** `npm run cluster` on free ports. @throws Error with what it said where it does not come up */
export async function startCluster(options: StackOptions = {}): Promise<TestCluster> {
  const stack = await startStack({ ...options, script: 'cluster.js' });
  const nginxDir = path.join(stack.dataDir, 'nginx');
  const certificate = await readFile(path.join(nginxDir, 'certificate.pem'));
  const client = createSecureFetch(certificate);
  return {
    ...stack,
    certificate,
    fetch: client.fetch,
    async kill(name, signal) {
      const { [name]: pid } = await stack.readPids();
      if (!pid) throw new Error(`no ${name} runs`);
      process.kill(pid, signal);
    },
    async readAccessLog() {
      const lines = (await readFile(path.join(nginxDir, 'access.log'), 'utf8')).trim().split('\n');
      return lines.map((line) => JSON.parse(line) as AccessLogLine);
    },
    async stop(signal) {
      client.close();
      return stack.stop(signal);
    },
  };
}
