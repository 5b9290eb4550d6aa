import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

const PLACEHOLDER = /\$\{([A-Z][A-Z_]*)\}/g;

/**
 * Fills in the templates of a folder, as envsubst would, and writes them next to each other. A file that has a placeholder
 * without a value is left out when it is an optional include (storage.conf). @throws Error that names a missing value of
 * any other, or a value that no template asks for
 */
export async function renderConfig({
  templates,
  configDir,
  values,
}: {
  templates: string;
  configDir: string;
  values: Readonly<Record<string, string>>;
}): Promise<void> {
  await mkdir(configDir, { recursive: true });
  const files = (await readdir(templates)).filter((name) => name.endsWith('.conf'));
  const asked = new Set<string>();
  for (const file of files) {
    const template = await readFile(path.join(templates, file), 'utf8');
    const missing = [...template.matchAll(PLACEHOLDER)].flatMap(([, name = '']) =>
      name in values ? [] : [name],
    );
    if (missing.length > 0 && OPTIONAL.has(file)) continue;
    if (missing.length > 0) throw new Error(`${file} asks for ${missing.join(', ')}`);
    const text = template.replace(PLACEHOLDER, (_, name: string) => {
      asked.add(name);
      return values[name] ?? '';
    });
    await writeFile(path.join(configDir, file), text);
  }
  const unknown = Object.keys(values).filter((name) => !asked.has(name));
  if (unknown.length > 0) throw new Error(`no template asks for ${unknown.join(', ')}`);
}

/** What nginx.conf includes where it is there. */
const OPTIONAL = new Set(['storage.conf']);
