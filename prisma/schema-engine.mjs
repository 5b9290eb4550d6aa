#!/usr/bin/env node
// Prisma's schema engine without its native binary: the same arguments and the same JSON-RPC over stdin and stdout,
// run on @prisma/schema-engine-wasm and @prisma/adapter-pg. `prisma/prisma.mjs` points the prisma CLI at this file.
// @see https://github.com/prisma/prisma-engines/tree/main/schema-engine
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { connectionConfig, createAdapterFactory, databaseName } from './schema-engine-adapter.mjs';

const unreachableUrl = 'postgresql://nobody@127.0.0.1:1/none';
const engineErrorCode = 4466; // what the native engine answers, its reason in `data`

const options = readArguments(process.argv.slice(2));
let panicMessage; // what the wasm said before it gave up
const databaseUrl = options.datasource.url ?? unreachableUrl;

if (options.version) console.log('schema-engine-wasm');
else if (options.command) process.exitCode = await runCommand(options.command);
else await serve();

function readArguments(argv) {
  const found = { version: false, command: undefined, datamodels: [], datasource: {} };
  const words = [...argv];
  while (words.length > 0) {
    const word = words.shift();
    if (word === '--version') found.version = true;
    else if (word === 'cli') found.command = words.shift();
    else if (word === '--datamodels') found.datamodels.push(words.shift());
    else if (word === '--datasource') found.datasource = JSON.parse(words.shift());
    else if (word.startsWith('--')) words.shift(); // an option that this engine has no use for, and its value
  }
  return found;
}

/** `schema-engine cli <command>`: the exit code tells the result, one JSON line on stderr the reason. */
async function runCommand(command) {
  try {
    if (command === 'can-connect-to-database')
      await withClient(databaseUrl, (client) => client.query('SELECT 1'));
    if (command === 'create-database') await createDatabase();
    if (command === 'drop-database') await dropDatabase();
    return 0;
  } catch (error) {
    const [code, message] = explainConnectionError(error);
    const fields = { is_panic: false, error_code: code, message };
    const line = {
      timestamp: new Date().toISOString(),
      level: 'ERROR',
      fields,
      target: 'schema_engine::logger',
    };
    process.stderr.write(`\n${JSON.stringify(line)}\n`);
    return 1;
  }
}

/** Error codes of Prisma. @see https://www.prisma.io/docs/orm/reference/error-reference */
function explainConnectionError(error) {
  if (error.code === '3D000') return ['P1003', `Database \`${databaseName(databaseUrl)}\` does not exist`];
  if (error.code === '28P01') return ['P1000', `Authentication failed: ${error.message}`];
  return ['P1001', `Can't reach database server: ${error.message || error.code}`];
}

/** Answers one JSON-RPC request per line, in order, until stdin ends. */
async function serve() {
  const factory = createAdapterFactory(databaseUrl, options.datasource.shadowDatabaseUrl);
  let startedEngine;
  const engine = () => (startedEngine ??= startEngine(factory));
  let nextPrintId = 1;
  // A panic in the wasm surfaces as an uncaught exception, and the prisma CLI takes an engine that died for success.
  const crashed = new Promise((_, reject) => process.on('uncaughtException', reject));
  crashed.catch(() => undefined);

  for await (const line of createInterface({ input: process.stdin })) {
    const request = line.trim() === '' ? {} : JSON.parse(line);
    if (!request.method) continue; // the CLI's answer to a `print`
    try {
      const result = await Promise.race([answer(request, engine), crashed]);
      if (result.stdout) {
        const params = { content: result.stdout.replace(/\n$/, '') };
        send({ jsonrpc: '2.0', id: nextPrintId++, method: 'print', params });
        delete result.stdout;
      }
      send({ jsonrpc: '2.0', id: request.id, result });
    } catch (error) {
      const data = {
        is_panic: false,
        message: panicMessage ?? String(error?.message ?? error),
        error_code: error?.code ?? null,
        meta: null,
      };
      const message = 'An error happened. Check the data field for details.';
      send({ jsonrpc: '2.0', id: request.id, error: { code: engineErrorCode, message, data } });
    }
  }
  process.exit(); // the engine's pool would keep the process for its idle time
}

async function answer({ method, params }, engine) {
  if (method === 'createDatabase') return { databaseName: await createDatabase() };
  const started = await engine();
  if (method === 'getDatabaseVersion') return started.version(params);
  return (await started[method](params)) ?? {};
}

function send(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function startEngine(factory) {
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    set_message: (message) => {
      panicMessage = message;
    },
  };
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const folder = path.dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const wasm = readFileSync(path.join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();

  const files = options.datamodels.map((file) => [file, readFileSync(file, 'utf8')]);
  const datamodels = files.length > 0 ? files : undefined;
  const logLine = (line) => process.env.DEBUG?.includes('schema-engine') && process.stderr.write(`${line}\n`);
  return glue.SchemaEngine.new({ datamodels }, logLine, bindMigrationAwareSqlAdapterFactory(factory));
}

async function withClient(url, use) {
  const client = new pg.Client(connectionConfig(url));
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

function maintenanceUrl() {
  const url = new URL(databaseUrl);
  url.pathname = '/postgres';
  return url.href;
}

async function createDatabase() {
  const name = databaseName(databaseUrl);
  await withClient(maintenanceUrl(), (client) =>
    client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`),
  );
  return name;
}

async function dropDatabase() {
  const name = pg.escapeIdentifier(databaseName(databaseUrl));
  await withClient(maintenanceUrl(), (client) => client.query(`DROP DATABASE IF EXISTS ${name}`));
}
