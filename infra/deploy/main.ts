import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createAwsCloud } from './aws-cloud.js';
import { readDeployOptions } from './deploy-options.js';
import { deploy } from './deploy.js';

const infra = resolve(import.meta.dirname, '..');
const root = resolve(infra, '..');
const artefact = resolve(infra, 'out/passalong-arm64.tar.gz');
const functions = resolve(root, 'dist/lambda');
const assets = resolve(root, 'dist/assets');

try {
  const options = readDeployOptions(process.argv.slice(2), process.env);
  process.exitCode = await deploy(
    {
      cloud: createAwsCloud(options.region ?? 'us-east-1'),
      built: [
        built(artefact, 'npm run artefact -- --arch arm64'),
        built(resolve(functions, 'on-ready.zip'), 'npm run build'),
        built(resolve(functions, 'on-feedback.zip'), 'npm run build'),
        built(resolve(assets, 'manifest.json'), 'npm run build'),
      ],
      paths: { artefact, functions, assets },
      cdk: runCdk,
      print: (text) => console.log(text),
    },
    options,
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function built(path: string, command: string): { path: string; command: string; isThere: boolean } {
  return { path, command, isThere: existsSync(path) };
}

function runCdk(args: readonly string[]): Promise<void> {
  const command = resolve(infra, 'node_modules/.bin/cdk');
  return new Promise((done, fail) => {
    const child = spawn(command, [...args, '--no-notices', '--no-version-reporting'], {
      cwd: infra,
      stdio: 'inherit',
      env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: '1' },
    });
    child.on('error', fail);
    child.on('close', (status) => {
      if (status === 0) done();
      else
        fail(new Error(`cdk ${args.slice(0, 2).join(' ')} failed. What it had changed it has taken back.`));
    });
  });
}
