import type { Pool } from 'pg';
import type { Deps } from '../core/ports.js';
import type { Assets } from './assets.js';

/** Everything that the portal is built from; each route takes what it needs. */
export type WebDeps = Pick<
  Deps,
  | 'db'
  | 'queue'
  | 'log'
  | 'limits'
  | 'linkSecrets'
  | 'passwords'
  | 'rates'
  | 'marks'
  | 'uploads'
  | 'signer'
  | 'timings'
> & {
  /** Holds the sessions, and answers whether the database is there. */
  pool: Pool;
  /** Where people reach the portal, without a slash at the end. */
  portalUrl: string;
  sessionSecret: string;
  /** Where browsers send uploads and fetch downloads. */
  storageOrigins: readonly string[];
  /** In front of storage's downloads, where there is one. */
  cdnOrigin: string | null;
  assets: Assets;
  /** Proxies in front of us whose `X-Forwarded-*` is believed. */
  trustProxyHops: number;
  /** True once the process is asked to stop: balancers then send nobody here. */
  isDraining: () => boolean;
};
