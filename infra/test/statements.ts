import { asText, findAll, type Found, type Templates } from './templates.js';

/** A statement of a policy, with lists where one value would do. */
export interface Statement {
  effect: string;
  actions: string[];
  resources: string[];
  principals: string[];
  conditions: string;
}

/** What a role may do, by all policies that are attached to it. */
export function statementsOf(templates: Templates, roleId: string): Statement[] {
  const own = findAll(templates, 'AWS::IAM::Role').filter(({ id }) => id === roleId);
  const inline = own.flatMap(
    ({ Properties }) => (Properties['Policies'] ?? []) as { PolicyDocument: unknown }[],
  );
  const attached = findAll(templates, 'AWS::IAM::Policy').filter(({ Properties }) =>
    (Properties['Roles'] as { Ref?: string }[]).some(({ Ref }) => Ref === roleId),
  );
  return [...inline, ...attached.map(({ Properties }) => Properties as { PolicyDocument: unknown })].flatMap(
    ({ PolicyDocument }) => readDocument(PolicyDocument),
  );
}

/** The statements of a resource's own policy: of a key, a bucket, a topic, a queue. */
export function readDocument(document: unknown): Statement[] {
  const { Statement } = document as { Statement: Record<string, unknown>[] };
  return Statement.map((statement) => ({
    effect: String(statement['Effect']),
    actions: texts(statement['Action']),
    resources: texts(statement['Resource']),
    principals: Object.values(statement['Principal'] ?? {}).flatMap(texts),
    conditions: JSON.stringify(statement['Condition'] ?? {}),
  }));
}

/** Whether a role may do something to a resource whose text holds `part`. */
export function may(templates: Templates, roleId: string, action: string, part = ''): boolean {
  return statementsOf(templates, roleId).some(
    ({ effect, actions, resources }) =>
      effect === 'Allow' &&
      actions.some((each) => fits(each, action)) &&
      resources.some((each) => each.includes(part)),
  );
}

/** The role that a function, or a machine by its profile or template, runs as. */
export function roleOf(templates: Templates, resource: Found): string {
  const text = JSON.stringify(resource.Properties);
  const role = /"Fn::GetAtt":\["(\w*Role\w*)","Arn"\]/.exec(text)?.[1];
  if (role) return role;
  const profile = findAll(templates, 'AWS::IAM::InstanceProfile').find(({ id }) => text.includes(`"${id}"`));
  const [{ Ref } = { Ref: '' }] = (profile?.Properties['Roles'] ?? []) as { Ref: string }[];
  return Ref;
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(asText);
}

function fits(pattern: string, action: string): boolean {
  return pattern === action || (pattern.endsWith('*') && action.startsWith(pattern.slice(0, -1)));
}
