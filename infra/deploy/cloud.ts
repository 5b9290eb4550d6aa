/** The few things that deploying and destroying ask of an AWS account, in our words; tests have a double of it. */
export interface Cloud {
  /** Null where there are no credentials, or none that work. */
  findAccount(): Promise<string | null>;
  /** Zones of the region that take new machines, in order. */
  listZones(): Promise<string[]>;
  /** Of the addresses from which CloudFront reaches origins. */
  findCloudFrontPrefixList(): Promise<string | null>;
  isBootstrapped(region: string): Promise<boolean>;
  /** The public zone in Route 53 that a name belongs to: its own, or one above it. */
  findHostedZone(name: string): Promise<{ zoneId: string; zoneName: string } | null>;
  findMailQuota(): Promise<{ isSandbox: boolean; mailsPerSecond: number }>;
  /** How many functions of the account may run at once. */
  findFunctionQuota(): Promise<number>;
  /** Null where the secret is not there. */
  readSecret(name: string): Promise<string | null>;
  writeSecret(name: string, text: string): Promise<void>;
  findOutput(stack: string, region: string, output: string): Promise<string | null>;
  hasStack(stack: string, region: string): Promise<boolean>;
  /** Takes protection off a stack and deletes it, and waits. @throws Error that says what kept it */
  deleteStack(stack: string, region: string): Promise<void>;
  /** Lets a database be deleted; nothing where it is not there. */
  unprotectDatabase(id: string): Promise<void>;
  /** Snapshots and kept backups of a database that is gone; nothing where there are none. */
  deleteBackups(id: string): Promise<void>;
  /** All versions of all objects, and the bucket; nothing where it is not there. */
  deleteBucket(name: string, region: string): Promise<void>;
}
