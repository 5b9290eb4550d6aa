import { join } from 'node:path';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** The project's own rules over text that is in no file, hence without those that need types. */
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [
    tseslint.configs.disableTypeChecked,
    { languageOptions: { parserOptions: { projectService: false } } },
  ],
});

const readsEnv = 'export const port: unknown = process.env.PORT;';
const importsEnv = "import { env } from 'node:process';\nexport const port: unknown = env.PORT;";
const prints = "console.log('hello');";
const replacesModule = "import { vi } from 'vitest';\nvi.mock('./clock.js');";
const concatenatesSql =
  'export const find = (db: Db, id: string): unknown => db.$queryRawUnsafe(`select ${id}`);';
const exportsDefault = 'export default { port: 1 };';

describe('the lint rules', () => {
  test.each([
    ['core/shares/create-share.ts', readsEnv, 'no-restricted-properties'],
    ['web/routes/links.ts', readsEnv, 'no-restricted-properties'],
    ['worker/processors.ts', importsEnv, 'no-restricted-imports'],
    ['core/shares/create-share.ts', prints, 'no-console'],
    ['bot/slack/listeners.ts', prints, 'no-console'],
    ['test/core/create-share.test.ts', replacesModule, 'no-restricted-properties'],
    ['core/clock.ts', replacesModule, 'no-restricted-properties'],
    ['core/shares/list-shares.ts', concatenatesSql, 'no-restricted-properties'],
    ['worker/cli/storage.ts', concatenatesSql, 'no-restricted-properties'],
    ['web/app.ts', exportsDefault, 'no-restricted-syntax'],
    [
      'core/parse.ts',
      'export const read = (value: any): unknown => value;',
      '@typescript-eslint/no-explicit-any',
    ],
    [
      'core/parse.ts',
      "import { Pool } from 'pg';\nexport type P = Pool;",
      '@typescript-eslint/consistent-type-imports',
    ],
    ['core/parse.ts', 'export const one = () => 1;', '@typescript-eslint/explicit-module-boundary-types'],
  ])('refuse in %s: %s', async (filePath, text, rule) => {
    expect(await broken(filePath, text)).toContain(rule);
  });

  test.each([
    ['web/main.ts', readsEnv],
    ['lambda/on-ready/handler.ts', readsEnv],
    ['prisma/seed.ts', readsEnv],
    ['worker/cli/storage.ts', readsEnv],
    ['local/start.ts', readsEnv],
    ['test/support/global-setup.ts', readsEnv],
    ['build.mjs', 'console.log(process.env.PORT);'],
    ['worker/main.ts', prints],
    ['worker/cli/storage.ts', prints],
    ['bot/terminal/main.ts', prints],
    ['vitest.config.ts', exportsDefault],
  ])('allow in %s: %s', async (filePath, text) => {
    expect(await broken(filePath, text)).toEqual([]);
  });

  test.each(['no-floating-promises', 'no-misused-promises', 'switch-exhaustiveness-check'])(
    'have %s on wherever there are types, browser code included',
    async (rule) => {
      for (const path of [
        'core/ports.ts',
        'local/s3/main.ts',
        'web/browser/upload.ts',
        'test/tooling/a.test.ts',
      ]) {
        const config = (await new ESLint({ cwd: root }).calculateConfigForFile(path)) as ESLintConfig;
        expect(config.rules[`@typescript-eslint/${rule}`]?.[0]).toBe(2);
      }
    },
  );
});

interface ESLintConfig {
  rules: Record<string, [severity: number, ...options: unknown[]]>;
}

async function broken(filePath: string, text: string): Promise<(string | null)[]> {
  const results = await eslint.lintText(`${text}\n`, { filePath: join(root, filePath) });
  return results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => ruleId ?? message));
}
