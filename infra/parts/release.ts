import type { Stack } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../settings.js';
import type { Data } from '../stacks/data-stack.js';
import { allow, allowMany, secretsOf, type Role } from './grants.js';

/** What is deployed: the product's artefact, and the scripts that install it on a machine. */
export interface Release {
  artefact: Asset;
  scripts: Asset;
}

export function createRelease(scope: Stack, settings: Settings): Release {
  return {
    artefact: new Asset(scope, 'Artefact', { path: settings.artefactPath }),
    scripts: new Asset(scope, 'InstanceScripts', {
      path: fileURLToPath(new URL('../instance', import.meta.url)),
    }),
  };
}

/** Reading the release, writing the log, and being managed by Systems Manager instead of by SSH. */
export function grantMachine(role: iam.Role, release: Release, log: logs.LogGroup): void {
  for (const asset of [release.artefact, release.scripts]) {
    allow(role, ['s3:GetObject'], [asset.bucket.arnForObjects(asset.s3ObjectKey)]);
  }
  log.grantWrite(role);
  // What the agent of Systems Manager needs; none of it can be narrowed to a resource.
  allowMany(
    role,
    'The agent of Systems Manager speaks of its own machine; AWS knows no ARN for it.',
    [
      ...['ssm:UpdateInstanceInformation', 'ssm:ListInstanceAssociations', 'ssm:ListAssociations'],
      ...['ssm:DescribeAssociation', 'ssm:GetDocument', 'ssm:DescribeDocument', 'ssm:GetManifest'],
      ...['ssm:UpdateAssociationStatus', 'ssm:UpdateInstanceAssociationStatus', 'ssm:PutInventory'],
      ...['ssm:PutComplianceItems', 'ssm:GetDeployablePatchSnapshotForInstance'],
      ...['ssmmessages:CreateControlChannel', 'ssmmessages:CreateDataChannel'],
      ...['ssmmessages:OpenControlChannel', 'ssmmessages:OpenDataChannel'],
      ...['ec2messages:AcknowledgeMessage', 'ec2messages:DeleteMessage', 'ec2messages:FailMessage'],
      ...['ec2messages:GetEndpoint', 'ec2messages:GetMessages', 'ec2messages:SendReply'],
    ],
    ['*'],
  );
}

/**
 * Shell lines that install the release and start the processes of `roles`: fetched from S3, by what Amazon Linux 2023
 * brings (the AWS CLI, tar, Python) and then by the artefact's own Node. Safe to run again; see infra/instance/.
 */
export function installCommands(
  scope: Stack,
  settings: Settings,
  data: Data,
  {
    release,
    roles,
    environment,
    log,
    group,
  }: {
    release: Release;
    roles: readonly Role[];
    environment: Record<string, string>;
    log: logs.LogGroup;
    /** The group that may end the machine; null where there is none. */
    group: string | null;
  },
): string[] {
  const version = release.artefact.assetHash.slice(0, 16);
  const plan = scope.toJsonString({
    version,
    region: settings.region,
    roles,
    environment,
    secrets: secretsOf(roles, data)
      .filter((secret) => secret !== data.database.secret)
      .map((secret) => secret.secretArn),
    logGroup: log.logGroupName,
    group,
  });
  const fetch = (asset: Asset, to: string): string =>
    `aws s3 cp --only-show-errors --region ${settings.region} ${asset.s3ObjectUrl} ${to}`;
  return [
    'set -euo pipefail',
    'umask 077',
    'work=$(mktemp -d)',
    `release=/opt/passalong-${version}`,
    fetch(release.scripts, '"$work/scripts.zip"'),
    'python3 -m zipfile -e "$work/scripts.zip" "$work/scripts"',
    'if [ ! -e "$release/.complete" ]; then',
    `  ${fetch(release.artefact, '"$work/artefact.tar.gz"')}`,
    '  rm -rf "$release" && mkdir -p -m 755 "$release"',
    '  tar -xzf "$work/artefact.tar.gz" -C "$release" --no-same-owner',
    '  touch "$release/.complete"',
    'fi',
    `cat > "$work/plan.json" <<'PLAN'`,
    plan,
    'PLAN',
    '"$release/bin/node" "$work/scripts/install.mjs" "$work/plan.json"',
    'rm -rf "$work"',
  ];
}
