import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  UpdateTerminationProtectionCommand,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeAvailabilityZonesCommand,
  DescribeManagedPrefixListsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListHostedZonesByNameCommand, Route53Client } from '@aws-sdk/client-route-53';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GetAccountCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { deleteBackups, unprotectDatabase } from './aws-database.js';
import { deleteBucket } from './aws-bucket.js';
import type { Cloud } from './cloud.js';

/** CloudFront takes its time to let go of a network: an hour at most. */
const DELETED_WITHIN_SECONDS = 2 * 60 * 60;

/** The account that the operator's own credentials are for. */
export function createAwsCloud(region: string): Cloud {
  const own = { region };
  const find = <T>(work: Promise<T>, missing: string): Promise<T | null> =>
    work.catch((error: unknown) => {
      if (error instanceof Error && error.name === missing) return null;
      throw error;
    });
  const findStack = async (name: string, where: string) => {
    const client = new CloudFormationClient({ region: where });
    // A stack that is not there is a ValidationError.
    const found = await find(client.send(new DescribeStacksCommand({ StackName: name })), 'ValidationError');
    return found?.Stacks?.[0] ?? null;
  };
  return {
    async findAccount() {
      try {
        const { Account } = await new STSClient(own).send(new GetCallerIdentityCommand({}));
        return Account ?? null;
      } catch {
        return null;
      }
    },
    async listZones() {
      const { AvailabilityZones = [] } = await new EC2Client(own).send(
        new DescribeAvailabilityZonesCommand({
          Filters: [
            { Name: 'state', Values: ['available'] },
            { Name: 'zone-type', Values: ['availability-zone'] },
          ],
        }),
      );
      return AvailabilityZones.flatMap(({ ZoneName }) => ZoneName ?? []).sort();
    },
    async findCloudFrontPrefixList() {
      const name = 'com.amazonaws.global.cloudfront.origin-facing';
      const { PrefixLists = [] } = await new EC2Client(own).send(
        new DescribeManagedPrefixListsCommand({ Filters: [{ Name: 'prefix-list-name', Values: [name] }] }),
      );
      return PrefixLists[0]?.PrefixListId ?? null;
    },
    async isBootstrapped(where) {
      const parameter = new GetParameterCommand({ Name: '/cdk-bootstrap/hnb659fds/version' });
      return (await find(new SSMClient({ region: where }).send(parameter), 'ParameterNotFound')) !== null;
    },
    async findHostedZone(name) {
      const client = new Route53Client(own);
      for (const candidate of namesAbove(name)) {
        const { HostedZones = [] } = await client.send(
          new ListHostedZonesByNameCommand({ DNSName: candidate }),
        );
        const zone = HostedZones.find(({ Name, Config }) => Name === `${candidate}.` && !Config?.PrivateZone);
        if (zone?.Id) return { zoneId: zone.Id.replace('/hostedzone/', ''), zoneName: candidate };
      }
      return null;
    },
    async findMailQuota() {
      const { ProductionAccessEnabled, SendQuota } = await new SESv2Client(own).send(
        new GetAccountCommand({}),
      );
      return { isSandbox: ProductionAccessEnabled !== true, mailsPerSecond: SendQuota?.MaxSendRate ?? 1 };
    },
    async findFunctionQuota() {
      const { AccountLimit } = await new LambdaClient(own).send(new GetAccountSettingsCommand({}));
      return AccountLimit?.ConcurrentExecutions ?? 0;
    },
    async readSecret(name) {
      const command = new GetSecretValueCommand({ SecretId: name });
      const found = await find(new SecretsManagerClient(own).send(command), 'ResourceNotFoundException');
      return found?.SecretString ?? null;
    },
    async writeSecret(name, text) {
      await new SecretsManagerClient(own).send(
        new PutSecretValueCommand({ SecretId: name, SecretString: text }),
      );
    },
    async findOutput(stack, where, output) {
      const { Outputs = [] } = (await findStack(stack, where)) ?? {};
      return Outputs.find(({ OutputKey }) => OutputKey === output)?.OutputValue ?? null;
    },
    async hasStack(stack, where) {
      return (await findStack(stack, where)) !== null;
    },
    async deleteStack(stack, where) {
      const client = new CloudFormationClient({ region: where });
      const StackName = stack;
      await client.send(
        new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: false }),
      );
      await client.send(new DeleteStackCommand({ StackName }));
      await waitUntilStackDeleteComplete({ client, maxWaitTime: DELETED_WITHIN_SECONDS }, { StackName });
    },
    unprotectDatabase: (id) => unprotectDatabase(region, id),
    deleteBackups: (id) => deleteBackups(region, id),
    deleteBucket,
  };
}

/** `a.b.example.com`, `b.example.com`, `example.com`. */
function namesAbove(name: string): string[] {
  const labels = name.split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}
