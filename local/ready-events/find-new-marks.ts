import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

const PREFIXES = ['mails/', 'shares/'];

/**
 * Keys that end in `/ready` and are new or were written again since the last look, for storage that sends no
 * events of its own. `known` (key to time) is brought up to date.
 */
export async function findNewMarks(
  client: S3Client,
  bucket: string,
  known: Map<string, number>,
): Promise<string[]> {
  const found: string[] = [];
  for (const prefix of PREFIXES) {
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(token ? { ContinuationToken: token } : {}),
        }),
      );
      for (const { Key = '', LastModified } of page.Contents ?? []) {
        const at = LastModified?.getTime() ?? 0;
        if (!Key.endsWith('/ready') || known.get(Key) === at) continue;
        known.set(Key, at);
        found.push(Key);
      }
      token = page.NextContinuationToken;
    } while (token);
  }
  return found;
}
