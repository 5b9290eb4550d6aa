import {
  DeleteDBInstanceAutomatedBackupCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBInstanceCommand,
  RDSClient,
} from '@aws-sdk/client-rds';

/** Lets a database be deleted; nothing where it is not there. */
export async function unprotectDatabase(region: string, id: string): Promise<void> {
  const command = new ModifyDBInstanceCommand({
    DBInstanceIdentifier: id,
    DeletionProtection: false,
    ApplyImmediately: true,
  });
  try {
    await new RDSClient({ region }).send(command);
  } catch (error) {
    if (!(error instanceof Error && error.name.startsWith('DBInstanceNotFound'))) throw error;
  }
}

/** Snapshots that were made by hand or as it was deleted, and the backups of its last 14 days. */
export async function deleteBackups(region: string, id: string): Promise<void> {
  const client = new RDSClient({ region });
  const { DBSnapshots = [] } = await client.send(
    new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: id, SnapshotType: 'manual' }),
  );
  for (const { DBSnapshotIdentifier } of DBSnapshots) {
    await client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier }));
  }
  const { DBInstanceAutomatedBackups = [] } = await client.send(
    new DescribeDBInstanceAutomatedBackupsCommand({ DBInstanceIdentifier: id }),
  );
  for (const { DbiResourceId } of DBInstanceAutomatedBackups) {
    await client.send(new DeleteDBInstanceAutomatedBackupCommand({ DbiResourceId }));
  }
}
