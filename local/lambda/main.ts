import * as z from 'zod';
import { startLambda } from './start-lambda.js';

const functions = z.record(
  z.string().regex(/^[\w-]{1,64}$/),
  z.strictObject({
    zipPath: z.string().min(1),
    handler: z.string().regex(/^[\w-]+\.\w+$/),
    env: z.record(z.string(), z.string()),
    timeoutMs: z.number().int().positive(),
    concurrency: z.number().int().positive(),
  }),
);

const env = z
  .object({
    LOCAL_LAMBDA_PORT: z.coerce.number().int().min(0).max(65_535),
    LOCAL_LAMBDA_DATA_DIR: z.string().min(1),
    LOCAL_LAMBDA_FUNCTIONS: z.string().transform((text) => functions.parse(JSON.parse(text))),
  })
  .parse(process.env);

const lambda = await startLambda({
  dataDir: env.LOCAL_LAMBDA_DATA_DIR,
  port: env.LOCAL_LAMBDA_PORT,
  functions: env.LOCAL_LAMBDA_FUNCTIONS,
});
const stop = () => void lambda.close().then(() => process.exit(0));
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(signal, stop);
console.log(`ready ${lambda.url}`);
