import type { Settings } from './settings.js';

/** The stacks, in the order in which they are made. */
export const STACKS = {
  certificate: 'passalong-certificate',
  data: 'passalong-data',
  replica: 'passalong-replica',
  app: 'passalong-app',
} as const;

/** Where the second region's events arrive. */
export const MARKS_BUS = 'passalong-marks';

/** The alias of the key that the second region's bucket is encrypted with. */
export const REPLICA_KEY_ALIAS = 'alias/passalong-replica';

/** Told apart by account and region, since the names of buckets are the whole world's. */
export const bucketNames = {
  files: ({ account, region }: Place) => `passalong-files-${account}-${region}`,
  assets: ({ account, region }: Place) => `passalong-assets-${account}-${region}`,
  logs: ({ account, region }: Place) => `passalong-logs-${account}-${region}`,
} as const;

type Place = Pick<Settings, 'account' | 'region'>;

/** The database's own name: its backups bear it, and what would make another beside it fails. */
export const DATABASE_ID = 'passalong';

/** Names of the secrets, by whom they concern. */
export const SECRETS = {
  links: 'passalong/links',
  sessions: 'passalong/sessions',
  chat: 'passalong/chat',
  cdn: 'passalong/cdn',
  queue: 'passalong/queue',
} as const;
