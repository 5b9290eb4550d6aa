import { asText, type Found } from './templates.js';

/** Variables of a function; what AWS fills in stands as `<…>`. */
export function variablesOf({ Properties }: Found): Record<string, string> {
  const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
  return Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, asText(value)]));
}

/** The same as a process could read it: names in place of hosts and ids, a number in place of a port. */
export function filledIn(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, fillIn(value)]));
}

/** @see filledIn */
export function fillIn(text: string): string {
  return text
    .replace(/<[^<>]*Port[^<>]*>/g, '5432')
    .replace(/<([^<>]+)>/g, (_, name: string) => name.replace(/\W/g, '-'));
}
