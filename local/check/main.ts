import { checkRedis } from './check-redis.js';
import { checkStorage } from './check-storage.js';

// What is configured to be elsewhere is tried before anything starts: a stack whose queue or storage cannot work
// would come up and look well.
const { REDIS_URL, S3_ENDPOINT, S3_BUCKET = '', AWS_REGION = '' } = process.env;
const storage = S3_ENDPOINT ? { endpoint: S3_ENDPOINT, bucket: S3_BUCKET, region: AWS_REGION } : null;
const findings = await Promise.all([
  REDIS_URL ? checkRedis(REDIS_URL) : null,
  storage && checkStorage(storage),
]);
const lines = findings.filter((finding) => finding !== null);
for (const line of lines) console.error(line);
process.exit(lines.length === 0 ? 0 : 1);
