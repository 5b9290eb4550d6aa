// The runtime client of one execution environment: loads the handler and runs one invocation after the other.
// See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const agent = new Agent({ keepAlive: true });

// An environment without its runtime has nothing to do, and nobody to end it.
process.on('disconnect', () => process.exit(1));

const handler = await loadHandler();
for (;;) {
  const { headers, body } = await call('GET', 'invocation/next');
  const requestId = headers['lambda-runtime-aws-request-id'];
  try {
    const result = await handler(JSON.parse(body), contextOf(headers));
    await call('POST', `invocation/${requestId}/response`, JSON.stringify(result ?? null));
  } catch (error) {
    await report(`invocation/${requestId}/error`, error);
  }
}

async function loadHandler() {
  try {
    const [file, name] = _HANDLER.split('.');
    const path = ['mjs', 'js', 'cjs'].map((end) => join(LAMBDA_TASK_ROOT, `${file}.${end}`)).find(existsSync);
    if (!path) throw new Error(`Cannot find module '${file}'`);
    const module = await import(pathToFileURL(path));
    const found = module[name] ?? module.default?.[name];
    if (typeof found !== 'function') throw new Error(`${_HANDLER} is undefined or not exported`);
    return found;
  } catch (error) {
    await report('init/error', error);
    process.exit(1);
  }
}

function contextOf(headers) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

async function report(path, thrown) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const details = { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') };
  console.error(JSON.stringify({ level: 'ERROR', message: 'Invoke Error', ...details }));
  await call('POST', path, JSON.stringify(details), {
    'lambda-runtime-function-error-type': details.errorType,
  });
}

// The poll for the next invocation may last for hours: no time-out, hence not fetch.
function call(method, path, content, headers) {
  const url = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/${path}`;
  return new Promise((resolve) => {
    const sent = request(url, { method, agent, headers }, async (response) => {
      let body = '';
      response.setEncoding('utf8');
      for await (const chunk of response) body += chunk;
      resolve({ headers: response.headers, body });
    });
    sent.on('error', () => process.exit(1));
    sent.end(content);
  });
}
