import { describe, it } from 'vitest';
import { checks } from './checks/checks.js';
import { synthesisOf } from './synthesize.js';

describe.each(['small', 'ha'] as const)('in the size %s', (size) => {
  it.each(checks.filter(({ sizes }) => sizes.includes(size)))('$says', ({ run }) => {
    run(synthesisOf(size));
  });
});
