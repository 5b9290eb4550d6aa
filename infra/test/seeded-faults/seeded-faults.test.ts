import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checks } from '../checks/checks.js';
import { rightsOf } from '../rights.js';
import { synthesize } from '../synthesize.js';
import { faults, type Fault } from './faults.js';

/** Of the faults so many must be caught. */
const AT_LEAST = 0.9;

const caught = new Map<string, string[]>();

describe('a seeded fault', () => {
  beforeAll(() => {
    expect(faults.length).toBeGreaterThanOrEqual(20);
  });

  it.each(faults)('$says', (fault) => {
    caught.set(fault.says, findCatchers(fault));
  });

  afterAll(() => {
    const lines = faults.map(({ says, size }) => {
      const by = caught.get(says) ?? [];
      return `${by.length > 0 ? 'caught' : 'MISSED'}  ${size.padEnd(5)}  ${says}\n${by.map((each) => `          by ${each}\n`).join('')}`;
    });
    const count = [...caught.values()].filter((by) => by.length > 0).length;
    process.stdout.write(`\n${lines.join('')}\n${count} of ${faults.length} seeded faults are caught.\n`);
    expect(count / faults.length).toBeGreaterThanOrEqual(AT_LEAST);
  });
});

/** Which of the checks that CI makes would have failed. */
function findCatchers({ size, seed }: Fault): string[] {
  let synthesis;
  try {
    synthesis = synthesize(size, {}, seed);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const findings = [...text.matchAll(/ERROR (.*)/g)].map(([, finding]) => `the synthesis: ${finding}`);
    if (findings.length === 0) throw error;
    return findings;
  }
  const warnings = synthesis.report.pluginReports.flatMap(({ pluginName, violations }) =>
    violations.map(({ ruleName }) => `the synthesis: ${ruleName} of ${pluginName}`),
  );
  const failed = checks
    .filter(({ sizes, run }) => {
      if (!sizes.includes(size)) return false;
      try {
        run(synthesis);
        return false;
      } catch {
        return true;
      }
    })
    .map(({ says }) => `the wiring: ${says}`);
  const snapshot = new URL(`../iam/${size}.json`, import.meta.url);
  const rights = `${JSON.stringify(rightsOf(synthesis.templates), null, 2)}\n`;
  if (!existsSync(snapshot)) throw new Error('the rights were never looked at: npm test');
  return rights === readFileSync(snapshot, 'utf8')
    ? [...warnings, ...failed]
    : [...warnings, ...failed, 'the rights'];
}
