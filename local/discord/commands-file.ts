import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from './validate-command.js';

/** The commands that were registered before this start, as Discord keeps them, by scope: 'global' or a guild's id. */
export function loadCommands(file: string | null): Map<string, Command[]> {
  if (!file) return new Map();
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Command[]>));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}

/** Keeps them for the next start, whole or not at all. */
export function saveCommands(file: string | null, commands: ReadonlyMap<string, Command[]>): void {
  if (!file) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(Object.fromEntries(commands)));
  renameSync(`${file}.new`, file);
}
