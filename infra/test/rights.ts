import { readDocument, statementsOf } from './statements.js';
import { asText, findAll, type Templates } from './templates.js';

/** Who may do what, and nothing else: a change of it shows as a few lines, whatever else has changed. */
export function rightsOf(templates: Templates): Record<string, string[]> {
  const roles = findAll(templates, 'AWS::IAM::Role').map(({ stack, id }) => [
    `${stack}/${id}`,
    statementsOf(templates, id).map(({ effect, actions, resources, conditions }) =>
      [
        effect,
        actions.sort().join(' '),
        'on',
        resources.map(withoutHash).sort().join(' '),
        conditions === '{}' ? '' : conditions,
      ]
        .filter(Boolean)
        .join(' '),
    ),
  ]);
  const policies = POLICIES.flatMap(([type, property]) =>
    findAll(templates, type).map(({ stack, id, Properties }) => [
      `${stack}/${id}`,
      readDocument(Properties[property]).map(
        ({ effect, actions, principals, conditions }) =>
          `${effect} ${principals.sort().join(' ')} ${actions.sort().join(' ')} if ${conditions}`,
      ),
    ]),
  );
  const invokers = findAll(templates, 'AWS::Lambda::Permission').map(({ stack, id, Properties }) => [
    `${stack}/${id}`,
    [
      `Allow ${asText(Properties['Principal'])} ${asText(Properties['Action'])} from ${asText(Properties['SourceArn'])}`,
    ],
  ]);
  return Object.fromEntries(
    [...roles, ...policies, ...invokers].sort(([one], [other]) => String(one).localeCompare(String(other))),
  ) as Record<string, string[]>;
}

/** What is deployed has another name with each change of it. */
function withoutHash(arn: string): string {
  return arn.replace(/[0-9a-f]{64}/, '<hash>');
}

const POLICIES = [
  ['AWS::KMS::Key', 'KeyPolicy'],
  ['AWS::S3::BucketPolicy', 'PolicyDocument'],
  ['AWS::SNS::TopicPolicy', 'PolicyDocument'],
  ['AWS::SQS::QueuePolicy', 'PolicyDocument'],
] as const;
