import type { Settings, Size } from './settings.js';

/** One line of what a month costs. */
export interface CostLine {
  part: string;
  /** How many of what. */
  count: number;
  unit: string;
  unitUsd: number;
}

const HOURS = 730;

/**
 * What a month costs in us-east-1, before taxes and the free months of a new account: list prices as known in 2026,
 * good for ±25 %. Small: 1,000 files of 5 MB and 3,000 mails; ha: 10,000 of 20 MB and 50,000. CloudFront gives away
 * the first TB of downloads.
 */
export function costOf({ size, queue }: Pick<Settings, 'size' | 'queue'>, hasSite: boolean): CostLine[] {
  return [
    ...machines[size],
    { part: 'public addresses of machines', ...hourly(size === 'small' ? 1 : 6, 0.005) },
    { part: 'disks of machines, 12 GB each', count: size === 'small' ? 12 : 72, unit: 'GB', unitUsd: 0.08 },
    ...(size === 'ha'
      ? [
          { part: 'load balancer', ...hourly(1, 0.0225 + 0.008) },
          { part: 'endpoints for SES and Secrets Manager, in two zones', ...hourly(4, 0.01) },
        ]
      : []),
    size === 'small'
      ? { part: 'database, db.t4g.micro', ...hourly(1, 0.016) }
      : { part: 'database, db.t4g.medium in two zones', ...hourly(1, 0.129) },
    { part: 'disk of the database', count: 20, unit: 'GB', unitUsd: size === 'small' ? 0.115 : 0.23 },
    ...(queue === 'redis' ? [{ part: 'queue, cache.t4g.micro in two zones', ...hourly(2, 0.0128) }] : []),
    { part: 'keys', count: size === 'small' ? 1 : 2, unit: 'keys', unitUsd: 1 },
    { part: 'secrets', count: queue === 'redis' ? 6 : 5, unit: 'secrets', unitUsd: 0.4 },
    {
      part: 'reading the password of the database',
      count: size === 'small' ? 13 : 40,
      unit: '10,000',
      unitUsd: 0.05,
    },
    { part: 'alarms past the first ten', count: ALARMS[size] - 10, unit: 'alarms', unitUsd: 0.1 },
    { part: 'logs', count: size === 'small' ? 2 : 10, unit: 'GB', unitUsd: 0.5 },
    { part: 'files, all copies', count: size === 'small' ? 20 : 100, unit: 'GB', unitUsd: 0.023 },
    { part: 'requests to S3', count: size === 'small' ? 20 : 200, unit: '1,000', unitUsd: 0.005 },
    ...(size === 'ha'
      ? [{ part: 'copies to the second region', count: 200, unit: 'GB', unitUsd: 0.02 }]
      : []),
    { part: 'mails', count: size === 'small' ? 3 : 50, unit: '1,000', unitUsd: 0.1 },
    ...(hasSite ? [{ part: 'zone of the domain', count: 1, unit: 'zone', unitUsd: 0.5 }] : []),
  ];
}

/** How many alarms there are. */
export const ALARMS: Record<Size, number> = { small: 12, ha: 15 };

export function totalUsd(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { count, unitUsd }) => sum + count * unitUsd, 0);
}

/** The lines as a table with their sum, for a terminal. */
export function describeCost(lines: readonly CostLine[]): string {
  const row = (part: string, quantity: string, usd: number): string =>
    `  ${part.padEnd(54)}${quantity.padStart(16)}${usd.toFixed(2).padStart(10)}`;
  return [
    ...lines.map(({ part, count, unit, unitUsd }) => row(part, `${count} ${unit}`, count * unitUsd)),
    row('a month in US dollars, ±25 %', '', totalUsd(lines)),
  ].join('\n');
}

const machines: Record<Size, CostLine[]> = {
  small: [{ part: 'machine, t4g.small', ...hourly(1, 0.0168) }],
  ha: [
    { part: 'portals, t4g.small', ...hourly(2, 0.0168) },
    { part: 'workers, t4g.medium', ...hourly(2, 0.0336) },
    { part: 'bots, t4g.micro', ...hourly(2, 0.0084) },
  ],
};

function hourly(count: number, usdPerHour: number): Omit<CostLine, 'part'> {
  return { count, unit: count === 1 ? 'month' : 'months', unitUsd: usdPerHour * HOURS };
}
