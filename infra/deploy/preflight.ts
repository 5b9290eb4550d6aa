import type { Cloud } from './cloud.js';
import type { DeployOptions } from './deploy-options.js';

/** What is built and deployed: where each lies, and the command that makes it. */
export interface Built {
  path: string;
  command: string;
  isThere: boolean;
}

export interface Preflight {
  /** Each with what to do about it; with any, nothing is begun. */
  problems: string[];
  /** What will work, but not as somebody may expect. */
  notes: string[];
  /** For the CDK, as far as it could be found. */
  context: Record<string, string>;
}

/** Ten are set apart for mailing, and AWS wants a hundred left for the rest. */
const FUNCTIONS_NEEDED = 110;

/**
 * Looks at everything that a deployment needs before it begins, so that what is missing is said at once and not piece
 * by piece by failures in the middle. Changes nothing.
 */
export async function preflight(
  cloud: Cloud,
  options: DeployOptions,
  built: readonly Built[],
): Promise<Preflight> {
  const found: Preflight = { problems: [], notes: [], context: {} };
  lookAtOptions(options, found);
  for (const { path, command, isThere } of built) {
    if (!isThere) found.problems.push(`${path} is not built. Run: ${command}`);
  }
  if (options.region === null) {
    found.problems.push('No region is chosen. Add --region eu-central-1, or set AWS_REGION.');
    return found;
  }
  const account = await cloud.findAccount();
  if (account === null) {
    found.problems.push(
      'No AWS credentials work. Run: aws configure sso (or aws configure), then: aws sts get-caller-identity',
    );
    return found;
  }
  found.context['account'] = account;
  await Promise.all([
    lookAtRegion(cloud, options.region, found),
    lookAtBootstrap(cloud, options, account, found),
    lookAtDomain(cloud, options, found),
    lookAtMail(cloud, options, found),
    lookAtFunctions(cloud, found),
  ]);
  return found;
}

function lookAtOptions(options: DeployOptions, { problems, context }: Preflight): void {
  const { size, region, replicaRegion, domain, mailFrom, alarmEmail, queue, budgetUsd, generation } = options;
  if (!alarmEmail) problems.push('Nobody would hear alarms. Add --alarm-email you@example.com');
  if (!mailFrom)
    problems.push('No sender of mails is named. Add --mail-from share@example.com, or --domain.');
  if (size === 'ha' && !domain) {
    problems.push('Two zones are served under your own name. Add --domain share.example.com');
  }
  if (size === 'ha' && !replicaRegion) {
    problems.push('The second copy of files needs a region of its own. Add --replica-region eu-west-1');
  }
  if (replicaRegion && replicaRegion === region) {
    problems.push('--replica-region must differ from --region: it is for the day on which that one is down.');
  }
  Object.assign(context, {
    ...{ size, queue, generation: String(generation) },
    ...(region && { region }),
    ...(size === 'ha' && replicaRegion && { replicaRegion }),
    ...(mailFrom && { mailFrom }),
    ...(alarmEmail && { alarmEmail }),
    ...(budgetUsd && { budgetUsd: String(budgetUsd) }),
  });
}

async function lookAtRegion(cloud: Cloud, region: string, { problems, context }: Preflight): Promise<void> {
  const [zones, prefixList] = await Promise.all([cloud.listZones(), cloud.findCloudFrontPrefixList()]);
  if (zones.length < 2)
    problems.push(`${region} has fewer than two zones for this account. Choose another --region.`);
  else context['zones'] = zones.slice(0, 2).join(',');
  if (prefixList) context['cloudFrontPrefixList'] = prefixList;
  else problems.push(`CloudFront's addresses are not known in ${region}. Choose another --region.`);
}

async function lookAtBootstrap(
  cloud: Cloud,
  { region, replicaRegion, domain, size }: DeployOptions,
  account: string,
  { problems }: Preflight,
): Promise<void> {
  const regions = [region, size === 'ha' ? replicaRegion : null, domain ? 'us-east-1' : null];
  const needed = [...new Set(regions.filter((each) => each !== null))];
  const states = await Promise.all(needed.map((each) => cloud.isBootstrapped(each)));
  const missing = needed.filter((_, index) => !states[index]).map((each) => `aws://${account}/${each}`);
  if (missing.length === 0) return;
  problems.push(
    `The CDK has no place to put files in. Run: npm exec --prefix infra -- cdk bootstrap ${missing.join(' ')}`,
  );
}

async function lookAtDomain(cloud: Cloud, { domain }: DeployOptions, found: Preflight): Promise<void> {
  if (!domain) {
    found.notes.push('Without --domain the portal is reached by a name that CloudFront makes up.');
    return;
  }
  const zone = await cloud.findHostedZone(domain);
  if (zone) Object.assign(found.context, { domain, ...zone });
  else {
    found.problems.push(
      `Route 53 has no public zone for ${domain}. Make one, and have your registrar name its servers: aws route53 create-hosted-zone --name ${domain} --caller-reference first`,
    );
  }
}

async function lookAtMail(cloud: Cloud, { mailFrom }: DeployOptions, found: Preflight): Promise<void> {
  const { isSandbox, mailsPerSecond } = await cloud.findMailQuota();
  found.context['mailsPerSecond'] = String(Math.max(1, Math.floor(mailsPerSecond)));
  if (!isSandbox) return;
  found.notes.push(
    `SES is in its sandbox here: it mails ${mailsPerSecond} a second, 200 a day, and only to addresses that were verified. Ask for production access once the first mail has arrived (docs/deploy-aws.md); until then people copy links.`,
  );
  if (mailFrom)
    found.notes.push(`AWS may mail ${mailFrom} a link that has to be pressed before it may send.`);
}

async function lookAtFunctions(cloud: Cloud, { notes, context }: Preflight): Promise<void> {
  const quota = await cloud.findFunctionQuota();
  context['reservesFunctions'] = String(quota >= FUNCTIONS_NEEDED);
  if (quota >= FUNCTIONS_NEEDED) return;
  notes.push(
    `Lambda runs ${quota} functions at once in this account, too few to set ten apart for mails. It works without; ask for more in Service Quotas (Concurrent executions).`,
  );
}
