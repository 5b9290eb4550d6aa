import { accessChecks } from './access.js';
import type { Check } from './check.js';
import { dataChecks } from './data.js';
import { edgeChecks } from './edge.js';
import { functionChecks } from './functions.js';
import { markChecks } from './marks.js';
import { networkChecks } from './network.js';
import { releaseChecks } from './release.js';
import { watchChecks } from './watch.js';

/** All that must hold of the templates, by subject. */
export const checks: readonly Check[] = [
  ...markChecks,
  ...functionChecks,
  ...accessChecks,
  ...networkChecks,
  ...dataChecks,
  ...releaseChecks,
  ...edgeChecks,
  ...watchChecks,
];
