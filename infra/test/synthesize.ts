import { App, type Stack } from 'aws-cdk-lib';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPassalong } from '../passalong.js';
import { readSettings, type Settings, type Size } from '../settings.js';
import { offlineContext } from './offline-settings.js';
import { readTemplates, type Templates } from './templates.js';

/** One plugin's part of what the CDK says of an application. */
export interface ValidationReport {
  pluginReports: { pluginName: string; conclusion: string; violations: { ruleName: string }[] }[];
}

export interface Synthesis {
  settings: Settings;
  templates: Templates;
  report: ValidationReport;
}

/** The flags of cdk.json, with which the CDK's command runs the same program. */
const { context: flags } = JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>;
};

const done = new Map<Size, Synthesis>();

/** The templates of a size as it is, made once for all tests. */
export function synthesisOf(size: Size): Synthesis {
  const made = done.get(size) ?? synthesize(size);
  done.set(size, made);
  return made;
}

/**
 * Makes the templates of a deployment, without network, credentials or anything built; `alter` may change the stacks.
 * @throws Error where cdk-nag or the CDK's own validation finds what nobody gave a reason for
 */
export function synthesize(
  size: Size,
  more: Record<string, string> = {},
  alter: (stacks: Stack[]) => void = () => undefined,
): Synthesis {
  const folder = mkdtempSync(join(tmpdir(), 'passalong-synth-'));
  try {
    const outdir = join(folder, 'cdk.out');
    const context = { ...flags, ...offlineContext(size, folder, more['artefactText']), ...more };
    const app = new App({ context, outdir });
    const settings = readSettings((name) => app.node.tryGetContext(name) as unknown);
    alter(createPassalong(app, settings));
    app.synth();
    const report = JSON.parse(
      readFileSync(join(outdir, 'validation-report.json'), 'utf8'),
    ) as ValidationReport;
    return { settings, templates: readTemplates(outdir), report };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
