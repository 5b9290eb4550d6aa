import { startS3 } from './start-s3.js';
import type { S3Options } from './start-s3.js';

const { env } = process;

try {
  const server = await startS3(readOptions());
  process.stdout.write(`ready ${server.url}\n`);
  const stop = (): void => {
    void server.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop);
} catch (error) {
  const isPortTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const reason = error instanceof Error ? error.message : String(error);
  const taken = `Port ${env['LOCAL_S3_PORT'] ?? ''} is in use: stop what listens there, or change LOCAL_S3_PORT.`;
  process.stderr.write(`Local S3 did not start. ${isPortTaken ? taken : reason}\n`);
  process.exit(1);
}

function readOptions(): S3Options {
  const url = env['LOCAL_S3_EVENT_TARGET'];
  return {
    port: Number(required('LOCAL_S3_PORT')),
    dataDir: required('LOCAL_S3_DATA_DIR'),
    buckets: list(required('LOCAL_S3_BUCKETS')),
    credentials: {
      accessKeyId: required('LOCAL_S3_ACCESS_KEY_ID'),
      secretAccessKey: required('LOCAL_S3_SECRET_ACCESS_KEY'),
    },
    region: env['LOCAL_S3_REGION'],
    corsOrigins: list(env['LOCAL_S3_CORS_ORIGINS'] ?? ''),
    eventTarget:
      url === undefined || url === '' ? undefined : { url, suffix: env['LOCAL_S3_EVENT_SUFFIX'] ?? '/ready' },
  };
}

function required(name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set.`);
  return value;
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
