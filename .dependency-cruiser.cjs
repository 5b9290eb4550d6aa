/**
 * Who may import whom, over every import that is written, type-only ones included.
 * What a process loads when it runs has its own rules in .dependency-cruiser.runtime.cjs.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
module.exports = {
  forbidden: [
    {
      name: 'core-stays-pure',
      comment:
        'core is the product: it may import core, prisma/generated, the types of pg, zod and node:* alone.',
      severity: 'error',
      from: { path: '^core/' },
      to: {
        pathNot: ['^core/', '^prisma/generated/', '(^|/)node_modules/(zod|pg|@types/pg|@types/node)/'],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'core-takes-only-types-of-pg',
      comment: 'core is handed its pool by a composition root; use `import type` for the types of pg.',
      severity: 'error',
      from: { path: '^core/' },
      to: { path: '(^|/)node_modules/(@types/)?pg/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-wiring-imports-adapters',
      comment:
        'Adapters are made in main.ts, handler.ts, host.ts, their wire.ts, prisma/seed.ts and worker/cli; everyone else takes the port.',
      severity: 'error',
      from: {
        pathNot: [
          '^(adapters|test)/',
          '^(bot|bot/terminal|web|worker)/main\\.ts$',
          '^lambda/([^/]+/(handler|wire)|host)\\.ts$',
          '^prisma/seed\\.ts$',
          '^worker/cli/',
        ],
      },
      to: { path: '^adapters/' },
    },
    {
      name: 'adapters-run-no-use-case',
      comment:
        'An adapter keeps a contract of core (ports, errors, jobs, config, storage keys); of anything else it takes types only.',
      severity: 'error',
      from: { path: '^adapters/' },
      to: {
        path: '^core/',
        pathNot: '^core/(ports|errors|jobs|config|storage-keys)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'processes-are-apart',
      comment: 'bot, web, worker and lambda are separate programs; what two of them need belongs in core.',
      severity: 'error',
      from: { path: '^(bot|web|worker|lambda)/' },
      to: { path: '^(bot|web|worker|lambda)/', pathNot: '^$1/' },
    },
    {
      name: 'nothing-imports-a-process',
      comment: 'core, adapters and prisma lie below bot, web, worker and lambda and never look up.',
      severity: 'error',
      from: { pathNot: '^(bot|web|worker|lambda|local|test|infra/test)/' },
      to: { path: '^(bot|web|worker|lambda)/' },
    },
    {
      name: 'platforms-are-apart',
      comment: 'A platform is one folder: bot/slack, bot/discord and bot/terminal never import each other.',
      severity: 'error',
      from: { path: '^bot/(slack|discord|terminal)/' },
      to: { path: '^bot/(slack|discord|terminal)/', pathNot: '^bot/$1/' },
    },
    {
      name: 'commands-know-no-platform',
      comment: 'bot/commands is neutral: platforms translate in, run one command, and translate out.',
      severity: 'error',
      from: { path: '^bot/commands/' },
      to: {
        path: [
          '^bot/(slack|discord|terminal)/',
          '(^|/)node_modules/(@slack|@discordjs|discord\\.js|discord-api-types)/',
        ],
      },
    },
    {
      name: 'local-stands-alone',
      comment:
        'A double that imported our own code would agree with it by construction; start.ts only starts processes.',
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^(core|adapters|bot|web|worker|lambda|prisma)/' },
    },
    {
      name: 'only-tests-import-local',
      comment: 'Nothing that ships knows that it may run on a bare machine.',
      severity: 'error',
      from: { pathNot: '^(local|test|infra/test)/' },
      to: { path: '^local/' },
    },
    {
      name: 'product-knows-no-deployment',
      comment: 'infra deploys the product; the product runs anywhere.',
      severity: 'error',
      from: { pathNot: '^(infra|test)/' },
      to: { path: '^infra/' },
    },
    {
      name: 'infra-takes-constants',
      comment:
        'infra imports the names of jobs and keys and nothing else of the product; its tests the variables of each process too.',
      severity: 'error',
      from: { path: '^infra/', pathNot: '^infra/test/' },
      to: {
        path: '^(core|adapters|bot|web|worker|lambda|prisma|local|test)/',
        pathNot: '^core/(storage-keys|jobs)\\.ts$',
      },
    },
    {
      name: 'nothing-imports-tests',
      comment: 'Tests import the product, never the other way round.',
      severity: 'error',
      from: { pathNot: '^(test|infra/test)/' },
      to: { path: '^test/' },
    },
    {
      name: 'product-uses-no-dev-dependency',
      comment:
        'What runs in production is listed under dependencies. (Browser code is bundled: all of it is development.)',
      severity: 'error',
      from: { path: '^(core|adapters|bot|web|worker|lambda)/', pathNot: '^web/browser/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
    },
    {
      name: 'imports-resolve',
      comment:
        'A path that resolves to nothing would slip past every other rule. (prisma/generated: run the build first.)',
      severity: 'error',
      // What infra takes from its own node_modules, its own types check.
      from: { pathNot: '^infra/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    doNotFollow: { path: ['node_modules', '^prisma/generated/'] },
    exclude: { path: '^(dist|infra/(cdk\\.out|out)|\\.data|test/output)/' },
  },
};
