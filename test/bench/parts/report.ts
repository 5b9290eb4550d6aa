import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** What a figure has to reach. */
export type Bar = { atLeast: number } | { atMost: number };

/** Prints what is measured, on what machine, and how busy that is already. */
export function printHeading(title: string, conditions: readonly string[] = []): void {
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  const [load = 0] = loadavg();
  const processor = cpus()[0]?.model ?? 'unknown processor';
  console.log(`\n${title}`);
  console.log(
    `  machine: ${availableParallelism()} cores (${processor}), ${memory} GiB, ${process.platform} ${process.arch}, ` +
      `Node ${process.versions.node}, load ${load.toFixed(1)} before`,
  );
  for (const condition of conditions) console.log(`  ${condition}`);
}

/** Prints one figure, and whether it reaches its bar if it has one. */
export function printFigure(name: string, value: number, unit: string, bar?: Bar): void {
  const shown = `${value.toFixed(Math.abs(value) < 10 ? 2 : 0)}${unit && ` ${unit}`}`;
  console.log(`  ${name.padEnd(60)} ${shown.padStart(12)}${bar ? `   ${judge(value, bar)}` : ''}`);
}

/** Prints whether something holds. */
export function printFact(name: string, holds: boolean): void {
  console.log(`  ${name.padEnd(60)} ${(holds ? 'yes' : 'no').padStart(12)}   ${reached(holds)}`);
}

/** The value that `share` (0 to 1) of all do not exceed, by nearest rank. @throws Error where there are none */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

/** The one in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function judge(value: number, bar: Bar): string {
  return 'atLeast' in bar
    ? `bar ≥ ${bar.atLeast}: ${reached(value >= bar.atLeast)}`
    : `bar ≤ ${bar.atMost}: ${reached(value <= bar.atMost)}`;
}

function reached(isReached: boolean): string {
  return isReached ? 'reached' : 'NOT REACHED';
}
