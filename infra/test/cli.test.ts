import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { offlineContext } from './offline-settings.js';

describe("the CDK's command", () => {
  it('synthesizes offline, without credentials and look-ups', () => {
    const folder = mkdtempSync(join(tmpdir(), 'passalong-cli-'));
    const context = Object.entries(offlineContext('small', folder)).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    const quiet = ['--quiet', '--no-notices', '--no-lookups', '--no-version-reporting'];
    const infra = resolve(import.meta.dirname, '..');
    execFileSync(
      join(infra, 'node_modules/.bin/cdk'),
      ['synth', ...quiet, '--output', join(folder, 'out'), ...context],
      {
        cwd: infra,
        env: {
          PATH: process.env['PATH'],
          HOME: folder,
          CI: '1',
          CDK_DISABLE_CLI_TELEMETRY: 'true',
          CDK_DISABLE_VERSION_CHECK: '1',
        },
        stdio: 'pipe',
      },
    );
    expect(existsSync(join(folder, 'out/passalong-app.template.json'))).toBe(true);
    rmSync(folder, { recursive: true });
  });
});
