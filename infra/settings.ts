/** How large a deployment is: one instance, or two zones of everything. */
export type Size = 'small' | 'ha';

/** The portal's own name, its zone in Route 53, and the certificate that CloudFront shows for it. */
export interface Site {
  name: string;
  zoneId: string;
  zoneName: string;
  /** In us-east-1, where CloudFront looks for it; null until the certificate's own stack has made it. */
  certificateArn: string | null;
}

/** Everything that differs between two deployments. */
export interface Settings {
  size: Size;
  queue: 'redis' | 'postgres';
  account: string;
  region: string;
  zones: readonly [string, string];
  /** Where the second bucket lives; null: there is none. */
  replicaRegion: string | null;
  /** Null: the portal is reached by CloudFront's name for it. */
  site: Site | null;
  /** The address of every From line. */
  mailFrom: string;
  /** Who hears of alarms and of costs. */
  alarmEmail: string;
  budgetUsd: number;
  /** The addresses from which CloudFront reaches origins, as EC2 names their list in this region. */
  cloudFrontPrefixList: string;
  /** Verifies the signatures of downloads. PEM. */
  cdnPublicKey: string;
  /** SES sends so many mails a second. */
  mailsPerSecond: number;
  /** False where the account's whole quota of functions at once is too small to set any apart. */
  reservesFunctions: boolean;
  /** Raised to replace the single instance of the small size. */
  generation: number;
  /** What is deployed: the artefact, and the folders of the functions' zips and of the portal's assets. */
  artefactPath: string;
  functionsPath: string;
  assetsPath: string;
}

/** The smallest sum that a month of each size stays below, by infra/cost.ts. */
const BUDGET_USD: Record<Size, number> = { small: 45, ha: 350 };

/**
 * Reads the context that `npm run deploy` hands to the CDK.
 * @throws Error that names everything that is missing or wrong at once
 */
export function readSettings(context: (name: string) => unknown): Settings {
  const problems: string[] = [];
  const optional = (name: string): string | null => {
    const value = context(name);
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const required = (name: string, pattern = /./): string => {
    const value = optional(name);
    if (value !== null && pattern.test(value)) return value;
    problems.push(value === null ? `${name} is missing` : `${name} is not right: ${value}`);
    return '';
  };
  const oneOf = <T extends string>(name: string, allowed: readonly [T, ...T[]], standard?: T): T => {
    const value = optional(name) ?? standard;
    const found = allowed.find((each) => each === value);
    if (found === undefined) problems.push(`${name} must be one of ${allowed.join(', ')}`);
    return found ?? allowed[0];
  };
  const count = (name: string, standard: number): number => {
    const value = Number(optional(name) ?? standard);
    if (!(value > 0)) problems.push(`${name} must be a positive number`);
    return value;
  };

  const size = oneOf('size', ['small', 'ha'] as const);
  const region = required('region', /^[a-z]{2}(-[a-z]+)+-\d$/);
  const [firstZone = '', secondZone = ''] = (optional('zones') ?? `${region}a,${region}b`).split(',');
  const siteName = optional('domain');
  const settings: Settings = {
    size,
    queue: oneOf('queue', ['redis', 'postgres'] as const, size === 'ha' ? 'redis' : 'postgres'),
    account: required('account', /^\d{12}$/),
    region,
    zones: [firstZone, secondZone],
    replicaRegion: size === 'ha' ? required('replicaRegion') : null,
    site: siteName
      ? {
          name: siteName,
          zoneId: required('zoneId'),
          zoneName: required('zoneName'),
          certificateArn: optional('certificateArn'),
        }
      : null,
    mailFrom: required('mailFrom', /^[^@\s]+@[^@\s]+$/),
    alarmEmail: required('alarmEmail', /^[^@\s]+@[^@\s]+$/),
    budgetUsd: count('budgetUsd', BUDGET_USD[size]),
    cloudFrontPrefixList: required('cloudFrontPrefixList', /^pl-[0-9a-f]+$/),
    cdnPublicKey: required('cdnPublicKey', /^-----BEGIN PUBLIC KEY-----/),
    mailsPerSecond: count('mailsPerSecond', 1),
    reservesFunctions: oneOf('reservesFunctions', ['true', 'false'] as const, 'true') === 'true',
    generation: count('generation', 1),
    artefactPath: required('artefact'),
    functionsPath: required('functions'),
    assetsPath: required('assets'),
  };
  if (size === 'ha' && !siteName)
    problems.push('domain is missing: two zones are served under your own name');
  if (settings.replicaRegion === region) problems.push('replicaRegion must differ from region');
  if (problems.length > 0) {
    throw new Error(`The settings are not right:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
  }
  return settings;
}
