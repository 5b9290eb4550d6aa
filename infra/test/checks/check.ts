import type { Size } from '../../settings.js';
import type { Synthesis } from '../synthesize.js';

/** One thing that must hold of the templates. `run` throws where it does not. */
export interface Check {
  says: string;
  sizes: readonly Size[];
  run: (synthesis: Synthesis) => void;
}

/** Of both sizes. */
export function always(says: string, run: Check['run']): Check {
  return { says, sizes: ['small', 'ha'], run };
}

export function only(size: Size, says: string, run: Check['run']): Check {
  return { says, sizes: [size], run };
}
