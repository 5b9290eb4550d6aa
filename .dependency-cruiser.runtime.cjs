/**
 * What loads what when a process runs: the graph that the bundler sees, with type-only imports erased.
 * Who may import whom as written is ruled by .dependency-cruiser.cjs.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, or share a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'lambda-never-reaches-prisma',
      comment:
        'The Lambda queries through pg alone: with Prisma its bundle and its cold start grow many times over.',
      severity: 'error',
      from: { path: '^lambda/' },
      to: { path: '^prisma/generated/|(^|/)node_modules/(@prisma|prisma)/', reachable: true },
    },
  ],
  options: {
    tsPreCompilationDeps: false,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    doNotFollow: { path: ['node_modules', '^prisma/generated/'] },
    exclude: { path: '^(dist|infra/(cdk\\.out|out)|\\.data|test/output)/' },
  },
};
