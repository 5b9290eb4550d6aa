import { describe, expect, it } from 'vitest';
import { rightsOf } from './rights.js';
import { synthesisOf } from './synthesize.js';

describe('the rights of every role, key, bucket, topic and queue', () => {
  it.each(['small', 'ha'] as const)('are those that were looked at last: %s', async (size) => {
    const rights = JSON.stringify(rightsOf(synthesisOf(size).templates), null, 2);
    // Where a change is meant: npx vitest run -u, and read the difference.
    await expect(`${rights}\n`).toMatchFileSnapshot(`iam/${size}.json`);
  });
});
