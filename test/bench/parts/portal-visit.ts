import type { BenchFile } from './files.js';

/** Somebody who has signed in to the portal, and who leaves with `close`. */
export interface PortalVisit {
  /** Shares one file with one address; resolves once all of it has arrived in storage. */
  upload(file: BenchFile, email: string): Promise<void>;
  close(): Promise<void>;
}
