import { prepareBucket } from '../../adapters/prepare-bucket.js';
import { createS3Client } from '../../adapters/s3.js';
import { environment, readEnv, storageFrom } from '../../core/config.js';

try {
  const { PORTAL_URL } = environment.links;
  const env = readEnv({ ...environment.runtime, ...environment.storage, PORTAL_URL }, process.env);
  for (const options of storageFrom(env)) {
    const origin = new URL(env.PORTAL_URL).origin;
    const said = await prepareBucket(createS3Client(options), options.bucket, origin);
    for (const sentence of said) console.log(sentence);
  }
} catch (error) {
  console.error(`The bucket was not prepared: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
