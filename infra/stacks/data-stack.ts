import { Stack, type App } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { MARKS_BUS, STACKS } from '../names.js';
import { createDatabase, type Database } from '../parts/database.js';
import { createEncryptionKey } from '../parts/encryption-key.js';
import { createNetwork, type Network } from '../parts/network.js';
import { createQueue } from '../parts/queue.js';
import { createSecrets, type Secrets } from '../parts/secrets.js';
import { createAssetsBucket, createFilesBucket, createLogBucket } from '../parts/storage.js';
import type { Settings } from '../settings.js';

/** What the application is handed of the stack that outlives it. */
export interface Data {
  stack: Stack;
  network: Network;
  key: kms.IKey;
  database: Database;
  secrets: Secrets;
  /** Null where Postgres is the queue. */
  queueHost: string | null;
}

/** Everything that is lost when it is deleted. It changes rarely, and destroying the application leaves it alone. */
export function createDataStack(app: App, settings: Settings): Data {
  const { account, region } = settings;
  const stack = new Stack(app, STACKS.data, { env: { account, region }, terminationProtection: true });
  // The CDK would ask the account for its zones, even where it is told.
  stack.node.setContext(`availability-zones:account=${account}:region=${region}`, settings.zones);
  const key = createEncryptionKey(stack, 'Key', 'alias/passalong');
  const network = createNetwork(stack, settings);
  const logs = createLogBucket(stack, settings);
  createFilesBucket(stack, settings, { key, logs, origin: portalOrigin(settings) });
  createAssetsBucket(stack, settings, logs);
  const secrets = createSecrets(stack, settings, key);
  const database = createDatabase(stack, settings, network, key);
  const queueHost = secrets.queue && createQueue(stack, network, { key, secret: secrets.queue });
  if (settings.replicaRegion) new events.EventBus(stack, 'MarksBus', { eventBusName: MARKS_BUS });
  return { stack, network, key, database, secrets, queueHost };
}

/** Where browsers upload from. CloudFront's own name for the portal is not known before the application is made. */
export function portalOrigin({ site }: Pick<Settings, 'site'>): string {
  return site ? `https://${site.name}` : 'https://*.cloudfront.net';
}
