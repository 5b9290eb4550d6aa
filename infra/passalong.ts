import { Tags, Validations, type App, type Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Settings } from './settings.js';
import { createAppStack } from './stacks/app-stack.js';
import { createCertificateStack } from './stacks/certificate-stack.js';
import { createDataStack } from './stacks/data-stack.js';
import { createReplicaStack } from './stacks/replica-stack.js';

/**
 * All stacks of a deployment, checked by cdk-nag: a finding that nobody gave a reason for fails the synthesis. Where
 * the certificate of a name of one's own is not there yet, its stack is all there is.
 */
export function createPassalong(app: App, settings: Settings): Stack[] {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  Tags.of(app).add('application', 'passalong');
  const { site, replicaRegion } = settings;
  const certificate = site ? [createCertificateStack(app, settings, site)] : [];
  if (site?.certificateArn === null) return certificate;

  const data = createDataStack(app, settings);
  const replica = replicaRegion ? [createReplicaStack(app, settings, replicaRegion)] : [];
  for (const stack of replica) stack.addStackDependency(data.stack);
  const application = createAppStack(app, settings, data);
  for (const stack of [data.stack, ...replica]) application.addStackDependency(stack);
  return [...certificate, data.stack, ...replica, application];
}
