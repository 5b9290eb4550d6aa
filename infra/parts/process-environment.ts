import { Fn } from 'aws-cdk-lib';
import type { Settings } from '../settings.js';
import type { Data } from '../stacks/data-stack.js';
import { PORTS } from '../ports.js';
import { DATABASE_NAME, DATABASE_USER } from './database.js';
import { fileBuckets, type Role } from './grants.js';

/** Where the release of a machine lies, and where its functions' zips do. */
const CERTIFICATES = { machine: '/opt/passalong/dist/rds-ca.pem', function: '/var/task/rds-ca.pem' };

/** How people, and files, reach the portal. */
export interface Addresses {
  portalUrl: string;
  assetBaseUrl: string;
  downloadUrl: string;
  cdnKeyPairId: string;
}

/**
 * Variables of the processes on one machine, without secrets. Values may name a field of a secret as `${FIELD}`:
 * infra/instance/install.mjs puts it in.
 */
export function processEnvironment(
  roles: readonly Role[],
  settings: Settings,
  data: Data,
  { portalUrl, assetBaseUrl, downloadUrl, cdnKeyPairId }: Addresses,
): Record<string, string> {
  const [files, ...mirrors] = fileBuckets(settings);
  return {
    NODE_ENV: 'production',
    AWS_REGION: settings.region,
    DATABASE_URL: databaseUrl(data, CERTIFICATES.machine),
    ...(data.queueHost && {
      REDIS_URL: Fn.join('', ['rediss://:${QUEUE_TOKEN}@', data.queueHost, `:${PORTS.queue}`]),
    }),
    ...(roles.some((role) => role !== 'bot') && {
      S3_BUCKET: files?.bucket ?? '',
      ...(mirrors.length > 0 && {
        S3_MIRROR_BUCKETS: JSON.stringify(mirrors.map(({ bucket, region }) => ({ bucket, region }))),
      }),
    }),
    ...(roles.some((role) => role !== 'worker') && {
      PORTAL_URL: portalUrl,
      // Behind CloudFront, and of the large size behind the load balancer.
      HOST: '0.0.0.0',
      DRAIN_SECONDS: '15',
    }),
    ...(roles.includes('web') && {
      PORT: String(PORTS.portal),
      TRUST_PROXY_HOPS: settings.size === 'small' ? '1' : '2',
      ASSET_BASE_URL: assetBaseUrl,
      CDN_DOWNLOAD_URL: downloadUrl,
      CDN_KEY_PAIR_ID: cdnKeyPairId,
    }),
    ...(roles.includes('bot') && { BOT_PORT: String(PORTS.bot) }),
  };
}

/** Variables that both functions have. */
export function functionEnvironment(data: Data): Record<string, string> {
  return { NODE_ENV: 'production', DATABASE_URL: databaseUrl(data, CERTIFICATES.function) };
}

/** Without a password: each new connection asks the named secret for it, so that RDS may change it at any time. */
function databaseUrl({ database }: Data, certificates: string): string {
  const { dbInstanceEndpointAddress: host, dbInstanceEndpointPort: port } = database.instance;
  return Fn.join('', [
    `postgresql://${DATABASE_USER}@`,
    host,
    ':',
    port,
    `/${DATABASE_NAME}?sslmode=verify-full&sslrootcert=${certificates}&secret=`,
    database.secret.secretArn,
  ]);
}
