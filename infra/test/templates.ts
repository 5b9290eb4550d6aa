import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
  DeletionPolicy?: string;
  UpdatePolicy?: Record<string, unknown>;
}

/** The templates of an application by the names of their stacks. */
export type Templates = Record<string, { Resources: Record<string, Resource> }>;

const SUFFIX = '.template.json';

export function readTemplates(outdir: string): Templates {
  const names = readdirSync(outdir).filter((name) => name.endsWith(SUFFIX));
  return Object.fromEntries(
    names.map((name) => [
      name.slice(0, -SUFFIX.length),
      JSON.parse(readFileSync(join(outdir, name), 'utf8')) as Templates[string],
    ]),
  );
}

/** A resource, and where it stands. */
export type Found = Resource & { stack: string; id: string };

/** All resources of a type, over all stacks. */
export function findAll(templates: Templates, type: string): Found[] {
  return Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, resource]) => ({ ...resource, stack, id })),
  );
}

/** The only resource of a type whose text holds `part`. @throws Error where there is none, or another */
export function findOne(templates: Templates, type: string, part = ''): Found {
  const found = findAll(templates, type).filter((resource) => JSON.stringify(resource).includes(part));
  const [first] = found;
  if (!first || found.length > 1) throw new Error(`${found.length} of ${type} with "${part}"`);
  return first;
}

/** What a value would read like as a text, with the names of resources in place of what is known only later. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(asText).join('');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const [[name, argument] = ['', undefined]] = Object.entries(value);
  if (name === 'Fn::Join') return (argument as [string, unknown[]])[1].map(asText).join('');
  if (name === 'Ref') return `<${String(argument)}>`;
  if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (name === 'Fn::ImportValue') return `<${String(argument)}>`;
  if (name === 'Fn::Base64') return asText(argument);
  return JSON.stringify(value);
}
