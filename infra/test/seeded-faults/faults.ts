import { CfnResource, type Stack } from 'aws-cdk-lib';
import type { Size } from '../../settings.js';

/** A mistake that somebody could make in the stacks. */
export interface Fault {
  says: string;
  size: Size;
  seed: (stacks: Stack[]) => void;
}

const REPLACED = { Effect: 'Allow', Resource: '*' } as const;

export const faults: readonly Fault[] = [
  fault('small', 'the event is for another prefix', 'Custom::S3BucketNotifications', '', (each) => {
    each.addPropertyOverride(
      'NotificationConfiguration.LambdaFunctionConfigurations.0.Filter.Key.FilterRules.1.Value',
      'share/',
    );
  }),
  fault(
    'small',
    'the event is for every object, not for marks',
    'Custom::S3BucketNotifications',
    '',
    (each) => {
      each.addPropertyDeletionOverride('NotificationConfiguration.LambdaFunctionConfigurations.0.Filter');
    },
  ),
  fault('small', 'any bucket of anybody may start on-ready', 'AWS::Lambda::Permission', '', (each) => {
    each.addPropertyDeletionOverride('SourceArn');
    each.addPropertyDeletionOverride('SourceAccount');
  }),
  fault(
    'ha',
    'the second bucket tells nobody of its marks',
    'AWS::S3::Bucket',
    'passalong-replica/Files',
    (each) => {
      each.addPropertyDeletionOverride('NotificationConfiguration');
    },
  ),
  fault(
    'small',
    'on-ready has no right to its network interfaces',
    'AWS::IAM::Policy',
    'OnReadyRole',
    (each) => {
      each.addPropertyOverride('PolicyDocument.Statement.1', { ...REPLACED, Action: 'ec2:DescribeSubnets' });
    },
  ),
  fault('small', 'lost marks are thrown away', 'AWS::Lambda::EventInvokeConfig', '', (each) => {
    each.addPropertyDeletionOverride('DestinationConfig');
  }),
  fault(
    'small',
    'a message is given out again while it is worked on',
    'AWS::SQS::Queue',
    'passalong-app/Feedback/',
    (each) => {
      each.addPropertyOverride('VisibilityTimeout', 30);
    },
  ),
  fault(
    'small',
    'the key does not let CloudWatch write to the topic of alarms',
    'AWS::KMS::Key',
    '',
    (each) => {
      each.addPropertyOverride('KeyPolicy.Statement.1.Principal.Service', 'ec2.amazonaws.com');
    },
  ),
  fault('small', 'on-ready may mail from any address', 'AWS::IAM::Policy', 'OnReadyRole', (each) => {
    for (const index of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
      each.addPropertyDeletionOverride(`PolicyDocument.Statement.${index}.Condition`);
    }
  }),
  fault('ha', 'workers may mail', 'AWS::IAM::Policy', 'WorkerRole', (each) => {
    each.addPropertyOverride('PolicyDocument.Statement.0', {
      Effect: 'Allow',
      Action: 'ses:SendRawEmail',
      Resource: 'arn:aws:ses:eu-central-1:111111111111:identity/share.example.com',
    });
  }),
  fault('ha', 'bots may read files', 'AWS::IAM::Policy', 'BotRole', (each) => {
    each.addPropertyOverride('PolicyDocument.Statement.0', {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::passalong-files-111111111111-eu-central-1/shares/x',
    });
  }),
  fault(
    'small',
    'SES says nothing of mails that come back',
    'AWS::SES::ConfigurationSetEventDestination',
    '',
    (each) => {
      each.addPropertyOverride('EventDestination.MatchingEventTypes', [
        'send',
        'delivery',
        'complaint',
        'reject',
        'deliveryDelay',
      ]);
    },
  ),
  fault(
    'small',
    'the alarm of lost marks looks at another queue',
    'AWS::CloudWatch::Alarm',
    'Alarm-lost-marks',
    (each) => {
      each.addPropertyOverride('Dimensions', [{ Name: 'QueueName', Value: 'passalong-feedback' }]);
    },
  ),
  fault(
    'small',
    'errors are counted from a level that nothing logs',
    'AWS::Logs::MetricFilter',
    'ProcessLog/Errors',
    (each) => {
      each.addPropertyOverride('FilterPattern', '{ $.level >= 500 }');
    },
  ),
  fault(
    'small',
    'the database takes connections from anywhere',
    'AWS::EC2::SecurityGroup',
    'DatabaseGroup',
    (each) => {
      each.addPropertyOverride('SecurityGroupIngress', [
        { CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432 },
      ]);
    },
  ),
  fault('small', 'backups of the database are kept for a day', 'AWS::RDS::DBInstance', '', (each) => {
    each.addPropertyOverride('BackupRetentionPeriod', 1);
  }),
  fault('small', 'backups are to be kept for longer than RDS can', 'AWS::RDS::DBInstance', '', (each) => {
    each.addPropertyOverride('BackupRetentionPeriod', 60);
  }),
  fault('ha', 'the endpoint is for the SMTP of SES', 'AWS::EC2::VPCEndpoint', 'Vpc/Email', (each) => {
    each.addPropertyOverride('ServiceName', 'com.amazonaws.eu-central-1.email-smtp');
  }),
  fault(
    'ha',
    'the queue throws jobs away when it is full',
    'AWS::ElastiCache::ParameterGroup',
    '',
    (each) => {
      each.addPropertyOverride('Properties.maxmemory-policy', 'allkeys-lru');
    },
  ),
  fault(
    'small',
    'anybody may download by the name of a file',
    'AWS::CloudFront::Distribution',
    'Downloads',
    (each) => {
      each.addPropertyDeletionOverride('DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups');
    },
  ),
  fault(
    'small',
    'a revoked file stays in CloudFront for a day',
    'AWS::CloudFront::CachePolicy',
    '',
    (each) => {
      each.addPropertyOverride('CachePolicyConfig.MaxTTL', 86_400);
    },
  ),
  fault(
    'ha',
    'the balancer looks for portals on another port',
    'AWS::ElasticLoadBalancingV2::TargetGroup',
    'WebTargets',
    (each) => {
      each.addPropertyOverride('Port', 3001);
    },
  ),
  fault(
    'ha',
    'a release goes on over machines that do not become ready',
    'AWS::AutoScaling::AutoScalingGroup',
    'WebMachines',
    (each) => {
      each.addOverride('UpdatePolicy.AutoScalingRollingUpdate.WaitOnResourceSignals', false);
    },
  ),
  fault(
    'small',
    'functions take any certificate of the database',
    'AWS::Lambda::Function',
    'passalong-app/OnReady/',
    (each) => {
      each.addPropertyOverride(
        'Environment.Variables.DATABASE_URL',
        'postgresql://passalong@db.example.com:5432/passalong?sslmode=require&secret=MasterUserSecret',
      );
    },
  ),
  fault(
    'small',
    'files are deleted after a week, whatever their share says',
    'AWS::S3::Bucket',
    'Files',
    (each) => {
      each.addPropertyOverride('LifecycleConfiguration.Rules.0.ExpirationInDays', 7);
    },
  ),
  fault('small', 'browsers cannot read the tag of a part', 'AWS::S3::Bucket', 'Files', (each) => {
    each.addPropertyDeletionOverride('CorsConfiguration.CorsRules.0.ExposedHeaders');
  }),
];

/** A change to the one resource of a type whose path holds `part`. @throws Error where there is none, or another */
function fault(
  size: Size,
  says: string,
  type: string,
  part: string,
  change: (resource: CfnResource) => void,
): Fault {
  return {
    says,
    size,
    seed(stacks) {
      const found = stacks
        .flatMap((stack) => stack.node.findAll())
        .filter((each): each is CfnResource => CfnResource.isCfnResource(each))
        .filter(({ cfnResourceType, node }) => cfnResourceType === type && node.path.includes(part));
      const [first] = found;
      if (!first || found.length > 1) throw new Error(`${found.length} places to seed "${says}" in`);
      change(first);
    },
  };
}
