import type { Cloud } from '../deploy/cloud.js';
import { bucketNames, DATABASE_ID, STACKS } from '../names.js';

export interface DestroyDeps {
  cloud: Cloud;
  print: (text: string) => void;
  /** What the operator types. */
  ask: (question: string) => Promise<string>;
}

export interface DestroyOptions {
  region: string | null;
  replicaRegion: string | null;
}

const APP_WORDS = 'destroy passalong';

/**
 * Removes a deployment: first what can be made anew, then, after words that name the account, all data. Safe to run
 * again after it was stopped anywhere.
 * @returns the exit code: 1 where it could not begin
 */
export async function destroy({ cloud, print, ask }: DestroyDeps, options: DestroyOptions): Promise<number> {
  const account = await cloud.findAccount();
  const { region } = options;
  if (account === null || region === null) {
    if (account === null) print('No AWS credentials work. Run: aws configure sso (or aws configure)');
    if (region === null) print('No region is chosen. Add --region eu-central-1, or set AWS_REGION.');
    return 1;
  }
  if (await cloud.hasStack(STACKS.app, region)) {
    print(`${STACKS.app} in ${region} of ${account}: machines, functions, mail, CloudFront, alarms.`);
    print('Links that were mailed stop working. Files and accounts stay for now.');
    if ((await ask(`Type "${APP_WORDS}" to remove it: `)) !== APP_WORDS) {
      print('Nothing was removed.');
      return 0;
    }
    await cloud.deleteStack(STACKS.app, region);
    print(`${STACKS.app} is removed.`);
  }
  const dataWords = `delete all data of ${account}`;
  print(`\n${STACKS.data}: the database with its backups, every file with its versions, every secret.`);
  print('They cannot be had back, and cost money while they stay.');
  if ((await ask(`Type "${dataWords}" to delete them: `)) !== dataWords) {
    print('The data stays. Run this again to delete it, or npm run deploy to use it.');
    return 0;
  }
  await deleteData({ cloud, print }, { account, region, replicaRegion: options.replicaRegion });
  print('Everything is removed. Keys are deleted by AWS after 30 days. The bucket of cdk bootstrap stays.');
  return 0;
}

async function deleteData(
  { cloud, print }: Pick<DestroyDeps, 'cloud' | 'print'>,
  { account, region, replicaRegion }: { account: string; region: string; replicaRegion: string | null },
): Promise<void> {
  await cloud.unprotectDatabase(DATABASE_ID);
  const regions = replicaRegion === null ? [region] : [region, replicaRegion];
  for (const each of regions) {
    for (const nameOf of Object.values(bucketNames)) {
      await cloud.deleteBucket(nameOf({ account, region: each }), each);
    }
    print(`Buckets in ${each} are deleted.`);
  }
  const stacks = [
    ...(replicaRegion === null ? [] : [[STACKS.replica, replicaRegion] as const]),
    [STACKS.data, region] as const,
    [STACKS.certificate, 'us-east-1'] as const,
  ];
  for (const [stack, where] of stacks) {
    if (!(await cloud.hasStack(stack, where))) continue;
    await cloud.deleteStack(stack, where);
    print(`${stack} is removed.`);
  }
  await cloud.deleteBackups(DATABASE_ID);
  print('Backups of the database are deleted.');
}
