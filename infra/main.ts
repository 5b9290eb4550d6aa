import { App } from 'aws-cdk-lib';
import { createPassalong } from './passalong.js';
import { readSettings } from './settings.js';

const app = new App();
createPassalong(
  app,
  readSettings((name) => app.node.tryGetContext(name) as unknown),
);
app.synth();
