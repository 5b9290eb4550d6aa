import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

/** The browser's files, under names that change with their content. */
export interface Assets {
  directory: string;
  /** Where browsers fetch them, if not from the portal. */
  origin: string | null;
  /** The address of an asset by its plain name, for example `style.css`. @throws Error for one that is not built */
  url(name: string): string;
  /** Whether a file may be served: source maps and the manifest may not. */
  has(fileName: string): boolean;
}

const manifestSchema = z.record(z.string(), z.string());

/**
 * Reads what the build left in a directory. With `baseUrl` browsers fetch it there: from a CDN whose origin is this
 * portal, for example. @throws Error where nothing was built
 */
export function loadAssets(directory: string, baseUrl = ''): Assets {
  const manifest = new Map(Object.entries(manifestSchema.parse(readManifest(directory))));
  const fileNames = new Set(manifest.values());
  return {
    directory,
    origin: baseUrl ? new URL(baseUrl).origin : null,
    url(name) {
      const fileName = manifest.get(name);
      if (!fileName) throw new Error(`the asset ${name} is not built`);
      return `${baseUrl}/assets/${fileName}`;
    },
    has: (fileName) => fileNames.has(fileName),
  };
}

function readManifest(directory: string): unknown {
  const file = path.join(directory, 'manifest.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file} cannot be read: run the build first`, { cause: error });
  }
}
