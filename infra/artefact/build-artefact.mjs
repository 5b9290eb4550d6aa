// `npm run artefact [-- --arch arm64|x64]`: packs what every machine runs, whatever its role, into
// infra/out/passalong-<arch>.tar.gz, to be unpacked at /opt/passalong. It carries Node itself, so that the machine
// needs no package source. The same commit makes the same bytes.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeTar } from './write-tar.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const OUT = join(ROOT, 'infra/out');
const ARCHITECTURES = ['arm64', 'x64'];
const MIB = 1024 ** 2;

/** Of all files but Node itself, unpacked. */
const MAX_BYTES = 150 * MIB;

/** The bundles that run on a machine; the others are for a checkout. */
const BUNDLES = ['web', 'worker', 'bot', 'mailer', 'register'];

const work = mkdtempSync(join(tmpdir(), 'passalong-artefact-'));
try {
  const { values } = parseArgs({ options: { arch: { type: 'string', default: process.arch } } });
  await build(values.arch);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function build(arch) {
  if (!ARCHITECTURES.includes(arch)) throw new Error(`--arch is ${ARCHITECTURES.join(' or ')}, not ${arch}.`);
  run('node', [join(ROOT, 'build.mjs'), '--when-stale'], ROOT);
  const runtime = installRuntime(arch);
  const version = describeVersion();
  const files = [
    describeFile('bin/node', join(runtime, `node-linux-${arch}/bin/node`), true),
    describeFile('bin/LICENSE', join(runtime, `node-linux-${arch}/LICENSE`)),
    ...BUNDLES.map((name) => describeFile(`dist/${name}.js`, join(ROOT, `dist/${name}.js`))),
    // Prisma's, which the bundles read from beside them.
    describeFile('dist/query-compiler.wasm', join(ROOT, 'dist/query-compiler.wasm')),
    ...describeFolder('dist/cli', join(ROOT, 'dist/cli'), (path) => path.endsWith('.js')),
    ...describeFolder('dist/assets', join(ROOT, 'dist/assets')),
    // For `sslrootcert` in a DATABASE_URL of RDS.
    describeFile('dist/rds-ca.pem', join(ROOT, 'dist/rds-ca.pem')),
    ...describeFolder('dist/lambda', join(ROOT, 'dist/lambda'), (path) => path.endsWith('.zip')),
    ...describeFolder('prisma/migrations', join(ROOT, 'prisma/migrations')),
    ...describeFolder('node_modules/@node-rs', join(runtime, '@node-rs')),
    ...describeFolder('systemd', join(ROOT, 'infra/systemd')),
    ...(existsSync(join(ROOT, 'infra/nginx')) ? describeFolder('nginx', join(ROOT, 'infra/nginx')) : []),
    describeText('package.json', `${JSON.stringify({ private: true, type: 'module', version })}\n`),
    describeText('VERSION', `${version}\n`),
  ];
  const nodeBytes = files[0].sizeBytes;
  const ownBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, -nodeBytes);
  if (ownBytes > MAX_BYTES) {
    throw new Error(`Without Node it is ${toMib(ownBytes)}: more than ${toMib(MAX_BYTES)}.`);
  }

  mkdirSync(OUT, { recursive: true });
  const target = join(OUT, `passalong-${arch}.tar.gz`);
  await writeTar(target, files);
  console.log(
    `${relative(process.cwd(), target)}: ${version}, ${toMib(statSync(target).size)} packed, ` +
      `${toMib(ownBytes)} without Node (${toMib(nodeBytes)})`,
  );
}

/** Node and the packages that no bundle can hold, for that architecture, as runtime/package-lock.json has them. */
function installRuntime(arch) {
  for (const name of ['package.json', 'package-lock.json']) {
    cpSync(join(import.meta.dirname, 'runtime', name), join(work, name));
  }
  const target = ['--os=linux', `--cpu=${arch}`, '--libc=glibc'];
  run(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...target],
    work,
    'ignore',
  );
  return join(work, 'node_modules');
}

/** `0.1.0+1a2b3c4d5e6f`, with `.dirty` where files differ from that commit; without a checkout the number alone. */
function describeVersion() {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const git = (...args) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  const commit = git('rev-parse', '--short=12', 'HEAD');
  if (commit.status !== 0) return version;
  const isDirty = git('status', '--porcelain').stdout !== '';
  return `${version}+${commit.stdout.trim()}${isDirty ? '.dirty' : ''}`;
}

function describeFile(path, source, isExecutable = false) {
  return { path, source, sizeBytes: statSync(source).size, isExecutable };
}

function describeFolder(path, source, isWanted = () => true) {
  return readdirSync(source, { recursive: true })
    .filter((name) => statSync(join(source, name)).isFile() && isWanted(name))
    .map((name) => describeFile(`${path}/${name}`, join(source, name)));
}

function describeText(path, text) {
  const source = join(work, `text-${path}`);
  writeFileSync(source, text);
  return describeFile(path, source);
}

function run(command, args, cwd, stdout = 'inherit') {
  const program = command === 'node' ? process.execPath : command;
  const { status, error } = spawnSync(program, args, { cwd, stdio: ['ignore', stdout, 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed${error ? `: ${error.message}` : ''}.`);
}

function toMib(bytes) {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
