import pg from 'pg';
import { createLogger } from '../../adapters/logger.js';
import { withSecrets } from '../../adapters/secrets.js';
import { readEnv } from '../../core/config.js';
import { createClientKeeper } from '../client-keeper.js';
import { onReadyEnvironment } from './env.js';
import { createHandler } from './on-ready.js';
import { describeConnection, wireOnReady } from './wire.js';

const env = readEnv(onReadyEnvironment, await withSecrets(process.env));

/** The entry point that AWS Lambda, or the local runtime, calls. */
export const handler = createHandler({
  ...wireOnReady(env, createLogger('on-ready', env.LOG_LEVEL)),
  withClient: createClientKeeper(() => new pg.Client(describeConnection(env))),
});
