import { call } from '../../local/demo/entrance.js';
import type { TestStack } from './start-stack.js';

/** Where each member's storage listens, by the member's name. */
export function storageOf({ productEnv }: TestStack): Record<string, string> {
  const { S3_ENDPOINT = '', S3_MIRROR_BUCKETS = '[]' } = productEnv;
  const mirrors = JSON.parse(S3_MIRROR_BUCKETS) as { name: string; endpoint: string }[];
  return Object.fromEntries([
    ['the primary', S3_ENDPOINT],
    ...mirrors.map(({ name, endpoint }) => [name, endpoint] as const),
  ]);
}

/** Every request to the member fails, or none any more. The supervisor would start a killed one again. */
export async function setStorage(stack: TestStack, member: string, to: 'up' | 'down'): Promise<void> {
  const faults = { failBuckets: to === 'down' ? { passalong: 'down' } : {} };
  const headers = { 'content-type': 'application/json' };
  await call(`${storageOf(stack)[member]}/_control/faults`, {
    method: 'PUT',
    body: JSON.stringify(faults),
    headers,
  });
}
