import { costOf, describeCost } from '../cost.js';
import { STACKS } from '../names.js';
import { findCdnKey, keepCdnKey } from './cdn-key.js';
import type { Cloud } from './cloud.js';
import type { DeployOptions } from './deploy-options.js';
import { preflight, type Built, type Preflight } from './preflight.js';

export interface DeployDeps {
  cloud: Cloud;
  built: readonly Built[];
  /** Context for the CDK that does not depend on the account: where things lie. */
  paths: Readonly<Record<string, string>>;
  /** Runs the CDK's command. @throws Error where it fails */
  cdk: (args: readonly string[]) => Promise<void>;
  print: (text: string) => void;
}

/**
 * Deploys, or says what it would do. Safe to run again: each step finds what an earlier try has made.
 * @returns the exit code: 1 where something is missing
 */
export async function deploy(deps: DeployDeps, options: DeployOptions): Promise<number> {
  const { cloud, print } = deps;
  print(`What a month of the size ${options.size} costs, by infra/cost.ts:\n`);
  print(`${describeCost(costOf(options, options.domain !== null))}\n`);
  const found = await preflight(cloud, options, deps.built);
  printFindings(found, print);
  if (options.isPlan) {
    print(describeSteps(options));
    return 0;
  }
  if (found.problems.length > 0) {
    print('Nothing was begun.');
    return 1;
  }
  await run(deps, options, found);
  return 0;
}

async function run(deps: DeployDeps, options: DeployOptions, { context, notes }: Preflight): Promise<void> {
  const { cloud, cdk, print, paths } = deps;
  const key = await findCdnKey(cloud);
  const all: Record<string, string> = { ...context, ...paths, cdnPublicKey: key.publicKey };
  const make = (stacks: readonly string[]): Promise<void> =>
    cdk(['deploy', ...stacks, '--exclusively', '--require-approval', 'never', ...inContext(all)]);

  if (options.domain !== null) {
    await make([STACKS.certificate]);
    const certificateArn = await cloud.findOutput(STACKS.certificate, 'us-east-1', 'CertificateArn');
    if (certificateArn === null)
      throw new Error(`${STACKS.certificate} does not say which certificate it made`);
    all['certificateArn'] = certificateArn;
  }
  await make([STACKS.data]);
  if (options.size === 'ha') await make([STACKS.replica]);
  await keepCdnKey(cloud, key);
  await make([STACKS.app]);

  const portalUrl = await cloud.findOutput(STACKS.app, options.region ?? '', 'PortalUrl');
  print(`\nThe portal is at ${portalUrl ?? 'an address that CloudFormation does not say'}`);
  for (const note of notes) print(`- ${note}`);
  print('Next: docs/deploy-aws.md, "The first mail".');
}

function printFindings({ problems, notes }: Preflight, print: (text: string) => void): void {
  if (problems.length > 0) print(`Missing:\n${problems.map((line) => `- ${line}`).join('\n')}\n`);
  if (notes.length > 0) print(`To know:\n${notes.map((line) => `- ${line}`).join('\n')}\n`);
}

function describeSteps({ domain, size }: DeployOptions): string {
  const steps = [
    ...(domain ? [`${STACKS.certificate}: a certificate for ${domain}, in us-east-1`] : []),
    `${STACKS.data}: network, database, buckets, secrets, key`,
    ...(size === 'ha' ? [`${STACKS.replica}: the second bucket`] : []),
    'a pair of keys that downloads are signed with, unless there is one',
    `${STACKS.app}: machines, which migrate the database; then functions, mail, CloudFront, alarms`,
  ];
  return `It would make, or bring up to date:\n${steps.map((step, index) => `${index + 1}. ${step}`).join('\n')}`;
}

function inContext(context: Readonly<Record<string, string>>): string[] {
  return Object.entries(context).flatMap(([name, value]) => ['--context', `${name}=${value}`]);
}
