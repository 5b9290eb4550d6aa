import { parseArgs } from 'node:util';
import type { Size } from '../settings.js';

/** What an operator asks for. */
export interface DeployOptions {
  size: Size;
  region: string | null;
  replicaRegion: string | null;
  domain: string | null;
  mailFrom: string | null;
  alarmEmail: string | null;
  queue: 'redis' | 'postgres';
  budgetUsd: number | null;
  generation: number;
  /** Only says what would be done. */
  isPlan: boolean;
}

const USAGE = `npm run deploy -- --size small|ha [--region R] [--domain share.example.com]
    [--mail-from share@example.com] [--alarm-email ops@example.com] [--replica-region R]
    [--queue redis|postgres] [--budget USD] [--generation N] [--plan]`;

/** @throws Error with the usage where an option is unknown or wrong */
export function readDeployOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DeployOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        ...{ size: text, region: text, domain: text, queue: text, budget: text, generation: text },
        ...{ 'mail-from': text, 'alarm-email': text, 'replica-region': text },
        ...{ plan: flag, 'dry-run': flag },
      },
    }));
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`, { cause: error });
  }
  const size = values.size;
  if (size !== 'small' && size !== 'ha') throw new Error(`--size must be small or ha\n${USAGE}`);
  const queue = values.queue ?? (size === 'ha' ? 'redis' : 'postgres');
  if (queue !== 'redis' && queue !== 'postgres')
    throw new Error(`--queue must be redis or postgres\n${USAGE}`);
  const number = (name: 'budget' | 'generation'): number | null => {
    const given = values[name];
    if (given === undefined) return null;
    if (!/^[1-9]\d*$/.test(given)) throw new Error(`--${name} must be a whole number\n${USAGE}`);
    return Number(given);
  };
  const domain = values.domain ?? null;
  return {
    size,
    queue,
    domain,
    region: values.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? null,
    replicaRegion: values['replica-region'] ?? null,
    mailFrom: values['mail-from'] ?? (domain ? `passalong@${domain}` : null),
    alarmEmail: values['alarm-email'] ?? null,
    budgetUsd: number('budget'),
    generation: number('generation') ?? 1,
    isPlan: Boolean(values.plan ?? values['dry-run']),
  };
}
