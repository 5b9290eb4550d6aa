import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { findNewMarks } from './find-new-marks.js';

const POLL_MS = 500;

const env = z
  .object({
    READY_EVENTS_ENDPOINT: z.url(),
    READY_EVENTS_BUCKET: z.string().min(1),
    READY_EVENTS_TARGET: z.url(),
    AWS_REGION: z.string().min(1),
  })
  .parse(process.env);

const client = new S3Client({
  region: env.AWS_REGION,
  endpoint: env.READY_EVENTS_ENDPOINT,
  forcePathStyle: true,
});
const known = new Map<string, number>();
let isStopping = false;
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) {
  process.on(signal, () => {
    isStopping = true;
  });
}

// What is there at the start was announced in an earlier run, or is old enough for the reconciler to mark again.
await findNewMarks(client, env.READY_EVENTS_BUCKET, known).catch(complain);
console.log(`ready ${env.READY_EVENTS_ENDPOINT}`);
// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- a signal sets it
while (!isStopping) {
  await sleep(POLL_MS);
  for (const key of await findNewMarks(client, env.READY_EVENTS_BUCKET, known).catch(complain))
    await announce(key);
}
process.exit(0);

/** Calls the function as storage would; a call that fails is left to the reconciler. */
async function announce(key: string): Promise<void> {
  const object = { key: encodeURIComponent(key).replaceAll('%2F', '/') };
  const record = {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: env.READY_EVENTS_BUCKET }, object },
  };
  await fetch(env.READY_EVENTS_TARGET, {
    method: 'POST',
    headers: { 'X-Amz-Invocation-Type': 'Event' },
    body: JSON.stringify({ Records: [record] }),
  }).catch(complain);
}

function complain(error: unknown): [] {
  console.error(
    `storage or Lambda did not answer: ${error instanceof Error ? error.message : String(error)}`,
  );
  return [];
}
