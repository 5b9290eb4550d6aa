import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Where the environment may be read: composition roots, tools and tests. */
const readsEnvironment = [
  '**/main.ts',
  'lambda/*/handler.ts',
  'lambda/host.ts',
  'prisma/seed.ts',
  'worker/cli/*.ts',
  'local/**',
  'test/**',
  '**/*.mjs',
  '*.config.ts',
];

/** Programs whose output a person reads in a terminal. */
const printsToTerminal = [
  'local/**',
  '**/main.ts',
  'prisma/seed.ts',
  'worker/cli/**',
  'bot/terminal/**',
  'test/bench/**',
  '**/*.mjs',
];

const bannedProperties = [
  ...['vi', 'jest'].flatMap((object) =>
    ['mock', 'doMock'].map((property) => ({
      object,
      property,
      message: 'Hand the code a fake through its dependencies instead of replacing a module.',
    })),
  ),
  ...['$queryRawUnsafe', '$executeRawUnsafe'].map((property) => ({
    property,
    message: 'Use the tagged template ($queryRaw, $executeRaw), which binds its values.',
  })),
];

const environment = 'Only composition roots read the environment; take the value as an argument.';

export default defineConfig(
  globalIgnores(['dist', 'prisma/generated', 'test/output', 'infra/*', '!infra/artefact', '.data']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      'no-restricted-properties': [
        'error',
        ...bannedProperties,
        { object: 'process', property: 'env', message: environment },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:process', 'process'].map((name) => ({
            name,
            importNames: ['env'],
            message: environment,
          })),
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
          message: 'Export by name, so that a thing is called the same everywhere.',
        },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Strictness that costs more noise here than it finds.
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-empty-function': ['error', { allow: ['arrowFunctions'] }],
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: true }],
      // A port's method is async so that whatever it throws is a rejection, even where it awaits nothing.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allow: ['Error', 'URL', 'URLSearchParams'] },
      ],
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'Buffer',
          'AbortSignal',
          'WebAssembly',
          'crypto',
          'clearInterval',
          'setInterval',
          'URL',
          'clearTimeout',
          'console',
          'fetch',
          'module',
          'performance',
          'process',
          'setTimeout',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  { files: printsToTerminal, rules: { 'no-console': 'off' } },
  {
    files: readsEnvironment,
    rules: { 'no-restricted-properties': ['error', ...bannedProperties], 'no-restricted-imports': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['*.config.{js,ts}', 'test/support/{global-setup,serve-builds}.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
