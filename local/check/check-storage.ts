import { HeadBucketCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';

const TIMEOUT_MS = 5_000;

/** What keeps a bucket from being used with the keys of the environment, in one line; null when it is there. */
export async function checkStorage(storage: {
  endpoint: string;
  bucket: string;
  region: string;
}): Promise<string | null> {
  const { endpoint, bucket, region } = storage;
  if (!/^https?:/.test(endpoint) || !URL.canParse(endpoint)) {
    return 'S3_ENDPOINT is no URL: it has the form http://127.0.0.1:9000.';
  }
  const requestHandler = {
    connectionTimeout: TIMEOUT_MS,
    requestTimeout: TIMEOUT_MS,
    throwOnRequestTimeout: true,
  };
  const client = new S3Client({ region, endpoint, forcePathStyle: true, maxAttempts: 1, requestHandler });
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    return null;
  } catch (error) {
    return describe(error, storage);
  } finally {
    client.destroy();
  }
}

/** An answer to HEAD has no body, so its status says all. */
function describe(error: unknown, { endpoint, bucket }: { endpoint: string; bucket: string }): string {
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  if (status === 404) {
    return `S3_BUCKET: there is no bucket "${bucket}" at ${endpoint}. Make it, or set S3_BUCKET to one that is there.`;
  }
  if (status === 401 || status === 403) {
    const advice = 'Set both to keys that may use it.';
    return `AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: ${endpoint} refuses them for the bucket "${bucket}" (${status}). ${advice}`;
  }
  const reason = status === undefined ? reasonOf(error) : `it answers ${status}`;
  const advice = 'Mend that, or set S3_ENDPOINT to another one; without it storage runs on this machine.';
  return `S3_ENDPOINT: the storage at ${endpoint} cannot be used (${reason}). ${advice}`;
}

/** Where a name has several addresses, Node's error says nothing but its code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ((error as NodeJS.ErrnoException).code ?? error.name);
}
