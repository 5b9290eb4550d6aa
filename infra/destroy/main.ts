import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { createAwsCloud } from '../deploy/aws-cloud.js';
import { destroy } from './destroy.js';

const lines = createInterface({ input: process.stdin, output: process.stdout });
try {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { region: text, 'replica-region': text } });
  const region = values.region ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? null;
  process.exitCode = await destroy(
    {
      cloud: createAwsCloud(region ?? 'us-east-1'),
      print: (line) => console.log(line),
      ask: (question) => lines.question(question),
    },
    { region, replicaRegion: values['replica-region'] ?? null },
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  lines.close();
}
